import assert from "node:assert/strict";
import { test } from "node:test";

import { persist, Refusal } from "../../static/js/refusal.js";

const never = new AbortController().signal;

test("what passes is tried until there is a result", async () => {
  const codes = ["busy", "late", "dropped", "rate_limited", "lost"];
  const states = [];
  const left = [...codes];
  const attempt = async () => {
    const code = left.shift();
    if (code) throw new Refusal(code);
    return "result";
  };
  const result = await persist(attempt, never, (refusal) => states.push(refusal.state));
  assert.equal(result, "result");
  // What the reader cannot change, or is told anyway, is not said.
  assert.deepEqual(states, ["starting", "stalled", "stalled", null, null]);
});

test("what does not pass ends it at once", async () => {
  for (const error of [new Refusal("too_large", "too large"), new Error("the encoder's own")]) {
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
      throw error;
    };
    await assert.rejects(persist(attempt, never, () => assert.fail("it passes")), error);
    assert.equal(attempts, 1);
  }
});

test("once cancelled, nothing is tried", async () => {
  const attempt = () => assert.fail("cancelled");
  assert.equal(await persist(attempt, AbortSignal.abort(), attempt), null);
});

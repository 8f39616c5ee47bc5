import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../static/js/refusal.js";
import { analyse, sampleAt } from "../../static/js/video-file.js";

/** As much of a video element as is looked at: it seeks at once. */
class FakeVideo extends EventTarget {
  duration = 0.6;
  #at = 0;
  get currentTime() {
    return this.#at;
  }
  set currentTime(seconds) {
    this.#at = seconds;
    queueMicrotask(() => this.dispatchEvent(new Event("seeked")));
  }
}

test("the last sample at or before a time", () => {
  const samples = [0, 200, 400].map((ms) => ({ ms }));
  const found = [-1, 0, 199, 200, 399, 400, 9999].map((ms) => sampleAt(samples, ms));
  assert.deepEqual(found, [-1, 0, 0, 1, 1, 2, 2]);
  assert.equal(sampleAt([], 5), -1);
});

test("a frame that was dropped is sent again, so that every one has its result", async () => {
  const asked = [];
  const shares = [];
  const refused = [];
  const samples = await analyse(new FakeVideo(), {
    stepMs: 200,
    ask: async (ms) => {
      asked.push(ms);
      if (ms === 200 && asked.length < 4) throw new Refusal("dropped");
      return { faces: [], ms };
    },
    onSample: (_, share) => shares.push(share),
    onRefusal: ({ code }) => refused.push(code),
    signal: new AbortController().signal,
  });
  assert.deepEqual(asked, [0, 200, 200, 200, 400]);
  assert.deepEqual(samples.map(({ ms, result }) => [ms, result.ms]), [[0, 0], [200, 200], [400, 400]]);
  assert.equal(shares.at(-1), 1);
  assert.deepEqual(refused, ["dropped", "dropped"]);
});

test("once cancelled, nothing more is asked", async () => {
  const cancel = new AbortController();
  const asked = [];
  const samples = await analyse(new FakeVideo(), {
    stepMs: 200,
    ask: async (ms) => {
      asked.push(ms);
      cancel.abort();
      throw new Refusal("dropped");
    },
    onSample: () => assert.fail("cancelled"),
    onRefusal: () => assert.fail("cancelled"),
    signal: cancel.signal,
  });
  assert.deepEqual([asked, samples], [[0], []]);
});

test("where a video breaks off, what was seen until there stays", async () => {
  class Broken extends FakeVideo {
    get currentTime() {
      return super.currentTime;
    }
    set currentTime(seconds) {
      if (seconds < this.breaksAt) super.currentTime = seconds;
      else queueMicrotask(() => this.dispatchEvent(new Event("error")));
    }
  }
  const look = (breaksAt) =>
    analyse(Object.assign(new Broken(), { breaksAt }), {
      stepMs: 200,
      ask: async () => ({ faces: [] }),
      onSample: () => {},
      onRefusal: () => {},
      signal: new AbortController().signal,
    });
  assert.deepEqual((await look(0.4)).map(({ ms }) => ms), [0, 200]);
  await assert.rejects(look(0));
});

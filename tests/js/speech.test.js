import assert from "node:assert/strict";
import { test } from "node:test";

import { SPEAK_EVERY_MS, Speech } from "../../static/js/speech.js";

/** What is said, and when, of what is true at each time. */
function said(speech, truth, fromMs, toMs, stepMs = 50) {
  const heard = [];
  for (let now = fromMs; now < toMs; now += stepMs) {
    const text = truth(now);
    if (speech.take(text, now)) heard.push([now, text]);
  }
  return heard;
}

test("the first words come at once, the same words once", () => {
  assert.deepEqual(said(new Speech(), () => "Happy", 0, 60_000), [[0, "Happy"]]);
});

test("whatever changes, nothing is said within three seconds of the last words", () => {
  const heard = said(new Speech(), (now) => (now % 100 ? "Happy" : "Sad"), 0, 60_000);
  assert.equal(SPEAK_EVERY_MS, 3000);
  assert.ok(heard.length >= 19, String(heard.length));
  for (let i = 1; i < heard.length; i++) assert.ok(heard[i][0] - heard[i - 1][0] >= 3000);
});

test("a change that came too soon is said when its time has come, if it lasts", () => {
  const lasting = (now) => (now < 500 ? "Happy" : "Sad");
  assert.deepEqual(said(new Speech(), lasting, 0, 60_000), [[0, "Happy"], [3000, "Sad"]]);
  const passing = (now) => (now < 500 || now > 2000 ? "Happy" : "Sad");
  assert.deepEqual(said(new Speech(), passing, 0, 60_000), [[0, "Happy"]]);
});

test("once cleared, the same words are news again, at the same rate", () => {
  const speech = new Speech();
  assert.ok(speech.take("Happy", 0));
  speech.clear();
  assert.ok(!speech.take("Happy", 1000));
  assert.ok(speech.take("Happy", 3000));
});

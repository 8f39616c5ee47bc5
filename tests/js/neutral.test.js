import assert from "node:assert/strict";
import { test } from "node:test";

import { correct, corrected, findMe, measure } from "../../static/js/neutral.js";

const RESTING = { Anger: 0.3, Disgust: 0.02, Fear: 0.05, Happy: 0.03, Neutral: 0.2, Sad: 0.35, Surprise: 0.05 };
const sum = (p) => Object.values(p).reduce((a, b) => a + b, 0);

test("a resting face that reads as sad reads as neutral", () => {
  const offsets = measure([RESTING, RESTING]);
  const seen = correct(RESTING, offsets);
  assert.ok(seen.Neutral > 0.6);
  assert.ok(Math.abs(sum(seen) - 1) < 1e-9);
});

test("a clear expression still shows", () => {
  const offsets = measure([RESTING]);
  const happy = { Anger: 0.01, Disgust: 0.01, Fear: 0.01, Happy: 0.93, Neutral: 0.02, Sad: 0.01, Surprise: 0.01 };
  const face = corrected({ track: 0, probabilities: happy, label: "Happy", confidence: 0.93 }, offsets, 0.5);
  assert.equal(face.label, "Happy");
  assert.equal(face.confidence, face.probabilities.Happy);
  assert.equal(face.confident, true);
});

test("offsets are bounded, zeros survive, no offsets change nothing", () => {
  const zero = { ...RESTING, Anger: 0 };
  const offsets = measure([zero]);
  for (const value of Object.values(offsets)) assert.ok(Math.abs(value) <= 3);
  assert.ok(Number.isFinite(sum(correct(zero, offsets))));
  const face = { track: 0, probabilities: RESTING };
  assert.equal(corrected(face, null, 0.5), face);
});

test("the correction stays with the face it began with, then goes to the largest", () => {
  const faces = (...tracks) => tracks.map((track) => ({ track }));
  assert.equal(findMe(-1, faces(3, 1), []), 3);
  assert.equal(findMe(1, faces(3, 1), faces(3, 1)), 1);
  assert.equal(findMe(1, faces(3), faces(3, 1)), 1); // lost for a moment
  assert.equal(findMe(1, faces(3), faces(3)), 3);
  assert.equal(findMe(1, [], []), 1);
});

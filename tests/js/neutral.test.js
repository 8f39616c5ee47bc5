import assert from "node:assert/strict";
import { test } from "node:test";

import { correct, corrected, GONE_MS, measure, Wearer } from "../../static/js/neutral.js";

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

const faces = (...tracks) => tracks.map((track) => ({ track }));

test("the correction is for the chosen face only, whoever else is in view and however large", () => {
  const wearer = new Wearer();
  assert.equal(wearer.take(faces(0, 1), 0), -1);
  assert.equal(wearer.track, -1); // for nobody until somebody is chosen
  wearer.begin(1, 0);
  for (let now = 0; now <= 60_000; now += 100) assert.equal(wearer.take(faces(0, 1, 2), now), -1);
  assert.equal(wearer.track, 1);
});

test("a face lost for a moment keeps the correction", () => {
  const wearer = new Wearer();
  wearer.begin(1, 0);
  for (let now = 0; now <= GONE_MS; now += 100) assert.equal(wearer.take(faces(0), now), -1);
  assert.equal(wearer.take(faces(0, 1), GONE_MS + 100), -1); // back before it was taken for gone
  assert.equal(wearer.take(faces(0), 2 * GONE_MS), -1);
  assert.equal(wearer.track, 1);
});

test("once the face is gone nobody is corrected, not even who is left or returns", () => {
  const wearer = new Wearer();
  wearer.begin(1, 0);
  assert.equal(wearer.take(faces(0), GONE_MS + 1), 1);
  for (const seen of [faces(0), faces(2), faces(0, 1)]) {
    assert.equal(wearer.take(seen, GONE_MS + 200), -1); // said once
    assert.equal(wearer.track, -1);
  }
  wearer.begin(2, 9000);
  assert.equal(wearer.take(faces(2), 9100), -1);
  assert.equal(wearer.track, 2);
  wearer.end();
  assert.equal(wearer.take(faces(), 99_000), -1);
});

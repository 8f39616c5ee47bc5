import assert from "node:assert/strict";
import { test } from "node:test";

import { FORGET_MS, Steadier, TIME_CONSTANT_MS } from "../../static/js/steady.js";

const face = (probabilities, extra = {}) => ({
  track: 0,
  box: [0, 0, 100, 100],
  label: Object.keys(probabilities).reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a)),
  confidence: Math.max(...Object.values(probabilities)),
  confident: true,
  probabilities,
  ...extra,
});
const HAPPY = { Happy: 0.9, Sad: 0.1 };
const SAD = { Happy: 0.1, Sad: 0.9 };

test("probabilities follow with a time constant, whatever the frame rate", () => {
  for (const stepMs of [10, 35, 70]) {
    const steadier = new Steadier();
    steadier.update([face(HAPPY)], 0);
    for (let t = stepMs; t <= TIME_CONSTANT_MS; t += stepMs) steadier.update([face(SAD)], t);
    const [shown] = steadier.at(TIME_CONSTANT_MS);
    const expected = 0.1 + 0.8 * Math.exp(-1);
    assert.ok(Math.abs(shown.probabilities.Happy - expected) < 0.01, String(stepMs));
    assert.ok(Math.abs(shown.probabilities.Happy + shown.probabilities.Sad - 1) < 1e-9);
  }
});

test("one odd frame does not change the label, a lasting change does", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY)], 0);
  for (let t = 50; t <= 500; t += 50) steadier.update([face(HAPPY)], t);
  steadier.update([face(SAD)], 550);
  assert.equal(steadier.at(550)[0].label, "Happy");
  for (let t = 600; t <= 1600; t += 50) steadier.update([face(SAD)], t);
  assert.equal(steadier.at(1600)[0].label, "Sad");
});

test("two labels that are nearly even do not flicker", () => {
  const steadier = new Steadier();
  const labels = new Set();
  for (let i = 0; i < 100; i++) {
    const p = 0.5 + (i % 2 ? 0.06 : -0.06);
    steadier.update([face({ Happy: p, Sad: 1 - p })], i * 50);
    labels.add(steadier.at(i * 50)[0].label);
  }
  assert.equal(labels.size, 1);
});

test("the raw values stay as they came", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY)], 0);
  steadier.update([face(SAD)], 50);
  const [shown] = steadier.at(50);
  assert.deepEqual(shown.raw.probabilities, SAD);
  assert.equal(shown.raw.label, "Sad");
});

test("boxes glide and arrive", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY)], 0);
  steadier.update([face(HAPPY, { box: [50, 0, 100, 100] })], 10);
  const [halfway] = steadier.at(40).map((f) => f.box[0]);
  assert.ok(halfway > 5 && halfway < 45);
  assert.ok(Math.abs(steadier.at(500)[0].box[0] - 50) < 0.5);
});

test("boxes jump where less motion is wanted, from the moment it is", () => {
  let glides = false;
  const steadier = new Steadier(() => glides);
  const moved = (x, now) => {
    steadier.update([face(HAPPY, { box: [x, 0, 100, 100] })], now);
    return steadier.at(now + 1)[0].box[0];
  };
  moved(0, 0);
  assert.equal(moved(50, 10), 50);
  glides = true;
  assert.ok(moved(0, 20) > 40);
});

test("a face without results is forgotten, without a ghost", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY), face(SAD, { track: 1 })], 0);
  steadier.update([face(HAPPY)], FORGET_MS);
  assert.equal(steadier.at(FORGET_MS + 1).length, 1);
  steadier.update([face(HAPPY)], FORGET_MS + 50);
  assert.equal(steadier.faces.size, 1);
});

test("unsure comes and goes with hysteresis", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY)], 0);
  let changes = 0;
  let last = true;
  for (let i = 1; i < 100; i++) {
    steadier.update([face(HAPPY, { confident: i % 2 === 0 })], i * 50);
    const [{ confident }] = steadier.at(i * 50);
    if (confident !== last) changes += 1;
    last = confident;
  }
  assert.ok(changes <= 1);
  for (let i = 100; i < 130; i++) steadier.update([face(HAPPY, { confident: false })], i * 50);
  assert.equal(steadier.at(130 * 50)[0].confident, false);
});

test("boxes come along when frames change their size", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY, { box: [40, 80, 100, 120] })], 0);
  steadier.scale(0.5);
  assert.deepEqual(steadier.at(0)[0].box, [20, 40, 50, 60]);
});

test("what was known of the faces is gone on from as if nothing lay between", () => {
  const steadier = new Steadier();
  steadier.update([face(HAPPY)], 0);
  steadier.update([face(SAD, { box: [40, 0, 100, 100] })], 100);
  const [steadied] = steadier.at(100);
  const known = steadier.snapshot();
  for (let t = 200; t <= 1600; t += 100) steadier.update([face(SAD)], t);
  steadier.restore(known);
  steadier.update([face(SAD, { box: [40, 0, 100, 100] })], 100);
  const [shown] = steadier.at(100);
  assert.equal(shown.label, "Happy");
  assert.deepEqual(shown.probabilities, steadied.probabilities);
  assert.deepEqual(shown.box, [40, 0, 100, 100]);
  assert.equal(known.length, 1);
});

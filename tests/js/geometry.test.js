import assert from "node:assert/strict";
import { test } from "node:test";

import { atTop, beside, fitWithin, toView } from "../../static/js/geometry.js";

const FRAME = { width: 640, height: 480 };
const VIEW = { width: 1280, height: 960 };

test("a box is scaled to the view", () => {
  const box = toView([10, 20, 30, 40], FRAME, VIEW, false);
  assert.deepEqual(box, { x: 20, y: 40, width: 60, height: 80 });
});

test("a mirrored box keeps its size and changes sides", () => {
  const box = toView([10, 20, 30, 40], FRAME, VIEW, true);
  assert.deepEqual(box, { x: 1200, y: 40, width: 60, height: 80 });
});

test("a large picture is fitted, a small one is left alone", () => {
  assert.deepEqual(fitWithin(1280, 720, 640), { width: 640, height: 360 });
  assert.deepEqual(fitWithin(320, 240, 640), { width: 320, height: 240 });
  assert.deepEqual(fitWithin(4000, 1, 640), { width: 640, height: 1 });
});

test("bars stand beside a face, on the side with room, and cover nobody", () => {
  const view = { width: 400, height: 300 };
  const size = { width: 100, height: 80 };
  const face = (x) => ({ x, y: 50, width: 60, height: 80 });
  assert.equal(beside(face(20), size, view, [face(20)])?.x, 86);
  assert.equal(beside(face(330), size, view, [face(330)])?.x, 224);
  const [left, right] = [face(150), face(240)];
  assert.equal(beside(left, size, view, [left, right])?.x, 44);
  assert.equal(beside(left, size, { width: 220, height: 300 }, [left, face(50)]), null);
  assert.equal(beside({ ...face(20), y: 280 }, size, view, [])?.y, 216);
});

test("a label stands above its face, inside the picture, and below where another is above", () => {
  const view = { width: 400, height: 300 };
  const size = { width: 100, height: 20 };
  const box = { x: 50, y: 100, width: 60, height: 80 };
  const first = atTop(box, size, view, []);
  assert.deepEqual([first.x, first.y], [50, 76]);
  assert.equal(atTop({ ...box, x: 100 }, size, view, [first]).y, 184);
  assert.equal(atTop({ ...box, x: 150 }, size, view, [first]).y, 76);
  for (const y of [-10, 0, 10, 23]) assert.ok(atTop({ ...box, y }, size, view, []).y < 12);
  assert.equal(atTop({ ...box, x: 380 }, size, view, []).x, 298);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitWithin, toView } from "../../static/js/geometry.js";

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

import assert from "node:assert/strict";
import { test } from "node:test";

import { atTop, beside, faceAt, fitWithin, toView } from "../../static/js/geometry.js";

const FRAME = { width: 640, height: 480 };
const VIEW = { width: 1280, height: 960 };
const ALONE = { labels: [], faces: [], wasBelow: false };

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
  const first = atTop(box, size, view, ALONE);
  assert.deepEqual([first.x, first.y], [50, 76]);
  assert.equal(atTop({ ...box, x: 100 }, size, view, { ...ALONE, labels: [first] }).y, 184);
  assert.equal(atTop({ ...box, x: 150 }, size, view, { ...ALONE, labels: [first] }).y, 76);
  for (const y of [-10, 0, 10, 23]) assert.ok(atTop({ ...box, y }, size, view, ALONE).y < 12);
  assert.equal(atTop({ ...box, x: 380 }, size, view, ALONE).x, 298);
});

test("a label goes below rather than over another face, but rather over it than over a label", () => {
  const view = { width: 400, height: 300 };
  const size = { width: 60, height: 20 };
  const box = { x: 50, y: 100, width: 60, height: 80 };
  const behind = { x: 80, y: 20, width: 60, height: 110 };
  assert.equal(atTop(box, size, view, { ...ALONE, faces: [behind] }).y, 184);
  const under = { x: 50, y: 140, width: 60, height: 150 };
  assert.equal(atTop(box, size, view, { ...ALONE, faces: [behind], labels: [under] }).y, 76);
});

test("a label that went below stays there until there is room to spare above", () => {
  const view = { width: 400, height: 300 };
  const size = { width: 60, height: 20 };
  const box = { x: 50, y: 100, width: 60, height: 80 };
  const other = (bottom) => ({ x: 50, y: bottom - 20, width: 60, height: 20 });
  const y = (bottom, wasBelow) =>
    atTop(box, size, view, { labels: [other(bottom)], faces: [], wasBelow }).y;
  assert.deepEqual([y(77, false), y(75, false)], [184, 76]);
  assert.deepEqual([y(75, true), y(67, true)], [184, 76]);
});

test("labels of faces close together never cover one another while there is room", () => {
  const view = { width: 356, height: 267 }; // a phone's
  const size = { width: 150, height: 20 };
  for (const across of [1, 2, 5]) {
    const labels = [];
    for (let i = 0; i < 10; i++) {
      const box = { x: 8 + (i % across) * 70, y: 20 + 110 * Math.floor(i / 5), width: 55, height: 75 };
      labels.push(atTop(box, size, view, { ...ALONE, labels }));
    }
    labels.forEach((a, i) => {
      assert.ok(a.x >= 2 && a.x + a.width <= view.width - 2);
      assert.ok(a.y >= 2 && a.y + a.height <= view.height - 2);
      for (const b of labels.slice(0, i)) {
        const clear = Math.abs(a.y - b.y) >= 20 || Math.abs(a.x - b.x) >= 150;
        assert.ok(clear, `${across} across: ${JSON.stringify([a, b])}`);
      }
    });
  }
});

test("where there is no room left a label stands above its face all the same", () => {
  const view = { width: 120, height: 40 };
  const size = { width: 100, height: 20 };
  const box = { x: 5, y: 30, width: 20, height: 8 };
  assert.equal(atTop(box, size, view, { ...ALONE, labels: [{ x: 0, y: 0, width: 120, height: 40 }] }).y, 6);
});

test("a face is found again by its place", () => {
  const faces = [[100, 100, 50, 60], [140, 100, 50, 60], [400, 100, 50, 60]].map((box) => ({ box }));
  assert.equal(faceAt([135, 104, 48, 62], faces), faces[1]);
  assert.equal(faceAt([108, 96, 48, 62], faces), faces[0]);
  assert.equal(faceAt([250, 100, 50, 60], faces), undefined);
  assert.equal(faceAt([100, 100, 50, 60], []), undefined);
});

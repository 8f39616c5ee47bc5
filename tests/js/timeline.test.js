import assert from "node:assert/strict";
import { test } from "node:test";

import { shownAt, Timeline } from "../../static/js/timeline.js";

const minutes = (count) => Array.from({ length: 60 * count + 1 }, (_, i) => 1000 * i);

test("the two minutes up to now are shown, and nothing that comes later", () => {
  assert.deepEqual(shownAt(minutes(5), 200_000), [80, 201]);
  assert.deepEqual(shownAt(minutes(5), 300_000), [180, 301]);
  assert.deepEqual(shownAt(minutes(5), 400), [0, 1]);
  assert.deepEqual(shownAt(minutes(5), -1), [0, 0]);
});

test("long after the last point there is none", () => {
  assert.deepEqual(shownAt(minutes(1), 300_000), [61, 61]);
  assert.deepEqual(shownAt([], 5), [0, 0]);
});

test("a camera's points go after two minutes, a video's stay", () => {
  const timeline = new Timeline(/** @type {any} */ ({}));
  timeline.labels = ["Happy"];
  for (const [whole, first] of [[false, 180_000], [true, 0]]) {
    timeline.clear();
    timeline.whole = whole;
    for (const now of minutes(5)) timeline.add([{ track: 0, probabilities: { Happy: 1 } }], now);
    const { times, values } = timeline.tracks.get(0);
    assert.equal(times[0], first);
    assert.equal(values.get("Happy").length, times.length);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { shownAt, spanAt, Timeline } from "../../static/js/timeline.js";

const minutes = (count) => Array.from({ length: 60 * count + 1 }, (_, i) => 1000 * i);

test("a camera's last two minutes are spanned", () => {
  assert.deepEqual(spanAt(300_000, null), [180_000, 300_000]);
  assert.deepEqual(spanAt(5_000, null), [-115_000, 5_000]);
});

test("a short video is spanned whole, a long one in two minutes from its start", () => {
  assert.deepEqual(spanAt(0, 8_000), [0, 8_000]);
  assert.deepEqual(spanAt(8_000, 8_000), [0, 8_000]);
  assert.deepEqual(spanAt(30_000, 300_000), [0, 120_000]);
  assert.deepEqual(spanAt(200_000, 300_000), [80_000, 200_000]);
});

test("nothing is shown that comes before the span or after now", () => {
  assert.deepEqual(shownAt(minutes(5), 80_000, 200_000), [80, 201]);
  assert.deepEqual(shownAt(minutes(5), 0, 400), [0, 1]);
  assert.deepEqual(shownAt(minutes(5), -120_000, -1), [0, 0]);
  assert.deepEqual(shownAt(minutes(1), 180_000, 300_000), [61, 61]);
  assert.deepEqual(shownAt([], 0, 5), [0, 0]);
});

test("a camera's points go after two minutes, a video's stay", () => {
  const timeline = new Timeline(/** @type {any} */ ({}));
  timeline.labels = ["Happy"];
  for (const [durationMs, first] of [[null, 180_000], [300_000, 0]]) {
    timeline.clear();
    timeline.durationMs = durationMs;
    for (const now of minutes(5)) timeline.add([{ track: 0, probabilities: { Happy: 1 } }], now);
    const { times, values } = timeline.tracks.get(0);
    assert.equal(times[0], first);
    assert.equal(values.get("Happy").length, times.length);
  }
});

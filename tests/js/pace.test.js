import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS, Pace } from "../../static/js/pace.js";

/** Results every 100 ms for `ms`, their times given by the level; returns the levels seen. */
function run(pace, fromMs, ms, times) {
  const seen = [];
  for (let now = fromMs; now < fromMs + ms; now += 100) {
    pace.take(...times(pace.options), now);
    seen.push(pace.level);
  }
  return seen;
}

test("a quick network gets the finest frames", () => {
  const pace = new Pace();
  run(pace, 0, 20_000, () => [10, 60]);
  assert.equal(pace.level, 0);
});

test("a slow network gets smaller frames, one step at a time", () => {
  const pace = new Pace();
  const seen = run(pace, 0, 20_000, () => [500, 60]);
  assert.equal(seen.at(-1), LEVELS.length - 1);
  assert.ok(seen.every((level, i) => i === 0 || level - seen[i - 1] <= 1));
});

test("a slow server does too", () => {
  const pace = new Pace();
  run(pace, 0, 20_000, () => [5, 900]);
  assert.equal(pace.level, LEVELS.length - 1);
});

test("it comes back when the network does", () => {
  const pace = new Pace();
  run(pace, 0, 10_000, () => [500, 60]);
  run(pace, 10_000, 60_000, () => [10, 60]);
  assert.equal(pace.level, 0);
});

test("where only small frames are quick it settles, and tries less and less often", () => {
  const pace = new Pace();
  // The time is in proportion to the pixels: 200 ms for the finest, 50 for the coarsest.
  const seen = run(pace, 0, 300_000, ({ scale }) => [200 * scale * scale - 10, 60]);
  const changes = (/** @type {number[]} */ part) =>
    part.filter((level, i) => i > 0 && level !== part[i - 1]).length;
  assert.ok(seen.at(-1) > 0);
  assert.ok(changes(seen.slice(-1000)) < changes(seen.slice(0, 1000)));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { Throttle } from "../../static/js/throttle.js";

/** How many frames go out within a second of a camera's 30. */
function framesOf(throttle) {
  let frames = 0;
  for (let now = 0; now < 1000; now += 1000 / 30) {
    if (!throttle.allows(now)) continue;
    throttle.take(now);
    frames += 1;
  }
  return frames;
}

test("every frame goes until the server has said its limit", () => {
  assert.equal(framesOf(new Throttle()), 30);
});

test("no more frames go than the server allows", () => {
  const throttle = new Throttle();
  throttle.intervalMs = 1000 / 5;
  const frames = framesOf(throttle);
  assert.ok(frames > 3 && frames <= 5, String(frames));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { clock } from "../../static/js/clock.js";

test("minutes and seconds, rounded before they are split", () => {
  assert.deepEqual([0, 4.6, 59.6, 65, 3600, -1].map((s) => clock(s)), ["0:00", "0:05", "1:00", "1:05", "60:00", "0:00"]);
});

test("with digits of a second where asked for", () => {
  assert.deepEqual([0, 1.2, 59.999, 125.04].map((s) => clock(s, 2)), ["0:00.00", "0:01.20", "1:00.00", "2:05.04"]);
});

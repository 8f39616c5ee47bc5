import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleAt } from "../../static/js/video-file.js";

test("the last sample at or before a time", () => {
  const samples = [0, 200, 400].map((ms) => ({ ms }));
  const found = [-1, 0, 199, 200, 399, 400, 9999].map((ms) => sampleAt(samples, ms));
  assert.deepEqual(found, [-1, 0, 0, 1, 1, 2, 2]);
  assert.equal(sampleAt([], 5), -1);
});

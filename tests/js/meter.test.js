import assert from "node:assert/strict";
import { test } from "node:test";

import { Meter } from "../../static/js/meter.js";

test("rate and quantiles of the last seconds", () => {
  const meter = new Meter();
  assert.equal(meter.quantile(0.5), null);
  for (let i = 0; i <= 100; i++) meter.add(i, i * 100);
  assert.equal(meter.samples.length, 51); // five seconds at ten a second
  assert.ok(Math.abs(meter.rate(10_000) - 10) < 0.01);
  assert.equal(meter.quantile(0.5), 75);
  assert.equal(meter.quantile(1), 100);
});

test("a silence lowers the rate", () => {
  const meter = new Meter();
  for (let i = 0; i < 10; i++) meter.add(1, i * 100);
  assert.equal(meter.rate(60_000), 0);
});

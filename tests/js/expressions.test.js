import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { COLOURS } from "../../static/js/expressions.js";
import { contrast, difference, lab, VISIONS } from "./colour.js";

const css = readFileSync(new URL("../../static/css/moodlight.css", import.meta.url), "utf8");
/** As far apart as two thin lines must be to be told from each other: several times what is just seen. */
const TOLD_APART = 12;

const declared = (selector, property) =>
  new RegExp(`\\${selector} \\{[^}]*[ ;]${property}: (#[0-9a-f]{6})`).exec(css)?.[1];

test("the difference of colours is that of the published examples", () => {
  // Pairs of table 1 of Sharma, Wu and Dalal.
  for (const [one, other, published] of [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1.0],
    [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
    [[50, -0.001, 2.49], [50, 0.0011, -2.49], 4.7461],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[50, 2.5, 0], [58, 24, 15], 19.4535],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ]) {
    assert.ok(Math.abs(difference(one, other) - published) < 1e-4, `${one} ${other}`);
  }
});

for (const vision of Object.keys(VISIONS)) {
  test(`any two expressions' colours are told apart by ${vision} vision`, () => {
    const seen = Object.entries(COLOURS).map(([label, colour]) => ({ label, lab: lab(colour, vision) }));
    seen.forEach((one, i) => {
      for (const other of seen.slice(i + 1)) {
        const apart = difference(one.lab, other.lab);
        assert.ok(apart >= TOLD_APART, `${one.label}, ${other.label}: ${apart}`);
      }
    });
  });
}

test("the timeline's lines stand out from their ground, which is one in both themes", () => {
  const ground = declared(".timeline", "background");
  for (const [label, colour] of Object.entries(COLOURS)) {
    assert.ok(contrast(colour, ground) >= 3, `${label}: ${contrast(colour, ground)}`);
  }
});

test("the letters on a strip can be read on each colour, and where it is hatched", () => {
  const ink = declared(".stack span", "color");
  const hatch = /--unsure: .*?(#\w{6}) .*?(#\w{6}) /.exec(css).slice(1);
  for (const [label, colour] of [...Object.entries(COLOURS), ...Object.entries(hatch)]) {
    assert.ok(contrast(colour, ink) >= 4.5, `${label}: ${contrast(colour, ink)}`);
  }
});

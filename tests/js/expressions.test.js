import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { COLOURS } from "../../static/js/expressions.js";

const css = readFileSync(new URL("../../static/css/moodlight.css", import.meta.url), "utf8");

/** WCAG 2's relative luminance. */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const declared = (selector, property) =>
  new RegExp(`\\${selector} \\{[^}]*[ ;]${property}: (#[0-9a-f]{6})`).exec(css)?.[1];

test("the timeline's lines stand out from their ground, which is one in both themes", () => {
  const ground = declared(".timeline", "background");
  for (const [label, colour] of Object.entries(COLOURS)) {
    assert.ok(contrast(colour, ground) >= 3, `${label}: ${contrast(colour, ground)}`);
  }
});

test("the letters on a strip can be read on each colour", () => {
  const ink = declared(".strip-line span", "color");
  for (const [label, colour] of Object.entries(COLOURS)) {
    assert.ok(contrast(colour, ink) >= 4.5, `${label}: ${contrast(colour, ink)}`);
  }
});

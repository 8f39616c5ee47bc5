// @ts-check
/**
 * The seven expressions' colours. Any two differ by 15 in CIEDE2000 at least, also for readers with
 * protanopia, deuteranopia or tritanopia (tests/js/expressions.test.js).
 */

/** @type {Readonly<Record<string, string>>} */
export const COLOURS = Object.freeze({
  Anger: "#dc5f2a",
  Disgust: "#349473",
  Fear: "#aa6f9b",
  Happy: "#f0c544",
  Neutral: "#b2b3b4",
  Sad: "#868ff2",
  Surprise: "#8cd6f5",
});

/** Label of the times in which the page was unsure, in sessions. */
export const UNSURE = "Unsure";

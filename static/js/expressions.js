// @ts-check
/** The seven expressions' colours: Okabe and Ito's palette, told apart by colour-blind readers. */

/** @type {Readonly<Record<string, string>>} */
export const COLOURS = Object.freeze({
  Anger: "#d55e00",
  Disgust: "#009e73",
  Fear: "#cc79a7",
  Happy: "#f0c000",
  Neutral: "#a3a9b0",
  Sad: "#3d8fd1",
  Surprise: "#56c8e9",
});

// @ts-check
/**
 * "My neutral face": what a person's resting face reads as is taken off, as an offset of the logits.
 *
 * Kept in this browser only. Raw values stay beside it in every export.
 */

import * as storage from "./storage.js";

const KEY = "neutral";
/** A resting face is made to read as Neutral with this probability. */
const NEUTRAL_SHARE = 0.76;
/** No offset may exceed this, so that a grimace at the wrong moment does no lasting harm. */
const LIMIT = 3;
const FLOOR = 1e-6;

/** @typedef {Record<string, number>} Offsets */

/**
 * Offsets that make the mean of these log-probabilities a neutral face.
 * @param {Record<string, number>[]} samples probabilities of a person who looks neutral, at least one
 * @returns {Offsets}
 */
export function measure(samples) {
  const labels = Object.keys(samples[0]);
  const other = (1 - NEUTRAL_SHARE) / (labels.length - 1);
  /** @type {Offsets} */
  const offsets = {};
  for (const label of labels) {
    const mean =
      samples.reduce((sum, p) => sum + Math.log(Math.max(p[label], FLOOR)), 0) / samples.length;
    const wanted = Math.log(label === "Neutral" ? NEUTRAL_SHARE : other);
    offsets[label] = Math.max(-LIMIT, Math.min(LIMIT, mean - wanted));
  }
  return offsets;
}

/**
 * Probabilities without the resting face's share.
 * @param {Record<string, number>} probabilities
 * @param {Offsets} offsets
 * @returns {Record<string, number>} sum to 1
 */
export function correct(probabilities, offsets) {
  const weights = Object.entries(probabilities).map(
    ([label, p]) => /** @type {[string, number]} */ ([
      label,
      Math.max(p, FLOOR) * Math.exp(-(offsets[label] ?? 0)),
    ]),
  );
  const total = weights.reduce((sum, [, w]) => sum + w, 0);
  return Object.fromEntries(weights.map(([label, w]) => [label, w / total]));
}

/**
 * A face as it is shown with these offsets.
 * @param {import("./transport.js").Face} face
 * @param {Offsets | null} offsets
 * @param {number} sureFrom confidence from which a face is shown as sure
 */
export function corrected(face, offsets, sureFrom) {
  if (!offsets) return face;
  const probabilities = correct(face.probabilities, offsets);
  const [label, confidence] = Object.entries(probabilities).reduce((a, b) => (b[1] > a[1] ? b : a));
  return { ...face, probabilities, label, confidence, confident: confidence >= sureFrom };
}

/** Without a result for this long a face is gone: the server keeps its number a little less long. */
export const GONE_MS = 2000;

/**
 * Whose face the correction is for: the one that the reader chose, by its number. Nobody is
 * identified, so once that face is gone the correction passes to no other by itself.
 */
export class Wearer {
  constructor() {
    /** -1: nobody */
    this.track = -1;
    this.seenAt = 0;
  }

  /** @param {number} track @param {number} now milliseconds, never decreasing */
  begin(track, now) {
    this.track = track;
    this.seenAt = now;
  }

  end() {
    this.track = -1;
  }

  /**
   * Take in a result.
   * @param {{track: number}[]} faces
   * @param {number} now
   * @returns {number} track of the face that is gone as of this result, else -1
   */
  take(faces, now) {
    const { track } = this;
    if (faces.some((face) => face.track === track)) this.seenAt = now;
    if (track < 0 || now - this.seenAt <= GONE_MS) return -1;
    this.end();
    return track;
  }
}

/** @returns {Offsets | null} */
export function load() {
  try {
    return JSON.parse(storage.get(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Offsets | null} offsets null forgets them */
export function store(offsets) {
  storage.set(KEY, offsets && JSON.stringify(offsets));
}

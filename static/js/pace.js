// @ts-check
/**
 * How large and how finely compressed the next frame is, by what network and server allow.
 *
 * The frame rate needs no rule of its own: a frame is sent when one is acknowledged.
 */

import { Meter } from "./meter.js";

/** Finest first; `scale` is of the longest side. */
export const LEVELS = [
  { scale: 1, quality: 0.7 },
  { scale: 1, quality: 0.5 },
  { scale: 0.75, quality: 0.5 },
  { scale: 0.625, quality: 0.45 },
  { scale: 0.5, quality: 0.4 },
];
/** Medians above this are felt as lag: send less. */
const SLOW = { networkMs: 120, serverMs: 400 };
/** Below this there is room for more. */
const QUICK = { networkMs: 45, serverMs: 250 };
const COARSEN_AFTER_MS = 1500;
const REFINE_AFTER_MS = 5000;
const REFINE_AT_MOST_AFTER_MS = 80_000;
const MIN_SAMPLES = 4;

export class Pace {
  constructor() {
    this.level = 0;
    this.refineAfterMs = REFINE_AFTER_MS;
    /** @type {number | null} */
    this.changedAt = null;
    this.refined = false;
    this.network = new Meter();
    this.server = new Meter();
  }

  /** Of `LEVELS`. */
  get options() {
    return LEVELS[this.level];
  }

  /**
   * Take in a result's times.
   * @param {number} networkMs round trip without the server's share
   * @param {number} serverMs from received to sent
   * @param {number} now milliseconds, never decreasing
   */
  take(networkMs, serverMs, now) {
    this.changedAt ??= now;
    this.network.add(networkMs, now);
    this.server.add(serverMs, now);
    if (this.network.samples.length < MIN_SAMPLES) return;
    const since = now - this.changedAt;
    const times = { networkMs: this.network.quantile(0.5), serverMs: this.server.quantile(0.5) };
    if (exceeds(times, SLOW)) {
      if (since < COARSEN_AFTER_MS || this.level === LEVELS.length - 1) return;
      // A finer level that did not last is tried again later and later.
      if (this.refined) {
        this.refineAfterMs = Math.min(2 * this.refineAfterMs, REFINE_AT_MOST_AFTER_MS);
      }
      this.#change(this.level + 1, now);
    } else if (!exceeds(times, QUICK)) {
      if (since < this.refineAfterMs || this.level === 0) return;
      this.#change(this.level - 1, now);
    }
  }

  /** @param {number} level @param {number} now */
  #change(level, now) {
    this.refined = level < this.level;
    this.level = level;
    this.changedAt = now;
    this.network.clear();
    this.server.clear();
  }
}

/**
 * @param {{networkMs: number | null, serverMs: number | null}} times
 * @param {{networkMs: number, serverMs: number}} limits
 */
function exceeds(times, limits) {
  return (times.networkMs ?? 0) > limits.networkMs || (times.serverMs ?? 0) > limits.serverMs;
}

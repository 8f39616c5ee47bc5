// @ts-check

/** Keeps the time between frames that the server allows. */
export class Throttle {
  constructor() {
    this.intervalMs = 0;
    this.sentAt = -Infinity;
  }

  /** Whether a frame may be sent. @param {number} now milliseconds */
  allows(now) {
    return now - this.sentAt >= this.intervalMs;
  }

  /** A frame was sent. @param {number} now milliseconds */
  take(now) {
    this.sentAt = now;
  }
}

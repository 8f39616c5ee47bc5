// @ts-check
/** Rates and medians of the last seconds. */

const SPAN_MS = 5000;

export class Meter {
  constructor() {
    /** @type {{at: number, value: number}[]} */
    this.samples = [];
  }

  /**
   * @param {number} value
   * @param {number} at milliseconds, never decreasing
   */
  add(value, at) {
    this.samples.push({ at, value });
    while (this.samples[0].at < at - SPAN_MS) this.samples.shift();
  }

  /**
   * Samples a second over the span.
   * @param {number} now
   */
  rate(now) {
    const recent = this.samples.filter((sample) => sample.at >= now - SPAN_MS);
    if (recent.length < 2) return 0;
    return ((recent.length - 1) * 1000) / Math.max(1, now - recent[0].at);
  }

  /**
   * Value below which this share of the samples lies.
   * @param {number} share 0..1
   * @returns {number | null}
   */
  quantile(share) {
    if (!this.samples.length) return null;
    const values = this.samples.map((sample) => sample.value).sort((a, b) => a - b);
    return values[Math.min(values.length - 1, Math.floor(share * values.length))];
  }

  clear() {
    this.samples = [];
  }
}

// @ts-check
/** What a screen reader is told, at a polite rate. */

export const SPEAK_EVERY_MS = 3000;

export class Speech {
  constructor() {
    this.text = "";
    this.at = -Infinity;
  }

  /** The next text is news, whatever it is; its time still has to come. */
  clear() {
    this.text = "";
  }

  /**
   * Whether to say this now. What came too soon is not kept: ask again with what is true then.
   * @param {string} text
   * @param {number} now milliseconds, never decreasing
   */
  take(text, now) {
    if (text === this.text || now - this.at < SPEAK_EVERY_MS) return false;
    this.text = text;
    this.at = now;
    return true;
  }
}

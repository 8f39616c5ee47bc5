// @ts-check
/** The reader's resting face on the live page: measuring it, and whose face it corrects. */

import * as neutral from "./neutral.js";
import { texts } from "./texts/index.js";
import * as ui from "./ui.js";

const { dom } = ui;
const MEASURE_MS = 2000;

/** @typedef {import("./transport.js").Face} Face */

export class Resting {
  /** @param {() => number} selected track of the face that is measured */
  constructor(selected) {
    this.offsets = neutral.load();
    this.on = true;
    /** Confidence from which a face is shown as sure. */
    this.sureFrom = 0;
    this.leave();
    dom.neutral.addEventListener("click", () => this.#measure(selected()));
    dom.neutralSwitch.addEventListener("click", () => {
      this.on = !this.on;
      this.#show();
    });
    dom.neutralForget.addEventListener("click", () => {
      this.offsets = null;
      this.on = true;
      neutral.store(null);
      this.#show();
    });
    this.#show();
  }

  /** Nobody is in view any more. */
  leave() {
    /** Track of the face that is corrected: the reader's, as far as we can tell. */
    this.me = -1;
    /** @type {{track: number, samples: Record<string, number>[]} | null} */
    this.measuring = null;
  }

  /**
   * Take in a result's faces as they came.
   * @param {Face[]} faces largest first
   * @param {{track: number}[]} shown faces in view, those lost for a moment too
   */
  take(faces, shown) {
    const me = this.measuring?.track ?? neutral.findMe(this.me, faces, shown);
    if (me !== this.me) {
      this.me = me;
      if (!this.measuring) this.#show();
    }
    const sampled = faces.find((face) => face.track === this.measuring?.track);
    if (sampled) this.measuring?.samples.push(sampled.probabilities);
  }

  /** A face as it is shown. @param {Face} face @returns {Face} */
  correct(face) {
    if (!this.on || face.track !== this.me) return face;
    return neutral.corrected(face, this.offsets, this.sureFrom);
  }

  /** @param {number} track */
  #measure(track) {
    const taking = { track, samples: [] };
    this.measuring = taking;
    dom.neutral.disabled = true;
    dom.neutral.textContent = texts.page.neutralHint;
    setTimeout(() => {
      if (this.measuring === taking && taking.samples.length) {
        this.offsets = neutral.measure(taking.samples);
        neutral.store(this.offsets);
        this.on = true;
      }
      this.measuring = null;
      this.#show();
    }, MEASURE_MS);
  }

  #show() {
    ui.showNeutral(this.offsets !== null, this.on, this.me);
  }
}

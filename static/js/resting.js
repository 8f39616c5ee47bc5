// @ts-check
/** The reader's resting face on the live page: measuring it, and for whom it is switched on. */

import * as neutral from "./neutral.js";
import * as ui from "./ui.js";

const { dom } = ui;
const MEASURE_MS = 2000;

/** @typedef {import("./transport.js").Face} Face */

export class Resting {
  /** @param {() => number} selected track of the selected face; -1 while it is not in view */
  constructor(selected) {
    this.selected = selected;
    this.offsets = neutral.load();
    this.wearer = new neutral.Wearer();
    /** Confidence from which a face is shown as sure. */
    this.sureFrom = 0;
    this.leave();
    dom.neutral.addEventListener("click", () => this.#measure(selected()));
    dom.neutralSwitch.addEventListener("click", () => this.#switch());
    dom.neutralForget.addEventListener("click", () => this.#forget());
  }

  /** Nobody is in view any more; who comes next gets other numbers. */
  leave() {
    this.wearer.end();
    /** Track of the face that is gone with the correction, or -1. */
    this.gone = -1;
    /** @type {{track: number, samples: Record<string, number>[]} | null} */
    this.measuring = null;
    this.#show();
  }

  /**
   * Take in a result's faces as they came.
   * @param {Face[]} faces
   * @param {number} now milliseconds
   */
  take(faces, now) {
    const gone = this.wearer.take(faces, now);
    if (gone >= 0) this.gone = gone;
    const sampled = faces.find((face) => face.track === this.measuring?.track);
    if (sampled) this.measuring?.samples.push(sampled.probabilities);
    this.#show();
  }

  /** A face as it is shown. @param {Face} face @returns {Face} */
  correct(face) {
    if (face.track !== this.wearer.track) return face;
    return neutral.corrected(face, this.offsets, this.sureFrom);
  }

  /** @param {number} track */
  #measure(track) {
    if (this.measuring || track < 0) return;
    const taking = { track, samples: [] };
    this.measuring = taking;
    this.#show();
    setTimeout(() => {
      if (this.measuring !== taking) return;
      this.measuring = null;
      if (taking.samples.length) {
        this.offsets = neutral.measure(taking.samples);
        neutral.store(this.offsets);
        this.wearer.begin(track, performance.now());
      }
      this.#show();
    }, MEASURE_MS);
  }

  /** Off, or on for the face that is selected now. */
  #switch() {
    const selected = this.selected();
    if (this.wearer.track >= 0) this.wearer.end();
    else if (selected >= 0) this.wearer.begin(selected, performance.now());
    else return;
    this.gone = -1;
    this.#show();
  }

  #forget() {
    this.offsets = null;
    neutral.store(null);
    this.gone = -1;
    this.wearer.end();
    this.#show();
  }

  #show() {
    ui.showNeutral({
      known: this.offsets !== null,
      measuring: this.measuring !== null,
      track: this.wearer.track,
      selected: this.selected(),
      gone: this.gone,
    });
  }
}

// @ts-check
/**
 * What is shown of each face between and across results: steadied over time, never by frame count.
 *
 * The server's values stay as they are; only the picture is calmed.
 */

/** @typedef {import("./transport.js").Face} Face */
/**
 * @typedef {object} Shown
 * @property {number} track
 * @property {[number, number, number, number]} box where to draw it now, in pixels of the frame
 * @property {Record<string, number>} probabilities steadied, sum to 1
 * @property {string} label changes only when another one is clearly ahead
 * @property {number} confidence the label's steadied probability
 * @property {boolean} confident
 * @property {Face} raw the newest face as it was taken in
 */

/** Probabilities follow with this time constant. */
export const TIME_CONSTANT_MS = 350;
/** Another label takes over when it leads by this much. */
export const SWITCH_MARGIN = 0.08;
/** A face without a result for this long is no longer shown. */
export const FORGET_MS = 700;
/** Boxes glide to their new place with this time constant. */
const GLIDE_MS = 70;
/** Share of recent confidence above which "unsure" is taken back, and below which it is said. */
const SURE_ABOVE = 0.6;
const UNSURE_BELOW = 0.4;

export class Steadier {
  /** @param {() => boolean} [glides] false: boxes jump, for readers who want less motion */
  constructor(glides = () => true) {
    this.glides = glides;
    /** @type {Map<number, Shown & {target: Shown["box"], seen: number, drawn: number, sureness: number}>} */
    this.faces = new Map();
  }

  clear() {
    this.faces.clear();
  }

  /** What is known of each face, its box where it belongs: to go on from there later. */
  snapshot() {
    return [...this.faces.values()].map((face) => ({ ...face, box: face.target }));
  }

  /** Go on from there. @param {ReturnType<Steadier["snapshot"]>} faces */
  restore(faces) {
    this.faces = new Map(faces.map((face) => [face.track, { ...face }]));
  }

  /** Frames have another size from now on. @param {number} factor */
  scale(factor) {
    if (factor === 1) return;
    const scaled = (/** @type {number[]} */ box) =>
      /** @type {Shown["box"]} */ (box.map((value) => value * factor));
    for (const face of this.faces.values()) {
      face.box = scaled(face.box);
      face.target = scaled(face.target);
    }
  }

  /**
   * Take in a result's faces.
   * @param {Face[]} faces
   * @param {number} now milliseconds, never decreasing
   */
  update(faces, now) {
    for (const face of faces) {
      const old = this.faces.get(face.track);
      this.faces.set(face.track, old ? followed(old, face, now) : begun(face, now));
    }
    for (const [track, face] of this.faces) {
      if (now - face.seen > FORGET_MS) this.faces.delete(track);
    }
  }

  /**
   * Faces as they are to be drawn now.
   * @param {number} now
   * @returns {Shown[]}
   */
  at(now) {
    const shown = [];
    for (const face of this.faces.values()) {
      if (now - face.seen > FORGET_MS) continue;
      const passed = Math.max(0, now - face.drawn);
      const share = this.glides() ? 1 - Math.exp(-passed / GLIDE_MS) : 1;
      face.box = /** @type {Shown["box"]} */ (
        face.box.map((value, i) => value + share * (face.target[i] - value))
      );
      face.drawn = now;
      shown.push(face);
    }
    return shown;
  }
}

/** @param {Face} face @param {number} now */
function begun(face, now) {
  return {
    ...face,
    probabilities: { ...face.probabilities },
    raw: face,
    target: face.box,
    seen: now,
    drawn: now,
    sureness: face.confident ? 1 : 0,
  };
}

/**
 * @param {ReturnType<typeof begun>} old
 * @param {Face} face
 * @param {number} now
 */
function followed(old, face, now) {
  const share = 1 - Math.exp(-Math.max(0, now - old.seen) / TIME_CONSTANT_MS);
  /** @type {Record<string, number>} */
  const probabilities = {};
  for (const [label, p] of Object.entries(face.probabilities)) {
    probabilities[label] = old.probabilities[label] + share * (p - old.probabilities[label]);
  }
  const best = Object.keys(probabilities).reduce((a, b) =>
    probabilities[b] > probabilities[a] ? b : a,
  );
  const leads = probabilities[best] - probabilities[old.label] > SWITCH_MARGIN;
  const label = leads ? best : old.label;
  const sureness = old.sureness + share * ((face.confident ? 1 : 0) - old.sureness);
  return {
    ...old,
    raw: face,
    target: face.box,
    seen: now,
    probabilities,
    label,
    confidence: probabilities[label],
    sureness,
    confident: old.confident ? sureness >= UNSURE_BELOW : sureness > SURE_ABOVE,
  };
}

// @ts-check
/** What is shown of the faces: overlay, bars, timeline, headline, and which face is selected. */

import { Bars } from "./bars.js";
import { toView } from "./geometry.js";
import { Heat } from "./heat.js";
import { drawFaces, Overlay } from "./overlay.js";
import { Speech } from "./speech.js";
import { FORGET_MS, Steadier } from "./steady.js";
import { labelName, texts } from "./texts/index.js";
import { Timeline } from "./timeline.js";
import * as ui from "./ui.js";

/** Asked anew at each drawing: readers change their mind while the page is open. */
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {import("./steady.js").Shown} Shown */
/** @typedef {import("./transport.js").Face} Face */
/** @typedef {import("./transport.js").Result} Result */

export class View {
  /**
   * @param {object} [on]
   * @param {() => void} [on.select] another face was selected by the reader
   * @param {(ms: number) => void} [on.silence] there is no result for a while now; said at each
   *   drawing
   */
  constructor({ select = () => {}, silence = () => {} } = {}) {
    const { dom } = ui;
    this.onSelect = select;
    this.onSilence = silence;
    /** Whether the heat map of the selected face is wanted. */
    this.explaining = false;
    this.overlay = new Overlay(dom.overlay);
    this.heat = new Heat();
    this.bars = new Bars(dom.bars);
    this.timeline = new Timeline(dom.timeline);
    this.steadier = new Steadier(() => !lessMotion.matches);
    this.speech = new Speech();
    this.clear();
    dom.headline.textContent = texts.noFaceYet;
  }

  /** @param {string[]} labels */
  setLabels(labels) {
    this.bars.setLabels(labels, texts.labels);
    this.timeline.setLabels(labels, texts.labels);
  }

  /** Forget everybody; numbers start again. */
  clear() {
    /** @type {Result | null} */
    this.latest = null;
    this.takenAt = 0;
    this.silent = false;
    this.silentHeadline = texts.noResult;
    /** @type {Shown[]} what the panel shows */
    this.shown = [];
    this.frame = { width: 4, height: 3 };
    /** The face that the reader chose, or -1; while it is away, another is shown. */
    this.chosen = -1;
    this.selected = 0;
    this.firstTrack = 0;
    this.nextTrack = 0;
    this.mirrored = false;
    /** @type {Set<number>} tracks whose label stands below their box */
    this.below = new Set();
    this.speech.clear();
    this.steadier.clear();
    this.heat.clear();
    this.timeline.clear();
    this.overlay.clear();
    this.bars.show(null);
    ui.showFaces([], undefined, () => {});
    ui.dom.headline.textContent = texts.noFaceYet;
    ui.dom.spoken.textContent = "";
  }

  /** A new stream counts from 0 again on the server; here its faces get numbers of their own. */
  beginStream() {
    this.firstTrack = this.nextTrack;
    this.steadier.clear();
  }

  /**
   * Take in a result.
   * @param {Result} result
   * @param {number} now milliseconds
   * @param {(face: Face) => Face} change what is shown of a face
   * @returns {Shown[]} the faces of this result as they are shown
   */
  take(result, now, change = (face) => face) {
    this.latest = result;
    this.takenAt = now;
    this.silent = false;
    // The page sends smaller frames when the network is slow; boxes on their way come along.
    if (this.steadier.faces.size) this.steadier.scale(result.width / this.frame.width);
    this.frame = { width: result.width, height: result.height };
    const faces = result.faces.map((face) => ({ ...face, track: face.track + this.firstTrack }));
    this.nextTrack = Math.max(this.nextTrack, ...faces.map((face) => face.track + 1));
    const explained = faces.find((face) => face.track - this.firstTrack === result.why?.track);
    if (result.why && explained) this.heat.take(result.why, explained.track, explained.box, now);
    this.steadier.update(faces.map(change), now);
    const shown = this.steadier.at(now);
    this.timeline.add(shown, now);
    this.show(shown);
    return shown.filter((face) => face.seen === now);
  }

  /**
   * Fill the panel.
   * @param {Shown[]} faces
   */
  show(faces) {
    this.shown = faces;
    const byTrack = (/** @type {number} */ track) => faces.find((f) => f.track === track);
    const face = byTrack(this.chosen) ?? byTrack(this.selected) ?? faces[0];
    if (face) this.selected = face.track;
    ui.showFaces(faces, face, (track) => this.select(track));
    this.bars.show(face?.probabilities ?? null);
  }

  /** Draw the overlay as of now. @param {number} now */
  draw(now) {
    const faces = this.steadier.at(now);
    this.#paint(faces, now);
    // Without any result for so long, nothing is known of who is in view.
    const silent = this.latest !== null && now - this.takenAt > FORGET_MS;
    if (silent) this.onSilence(now - this.takenAt);
    if (faces.length || (!this.shown.length && silent === this.silent)) return;
    this.silent = silent;
    this.show([]);
    if (silent) ui.dom.headline.textContent = this.silentHeadline;
  }

  /** Nobody is shown for now; what was seen stays. @param {string} headline */
  rest(headline) {
    this.steadier.clear();
    this.overlay.clear();
    this.show([]);
    ui.dom.headline.textContent = headline;
  }

  /** Draw what the panel shows, however old it is. */
  redraw() {
    if (this.latest) this.#paint(this.shown, this.heat.at);
  }

  /** @param {Shown[]} faces @param {number} now */
  #paint(faces, now) {
    this.overlay.draw((context, view) => this.#drawOn(context, view, faces, now));
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./overlay.js").Size} size of the picture, in the context's units
   * @param {Shown[]} faces
   * @param {number} now
   */
  #drawOn(context, size, faces, now) {
    const { mirrored, selected, below } = this;
    this.heat.draw(context, faces, this.frame, size, { mirrored, now });
    this.below = drawFaces(context, faces, this.frame, size, { mirrored, selected, below });
  }

  /** @param {boolean} wanted */
  explain(wanted) {
    this.explaining = wanted;
    this.heat.clear();
    this.redraw();
  }

  /** @param {number} track */
  select(track) {
    this.chosen = this.selected = track;
    this.heat.clear();
    this.show(this.shown);
    this.redraw();
    this.onSelect();
  }

  /** Select the face at a point of the page. @param {{clientX: number, clientY: number}} point */
  selectAt({ clientX, clientY }) {
    const bounds = ui.dom.overlay.getBoundingClientRect();
    const [x, y] = [clientX - bounds.left, clientY - bounds.top];
    for (const face of this.shown) {
      const box = toView(face.box, this.frame, bounds, this.mirrored);
      const inside = x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
      if (inside) this.select(face.track);
    }
  }

  /**
   * The picture with the overlay, at the picture's own size.
   * @param {CanvasImageSource} source
   * @param {{width: number, height: number}} size
   * @returns {HTMLCanvasElement}
   */
  snapshot(source, size) {
    const canvas = Object.assign(document.createElement("canvas"), size);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    if (this.mirrored) context.setTransform(-1, 0, 0, 1, size.width, 0);
    context.drawImage(source, 0, 0, size.width, size.height);
    context.resetTransform();
    this.#drawOn(context, size, this.shown, this.heat.at);
    return canvas;
  }

  /** Say what is news of the selected face, if its time has come; call it now and then. */
  speak() {
    const face = this.shown.find((f) => f.track === this.selected);
    if (!face) return;
    const label = face.confident ? labelName(face.label) : texts.unsure;
    const text = texts.spoken(texts.face(face.track), label);
    if (this.speech.take(text, performance.now())) ui.dom.spoken.textContent = text;
  }
}

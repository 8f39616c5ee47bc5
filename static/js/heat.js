// @ts-check
/** "Why?": the heat map of one face, which moves with its box. */

import { toView } from "./geometry.js";

/** An explanation that was not renewed for this long is no longer shown. */
const FORGET_MS = 2500;
const MAX_ALPHA = 230;

/** @typedef {import("./overlay.js").Size} Size */
/** @typedef {[number, number, number, number]} Box */

export class Heat {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.clear();
  }

  clear() {
    this.track = -1;
    this.at = -Infinity;
    /** @type {[number, number][]} the crop's corners, as fractions of the face's box */
    this.corners = [];
  }

  /**
   * Take in an explanation.
   * @param {import("./transport.js").Why} why
   * @param {number} track as the page counts it
   * @param {Box} box of the face in the same frame
   * @param {number} now milliseconds
   */
  take(why, track, [x, y, width, height], now) {
    this.track = track;
    this.at = now;
    this.corners = why.corners.map(([cx, cy]) => [(cx - x) / width, (cy - y) / height]);
    Object.assign(this.canvas, { width: why.heat[0].length, height: why.heat.length });
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const pixels = context.createImageData(this.canvas.width, this.canvas.height);
    why.heat.flat().forEach((value, i) => {
      // From dark red to pale yellow: lightness alone tells strong from weak.
      pixels.data.set([255, 255 * value ** 0.8, 200 * value ** 3, MAX_ALPHA * value ** 0.7], 4 * i);
    });
    context.putImageData(pixels, 0, 0);
  }

  /**
   * Draw it over its face, wherever that is now.
   * @param {CanvasRenderingContext2D} context
   * @param {{track: number, box: Box}[]} faces
   * @param {Size} frame size of the frame that the boxes are in
   * @param {Size} view size of the picture drawn over
   * @param {{mirrored: boolean, now: number}} options
   */
  draw(context, faces, frame, view, { mirrored, now }) {
    const face = faces.find((f) => f.track === this.track);
    if (!face || now - this.at > FORGET_MS) return;
    const [x, y, width, height] = face.box;
    const [topLeft, topRight, , bottomLeft] = this.corners.map(([u, v]) =>
      toView([x + u * width, y + v * height, 0, 0], frame, view, mirrored),
    );
    const [columns, rows] = [this.canvas.width, this.canvas.height];
    context.save();
    context.imageSmoothingQuality = "high";
    context.transform(
      (topRight.x - topLeft.x) / columns,
      (topRight.y - topLeft.y) / columns,
      (bottomLeft.x - topLeft.x) / rows,
      (bottomLeft.y - topLeft.y) / rows,
      topLeft.x,
      topLeft.y,
    );
    context.drawImage(this.canvas, 0, 0);
    context.restore();
  }
}

// @ts-check
/** Boxes, labels and small bars over the picture. Draws plain data; knows no camera or socket. */

import { COLOURS } from "./expressions.js";
import { toView } from "./geometry.js";

const FONT = "600 15px system-ui, sans-serif";
const SMALL_FONT = "500 11px system-ui, sans-serif";
const BAR = { width: 62, height: 8, gap: 5, name: 54, padding: 8 };

export class Overlay {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** Match the canvas's pixels to the screen's. */
  #resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param {{width: number, height: number, faces: import("./transport.js").Face[]}} result
   * @param {{mirrored: boolean, selected: number}} view
   */
  draw(result, { mirrored, selected }) {
    this.clear();
    this.#resize();
    const view = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    for (const face of result.faces) {
      const box = toView(face.box, result, view, mirrored);
      this.#drawBox(box, COLOURS[face.label], face.track === selected);
      this.#drawLabel(box, face, view);
      this.#drawBars(box, face, view);
    }
  }

  /**
   * @param {import("./geometry.js").Rect} box
   * @param {string} colour
   * @param {boolean} selected
   */
  #drawBox({ x, y, width, height }, colour, selected) {
    const context = this.context;
    context.lineJoin = "round";
    for (const [style, thickness] of /** @type {[string, number][]} */ ([
      ["rgb(0 0 0 / 55%)", selected ? 6 : 5],
      [colour, selected ? 3.5 : 2],
    ])) {
      context.strokeStyle = style;
      context.lineWidth = thickness;
      context.beginPath();
      context.roundRect(x, y, width, height, 6);
      context.stroke();
    }
  }

  /**
   * @param {import("./geometry.js").Rect} box
   * @param {import("./transport.js").Face} face
   * @param {{width: number, height: number}} view
   */
  #drawLabel(box, face, view) {
    const context = this.context;
    const text = `${face.label} ${Math.round(face.confidence * 100)} %`;
    context.font = FONT;
    const width = context.measureText(text).width + 28;
    const x = Math.max(2, Math.min(box.x, view.width - width - 2));
    const y = box.y > 32 ? box.y - 30 : Math.min(box.y + box.height + 4, view.height - 28);
    this.#plate(x, y, width, 26);
    context.fillStyle = COLOURS[face.label];
    context.beginPath();
    context.arc(x + 12, y + 13, 5, 0, 7);
    context.fill();
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    context.fillText(text, x + 22, y + 14);
  }

  /**
   * Seven small bars beside the box, on the side with more room.
   * @param {import("./geometry.js").Rect} box
   * @param {import("./transport.js").Face} face
   * @param {{width: number, height: number}} view
   */
  #drawBars(box, face, view) {
    const context = this.context;
    const names = Object.keys(face.probabilities);
    const step = BAR.height + BAR.gap;
    const width = BAR.name + BAR.width + 2 * BAR.padding;
    const height = names.length * step - BAR.gap + 2 * BAR.padding;
    const rightRoom = view.width - box.x - box.width;
    const leftRoom = box.x;
    if (Math.max(rightRoom, leftRoom) < width + 8 || view.height < height + 8) return;
    const x = rightRoom >= width + 8 ? box.x + box.width + 6 : box.x - width - 6;
    const y = Math.max(4, Math.min(box.y, view.height - height - 4));
    this.#plate(x, y, width, height);
    context.font = SMALL_FONT;
    context.textBaseline = "middle";
    names.forEach((name, i) => {
      const top = y + BAR.padding + i * step;
      const left = x + BAR.padding + BAR.name;
      context.fillStyle = name === face.label ? "#fff" : "rgb(255 255 255 / 80%)";
      context.fillText(name, x + BAR.padding, top + BAR.height / 2 + 0.5);
      context.fillStyle = "rgb(255 255 255 / 18%)";
      context.fillRect(left, top, BAR.width, BAR.height);
      context.fillStyle = COLOURS[name];
      context.fillRect(left, top, BAR.width * face.probabilities[name], BAR.height);
    });
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  #plate(x, y, width, height) {
    this.context.fillStyle = "rgb(16 18 22 / 78%)";
    this.context.beginPath();
    this.context.roundRect(x, y, width, height, 7);
    this.context.fill();
  }
}

// @ts-check
/** Boxes, labels and small bars over the picture. Draws plain data; knows no camera or socket. */

import { COLOURS } from "./expressions.js";
import { atTop, beside, toView } from "./geometry.js";
import { texts } from "./texts/index.js";

/** Narrower pictures, as on a phone, carry smaller labels and no bars: those are below the picture. */
const ROOMY_PX = 480;
const LABEL = { font: "600 15px system-ui, sans-serif", height: 26, dot: 5 };
const SMALL_LABEL = { font: "600 12px system-ui, sans-serif", height: 20, dot: 4 };
const SMALL_FONT = "500 11px system-ui, sans-serif";
const BAR = { width: 62, height: 8, gap: 5, name: 56, padding: 8 };
/** With less of the picture's width for each face, labels say the expression only. */
const FULL_LABEL_PX = 150;
const UNSURE_COLOUR = "#d7dade";

/** @typedef {{width: number, height: number}} Size */
/** @typedef {import("./steady.js").Shown} Shown */

/**
 * Draw faces over a picture.
 * @param {CanvasRenderingContext2D} context
 * @param {Shown[]} faces
 * @param {Size} frame size of the frame that the boxes are in
 * @param {Size} view size of the picture drawn over, in the context's units
 * @param {object} options
 * @param {boolean} options.mirrored
 * @param {number} options.selected
 * @param {Set<number>} options.below what the last drawing returned
 * @returns {Set<number>} tracks whose label stands below the box
 */
export function drawFaces(context, faces, frame, view, { mirrored, selected, below }) {
  const taken = faces.map((face) => toView(face.box, frame, view, mirrored));
  const several = faces.length > 1;
  const crowded = view.width < FULL_LABEL_PX * faces.length;
  /** @type {import("./geometry.js").Rect[]} */
  const labels = [];
  const boxes = [...taken];
  const colours = faces.map((face) => (face.confident ? COLOURS[face.label] : UNSURE_COLOUR));
  // All boxes first: none crosses a label.
  faces.forEach((face, i) => {
    drawBox(context, boxes[i], colours[i], face.confident, several && face.track === selected);
  });
  faces.forEach((face, i) => {
    const [box, colour] = [boxes[i], colours[i]];
    const others = boxes.filter((other) => other !== box);
    const around = { labels, faces: others, wasBelow: below.has(face.track) };
    labels.push(drawLabel(context, box, labelText(face, several, crowded), view, colour, around));
    if (view.width < ROOMY_PX || (faces.length > 2 && face.track !== selected)) return;
    const place = beside(box, barsSize(face), view, taken);
    if (!place) return;
    taken.push(place);
    drawBars(context, place, face);
  });
  const stands = faces.filter((_, i) => labels[i].y > boxes[i].y);
  return new Set(stands.map((face) => face.track));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Rect} box
 * @param {string} colour
 * @param {boolean} sure an unsure face has a dashed box
 * @param {boolean} selected
 */
function drawBox(context, { x, y, width, height }, colour, sure, selected) {
  context.lineJoin = "round";
  for (const [style, thickness] of /** @type {[string, number][]} */ ([
    ["rgb(0 0 0 / 55%)", selected ? 7 : 5],
    [colour, selected ? 4.5 : 2.5],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.setLineDash(sure ? [] : [9, 7]);
    context.beginPath();
    roundRect(context, x, y, width, height, 6);
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * @param {Shown} face
 * @param {boolean} numbered as the panel counts it
 * @param {boolean} brief
 */
function labelText(face, numbered, brief) {
  const name = texts.labels[/** @type {keyof typeof texts.labels} */ (face.label)];
  const detail = face.confident ? texts.percent(face.confidence) : `(${name}?)`;
  const word = face.confident ? name : texts.unsure;
  const said = brief ? word : `${word} ${detail}`;
  return numbered ? `${face.track + 1} · ${said}` : said;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Rect} box
 * @param {string} text
 * @param {Size} view
 * @param {string} colour
 * @param {Parameters<typeof atTop>[3]} around
 * @returns {import("./geometry.js").Rect} where it stands
 */
function drawLabel(context, box, text, view, colour, around) {
  const { font, height, dot } = view.width < ROOMY_PX ? SMALL_LABEL : LABEL;
  context.font = font;
  const width = context.measureText(text).width + height + 6;
  const place = atTop(box, { width, height }, view, around);
  const { x, y } = place;
  drawPlate(context, x, y, width, height);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x + height / 2, y + height / 2, dot, 0, 7);
  context.fill();
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x + height - 2, y + height / 2 + 1);
  return place;
}

/** @param {Shown} face @returns {Size} of its small bars */
function barsSize(face) {
  const rows = Object.keys(face.probabilities).length;
  return {
    width: BAR.name + BAR.width + 2 * BAR.padding,
    height: rows * (BAR.height + BAR.gap) - BAR.gap + 2 * BAR.padding,
  };
}

/**
 * Seven small bars.
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Rect} place
 * @param {Shown} face
 */
function drawBars(context, { x, y, width, height }, face) {
  const names = Object.keys(face.probabilities);
  const step = BAR.height + BAR.gap;
  drawPlate(context, x, y, width, height);
  context.font = SMALL_FONT;
  context.textBaseline = "middle";
  names.forEach((name, i) => {
    const top = y + BAR.padding + i * step;
    const left = x + BAR.padding + BAR.name;
    context.fillStyle = "#fff";
    context.fillText(
      texts.labels[/** @type {keyof typeof texts.labels} */ (name)],
      x + BAR.padding,
      top + BAR.height / 2 + 0.5,
    );
    context.fillStyle = "rgb(255 255 255 / 18%)";
    context.fillRect(left, top, BAR.width, BAR.height);
    context.fillStyle = COLOURS[name];
    context.fillRect(left, top, BAR.width * face.probabilities[name], BAR.height);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
function drawPlate(context, x, y, width, height) {
  context.fillStyle = "rgb(16 18 22 / 78%)";
  context.beginPath();
  roundRect(context, x, y, width, height, 7);
  context.fill();
}

/**
 * Rounded where the browser can.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
function roundRect(context, x, y, width, height, radius) {
  if (context.roundRect) context.roundRect(x, y, width, height, radius);
  else context.rect(x, y, width, height);
}

/** The canvas over the picture, at the screen's own resolution. */
export class Overlay {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Start anew. @param {(context: CanvasRenderingContext2D, view: Size) => void} paint */
  draw(paint) {
    const ratio = window.devicePixelRatio || 1;
    const view = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    const width = Math.round(view.width * ratio);
    const height = Math.round(view.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    this.clear();
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(this.context, view);
  }
}

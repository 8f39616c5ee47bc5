// @ts-check
/** The last two minutes of the selected face, one line for each expression. */

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { COLOURS } from "./expressions.js";

const SPAN_S = 120;
const STEP_MS = 250;
const HEIGHT_PX = 120;
/** Points kept for each track: the span at one step each. */
const MAX_POINTS = (SPAN_S * 1000) / STEP_MS;
/** Tracks kept; the longest unseen goes first. */
const MAX_TRACKS = 12;

export class Timeline {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<number, {times: number[], values: Map<string, number[]>}>} */
    this.tracks = new Map();
    /** @type {string[]} */
    this.labels = [];
    /** @type {uPlot | null} */
    this.plot = null;
  }

  /** @param {string[]} labels @param {Record<string, string>} names how they are called */
  setLabels(labels, names) {
    if (this.plot) return;
    this.labels = labels;
    const axis = {
      stroke: () => getComputedStyle(this.host).color,
      grid: { stroke: "rgb(128 128 128 / 20%)" },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    this.plot = new uPlot(
      {
        width: this.host.clientWidth || 300,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [-SPAN_S, 0] },
          y: { range: () => [0, 1] },
        },
        axes: [
          { ...axis, size: 22, values: (_, ticks) => ticks.map((t) => `${t} s`) },
          { ...axis, size: 34, values: (_, ticks) => ticks.map((t) => `${Math.round(t * 100)}`) },
        ],
        series: [
          {},
          ...labels.map((label) => ({
            label: names[label],
            stroke: COLOURS[label],
            width: 2,
            points: { show: false },
          })),
        ],
      },
      [[], ...labels.map(() => [])],
      this.host,
    );
    new ResizeObserver(() => {
      this.plot?.setSize({ width: this.host.clientWidth, height: HEIGHT_PX });
    }).observe(this.host);
  }

  clear() {
    this.tracks.clear();
    this.draw(-1, 0);
  }

  /**
   * Note a face's steadied values; at most one point a step is kept.
   * @param {import("./steady.js").Shown[]} faces
   * @param {number} now milliseconds
   */
  add(faces, now) {
    for (const face of faces) {
      const track = this.tracks.get(face.track) ?? {
        times: [],
        values: new Map(this.labels.map((label) => [label, []])),
      };
      this.tracks.delete(face.track);
      this.tracks.set(face.track, track); // newest last
      if (now - (track.times.at(-1) ?? -Infinity) < STEP_MS) continue;
      track.times.push(now);
      for (const [label, values] of track.values) values.push(face.probabilities[label]);
      if (track.times.length > MAX_POINTS) {
        track.times.shift();
        for (const values of track.values.values()) values.shift();
      }
    }
    while (this.tracks.size > MAX_TRACKS) {
      this.tracks.delete(/** @type {number} */ (this.tracks.keys().next().value));
    }
  }

  /**
   * @param {number} selected track
   * @param {number} now milliseconds
   */
  draw(selected, now) {
    const track = this.tracks.get(selected);
    const times = track?.times.map((t) => (t - now) / 1000) ?? [];
    this.plot?.setData([times, ...this.labels.map((label) => track?.values.get(label) ?? [])]);
  }
}

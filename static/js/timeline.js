// @ts-check
/** Two minutes of the selected face, one line for each expression: a camera's last, a video's own. */

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { clock } from "./clock.js";
import { COLOURS } from "./expressions.js";

const SPAN_MS = 120_000;
const STEP_MS = 250;
const HEIGHT_PX = 120;
/** Lines whose newest value is at least this are named at their end, the highest first... */
const NAMED_FROM = 0.15;
/** ...and only where the names keep this distance. */
const NAME_GAP_PX = 12;
/** Tracks kept of a camera's; the longest unseen goes first. */
const MAX_TRACKS = 12;

/**
 * The time that the plot spans.
 * @param {number} now milliseconds
 * @param {number | null} durationMs of a video, which is shown from its start; null for a camera
 * @returns {[number, number]} milliseconds
 */
export function spanAt(now, durationMs) {
  if (durationMs === null) return [now - SPAN_MS, now];
  const span = Math.min(SPAN_MS, durationMs);
  const end = Math.max(now, span);
  return [end - span, end];
}

/**
 * Which points are shown.
 * @param {number[]} times milliseconds, increasing
 * @param {number} start what was before is no longer shown
 * @param {number} now what comes later, in a video, is not yet shown
 * @returns {[number, number]} position of the first one, and of the first one after the last
 */
export function shownAt(times, start, now) {
  const positionOf = (/** @type {(t: number) => boolean} */ isReached) => {
    const found = times.findIndex(isReached);
    return found < 0 ? times.length : found;
  };
  return [positionOf((t) => t >= start), positionOf((t) => t > now)];
}

export class Timeline {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {number | null} of a video, in which the reader may go back to any time */
    this.durationMs = null;
    /** What the plot spans: a camera's seconds up to now, a video's from its start. */
    this.span = [-SPAN_MS / 1000, 0];
    /** @type {Map<number, {times: number[], values: Map<string, number[]>}>} */
    this.tracks = new Map();
    /** @type {string[]} */
    this.labels = [];
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {Record<string, string>} */
    this.names = {};
  }

  /** @param {string[]} labels @param {Record<string, string>} names how they are called */
  setLabels(labels, names) {
    if (this.plot) return;
    this.labels = labels;
    this.names = names;
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
        padding: [8, 28, 0, 0],
        hooks: { draw: [(plot) => this.#nameLines(plot)] },
        scales: {
          x: { time: false, range: () => /** @type {[number, number]} */ (this.span) },
          y: { range: () => [0, 1] },
        },
        axes: [
          {
            ...axis,
            size: 22,
            splits: () => [this.span[0], (this.span[0] + this.span[1]) / 2, this.span[1]],
            values: (_, ticks) =>
              ticks.map((t) => (this.durationMs !== null ? clock(t) : t ? `${t / 60} min` : "0")),
          },
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
      const width = this.host.clientWidth; // 0 while the panel is hidden
      if (width) this.plot?.setSize({ width, height: HEIGHT_PX });
    }).observe(this.host);
  }

  clear() {
    this.durationMs = null;
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
      if (this.durationMs !== null) continue;
      const [past] = shownAt(track.times, now - SPAN_MS, now);
      for (const kept of [track.times, ...track.values.values()]) kept.splice(0, past);
    }
    while (this.durationMs === null && this.tracks.size > MAX_TRACKS) {
      this.tracks.delete(/** @type {number} */ (this.tracks.keys().next().value));
    }
  }

  /**
   * @param {number} selected track
   * @param {number} now milliseconds
   */
  draw(selected, now) {
    const track = this.tracks.get(selected);
    const [start, end] = spanAt(now, this.durationMs);
    const zero = this.durationMs === null ? now : 0;
    this.span = [(start - zero) / 1000, (end - zero) / 1000];
    const [from, to] = shownAt(track?.times ?? [], start, now);
    const times = track?.times.slice(from, to).map((t) => (t - zero) / 1000) ?? [];
    const values = this.labels.map((label) => track?.values.get(label)?.slice(from, to) ?? []);
    this.plot?.setData([times, ...values]);
  }

  /** Colour is not all that tells the lines apart. @param {uPlot} plot */
  #nameLines(plot) {
    const { ctx } = plot;
    const ratio = window.devicePixelRatio || 1;
    const newest = this.labels.map((label, i) => ({ label, p: plot.data[i + 1].at(-1) ?? 0 }));
    const named = newest.filter(({ p }) => p >= NAMED_FROM).sort((a, b) => b.p - a.p);
    const end = plot.valToPos(plot.data[0].at(-1) ?? 0, "x", true);
    let above = -Infinity;
    ctx.save();
    ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const { label, p } of named) {
      const y = plot.valToPos(p, "y", true);
      if (y - above < NAME_GAP_PX * ratio) continue;
      above = y;
      ctx.fillStyle = COLOURS[label];
      ctx.fillText(this.names[label].slice(0, 2), end + 5 * ratio, y);
    }
    ctx.restore();
  }
}

// @ts-check
/** A recording of the numbers, never of the pictures: rows, summary, CSV and JSON. */

import { UNSURE } from "./expressions.js";

/**
 * @typedef {object} Row one face of one result
 * @property {number} at wall-clock time, milliseconds since 1970
 * @property {number} ms since the recording started
 * @property {number} track
 * @property {number[]} box x, y, width, height in pixels of the frame sent
 * @property {number[]} frame width, height: the page changes them with the network
 * @property {string} label the result's own
 * @property {number} confidence
 * @property {boolean} confident
 * @property {Record<string, number>} probabilities
 * @property {string} steady_label
 * @property {boolean} steady_confident false while the page says that it is unsure
 * @property {Record<string, number>} steady_probabilities
 */

/**
 * @typedef {object} Segment
 * @property {string} label steadied, or "Unsure"
 * @property {number} from_ms since the start
 * @property {number} to_ms
 */
/**
 * @typedef {object} Track what was seen of one face
 * @property {number} track
 * @property {number} ms in view
 * @property {Record<string, number>} share of that time, by steadied label or "Unsure"
 * @property {number} changes of the steadied label, sure or not
 * @property {number} confidence mean
 * @property {Segment[]} segments in the order of time; gaps are where it was away
 */

/** A face that is away for longer than this is not counted as shown meanwhile. */
const GAP_MS = 1500;
/** About two hours of one face at 15 results a second. */
export const MAX_ROWS = 100_000;

export class Session {
  /** @param {number} startedAt wall-clock time, milliseconds since 1970 */
  constructor(startedAt) {
    this.startedAt = startedAt;
    /** @type {Row[]} */
    this.rows = [];
    this.results = 0;
    /** Of the whole recording, with or without a face; known at its end. */
    this.durationMs = 0;
    /** Whether its reader has it as a file. */
    this.exported = false;
  }

  /** The recording is over. @param {number} at */
  end(at) {
    this.durationMs = at - this.startedAt;
  }

  /** Whether no more rows are taken. */
  get full() {
    return this.rows.length >= MAX_ROWS;
  }

  /**
   * @param {import("./steady.js").Shown[]} shown a result's faces as they are shown
   * @param {import("./transport.js").Face[]} faces the same as they came, by the same tracks
   * @param {number} at
   * @param {{width: number, height: number}} frame size of the frame sent
   */
  add(shown, faces, at, frame) {
    if (this.full) return;
    this.results += 1;
    for (const face of shown) {
      const raw = faces.find((f) => f.track === face.track);
      if (!raw) continue;
      this.rows.push({
        at,
        ms: at - this.startedAt,
        track: face.track,
        box: raw.box,
        frame: [frame.width, frame.height],
        label: raw.label,
        confidence: raw.confidence,
        confident: raw.confident,
        probabilities: raw.probabilities,
        steady_label: face.label,
        steady_confident: face.confident,
        steady_probabilities: { ...face.probabilities },
      });
    }
  }

  /**
   * What was seen of each face.
   * @returns {Track[]}
   */
  summary() {
    /** @type {Map<number, Row[]>} */
    const byTrack = new Map();
    for (const row of this.rows) {
      const rows = byTrack.get(row.track);
      if (rows) rows.push(row);
      else byTrack.set(row.track, [row]);
    }
    return [...byTrack].map(([track, rows]) => {
      /** @type {Record<string, number>} */
      const share = {};
      /** @type {Segment[]} */
      const segments = [];
      let ms = 0;
      let changes = 0;
      for (let i = 1; i < rows.length; i++) {
        const gap = rows[i].ms - rows[i - 1].ms;
        if (rows[i].steady_label !== rows[i - 1].steady_label) changes += 1;
        if (gap > GAP_MS) continue;
        const { steady_label, steady_confident } = rows[i - 1];
        const label = steady_confident ? steady_label : UNSURE;
        share[label] = (share[label] ?? 0) + gap;
        ms += gap;
        const last = segments.at(-1);
        if (last?.label === label && last.to_ms === rows[i - 1].ms) last.to_ms = rows[i].ms;
        else segments.push({ label, from_ms: rows[i - 1].ms, to_ms: rows[i].ms });
      }
      for (const label of Object.keys(share)) share[label] /= ms || 1;
      const confidence = rows.reduce((sum, row) => sum + row.confidence, 0) / rows.length;
      return { track, ms, share, changes, confidence, segments };
    });
  }

  /** @returns {string} the columns of docs/session-export.md */
  toCsv() {
    const labels = Object.keys(this.rows[0]?.probabilities ?? {});
    const header = [
      "time",
      "ms",
      "track",
      ...["x", "y", "width", "height"],
      ...["label", "confidence", "confident"],
      ...labels.map((label) => `p_${label}`),
      ...["steady_label", "steady_confident"],
      ...labels.map((label) => `steady_p_${label}`),
      ...["frame_width", "frame_height"],
    ];
    const lines = this.rows.map((row) =>
      [
        new Date(row.at).toISOString(),
        Math.round(row.ms),
        row.track,
        ...row.box,
        row.label,
        row.confidence,
        row.confident,
        ...labels.map((label) => row.probabilities[label]),
        row.steady_label,
        row.steady_confident,
        ...labels.map((label) => row.steady_probabilities[label].toFixed(6)),
        ...row.frame,
      ].join(","),
    );
    return [header.join(","), ...lines, ""].join("\r\n");
  }

  /** @returns {string} the object of docs/session-export.md */
  toJson() {
    return JSON.stringify(
      {
        format: "moodlight-session",
        version: 1,
        started: new Date(this.startedAt).toISOString(),
        duration_ms: Math.round(this.durationMs),
        results: this.results,
        summary: this.summary(),
        rows: this.rows.map(({ at, ms, ...rest }) => ({
          time: new Date(at).toISOString(),
          ms: Math.round(ms),
          ...rest,
        })),
      },
      null,
      1,
    );
  }
}

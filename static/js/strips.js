// @ts-check
/** One strip a track: which expression was shown when. */

import { COLOURS, UNSURE } from "./expressions.js";
import { labelName, texts } from "./texts/index.js";

/** Narrower parts of a strip carry no letters. */
const LETTERS_FROM = 0.045;
/** Tracks shown, in strips and in a summary. */
const MAX_TRACKS = 20;

/** @typedef {import("./session.js").Track} Track */

/**
 * Those seen longest; one that was seen in a single result has no time to show.
 * @param {Track[]} tracks
 * @returns {Track[]} by number
 */
export function longest(tracks) {
  const seen = tracks.filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms);
  return seen.slice(0, MAX_TRACKS).sort((a, b) => a.track - b.track);
}

/**
 * Fill a list with strips.
 * @param {HTMLElement} host
 * @param {Track[]} tracks
 * @param {number} durationMs of the whole strip
 */
export function showStrips(host, tracks, durationMs) {
  host.replaceChildren(...longest(tracks).map((track) => strip(track, durationMs)));
}

/** What stands for a label, as a CSS background. @param {string} label */
export const fill = (label) => (label === UNSURE ? "var(--unsure)" : COLOURS[label]);

/**
 * Colour is not all that tells expressions apart.
 * @param {string} label
 * @param {number} share of the width that it has, 0..1
 */
export const letters = (label, share) =>
  share >= LETTERS_FROM ? labelName(label).slice(0, 2) : "";

/** Show a moment as a line through all strips. @param {HTMLElement} host @param {number} share 0..1 */
export function showMoment(host, share) {
  host.style.setProperty("--moment", String(share));
}

/** @param {Track} track @param {number} durationMs */
function strip(track, durationMs) {
  const row = document.createElement("div");
  const name = document.createElement("span");
  const line = document.createElement("div");
  row.className = "strip";
  line.className = "strip-line";
  name.textContent = texts.face(track.track);
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", spoken(track));
  for (const { label, from_ms, to_ms } of track.segments) {
    const part = document.createElement("span");
    const share = (to_ms - from_ms) / durationMs;
    part.style.left = `${(100 * from_ms) / durationMs}%`;
    part.style.width = `${100 * share}%`;
    part.style.background = fill(label);
    part.title = `${labelName(label)}, ${(from_ms / 1000).toFixed(1)}–${(to_ms / 1000).toFixed(1)} s`;
    part.textContent = letters(label, share);
    line.append(part);
  }
  row.append(name, line);
  return row;
}

/** @param {Track} track */
function spoken(track) {
  const shares = Object.entries(track.share).sort((a, b) => b[1] - a[1]);
  const said = shares.map(([label, share]) => `${labelName(label)} ${texts.percent(share)}`);
  return `${texts.face(track.track)}: ${said.join(", ")}`;
}

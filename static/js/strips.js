// @ts-check
/** One strip a track: which expression was shown when. */

import { COLOURS } from "./expressions.js";
import { texts } from "./texts/index.js";

/** Segments narrower than this share of the strip carry no letter. */
const LETTER_FROM = 0.035;
/** Tracks drawn; those seen longest come first. */
const MAX_TRACKS = 20;

/** @typedef {import("./session.js").Track} Track */

/**
 * Fill a list with strips.
 * @param {HTMLElement} host
 * @param {Track[]} tracks
 * @param {number} durationMs of the whole strip
 */
export function showStrips(host, tracks, durationMs) {
  const longest = [...tracks].sort((a, b) => b.ms - a.ms).slice(0, MAX_TRACKS);
  host.replaceChildren(
    ...longest.sort((a, b) => a.track - b.track).map((track) => strip(track, durationMs)),
  );
}

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
    const labelText = texts.labels[/** @type {keyof typeof texts.labels} */ (label)];
    part.style.left = `${(100 * from_ms) / durationMs}%`;
    part.style.width = `${100 * share}%`;
    part.style.background = COLOURS[label];
    part.title = `${labelText}, ${(from_ms / 1000).toFixed(1)}–${(to_ms / 1000).toFixed(1)} s`;
    // Colour is not all that tells expressions apart.
    if (share >= LETTER_FROM) part.textContent = labelText.slice(0, 2);
    line.append(part);
  }
  row.append(name, line);
  return row;
}

/** @param {Track} track */
function spoken(track) {
  const shares = Object.entries(track.share).sort((a, b) => b[1] - a[1]);
  const said = shares.map(
    ([label, share]) =>
      `${texts.labels[/** @type {keyof typeof texts.labels} */ (label)]} ${texts.percent(share)}`,
  );
  return `${texts.face(track.track)}: ${said.join(", ")}`;
}

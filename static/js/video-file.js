// @ts-check
/** A video file, looked at frame by frame through the same stream as the camera. */

import { persist } from "./refusal.js";

/** @typedef {import("./transport.js").Result} Result */
/** @typedef {{ms: number, result: Result}} Sample */

const SEEK_LIMIT_MS = 10_000;
/** Later than any video ends, in seconds. */
const BEYOND_S = 1e9;

/**
 * Open a file in a video element.
 * @param {File} file
 * @param {HTMLVideoElement} video
 * @throws {Error} the browser cannot play it
 */
export async function openVideo(file, video) {
  video.src = URL.createObjectURL(file);
  video.load();
  // Safari on a phone loads no picture before something is played or sought.
  await event(video, "loadedmetadata");
  if (video.duration === Infinity) {
    // A recording that was streamed does not say how long it is until its end was seen.
    await Promise.all([event(video, "durationchange"), seek(video, BEYOND_S)]);
  }
  await seek(video, 0);
  if (!video.videoWidth || !Number.isFinite(video.duration)) throw new Error("no picture");
}

/** @param {HTMLVideoElement} video */
export function closeVideo(video) {
  if (!video.src) return;
  URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  video.load();
}

/**
 * Look at a frame every `stepMs`, each until it has its result.
 * @param {HTMLVideoElement} video
 * @param {object} parts
 * @param {number} parts.stepMs
 * @param {(ms: number) => Promise<Result>} parts.ask sends the video's current picture
 * @param {(sample: Sample, share: number) => void} parts.onSample share done, 0..1
 * @param {(refusal: import("./refusal.js").Refusal) => void} parts.onRefusal the frame is sent again
 * @param {AbortSignal} parts.signal
 * @returns {Promise<Sample[]>} in the order of time; what there is so far when aborted, or where
 *   the browser can go no further
 * @throws {Error} it cannot show even the first frame
 */
export async function analyse(video, { stepMs, ask, onSample, onRefusal, signal }) {
  const durationMs = video.duration * 1000;
  const samples = [];
  for (let ms = 0; ms < durationMs && !signal.aborted; ms += stepMs) {
    try {
      await seek(video, ms / 1000);
    } catch (error) {
      if (!samples.length) throw error;
      break;
    }
    const result = await persist(() => ask(ms), signal, onRefusal);
    if (!result || signal.aborted) break;
    samples.push({ ms, result });
    onSample(samples[samples.length - 1], Math.min(1, (ms + stepMs) / durationMs));
  }
  return samples;
}

/**
 * The last sample at or before a time.
 * @param {Sample[]} samples in the order of time
 * @param {number} ms
 * @returns {number} its position, or -1
 */
export function sampleAt(samples, ms) {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle].ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @param {HTMLVideoElement} video @param {number} seconds */
async function seek(video, seconds) {
  const done = event(video, "seeked");
  video.currentTime = seconds;
  await done;
}

/** @param {HTMLVideoElement} video @param {string} name */
function event(video, name) {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => finish(reject), SEEK_LIMIT_MS);
    const onEvent = () => finish(resolve);
    const onError = () => finish(reject);
    /** @param {(value: any) => void} settle */
    function finish(settle) {
      clearTimeout(limit);
      video.removeEventListener(name, onEvent);
      video.removeEventListener("error", onError);
      settle(settle === reject ? new Error("the browser cannot play this video") : undefined);
    }
    video.addEventListener(name, onEvent);
    video.addEventListener("error", onError);
  });
}

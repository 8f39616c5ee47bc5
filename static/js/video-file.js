// @ts-check
/** A video file, looked at frame by frame through the same stream as the camera. */

/** @typedef {import("./transport.js").Result} Result */
/** @typedef {{ms: number, result: Result}} Sample */

/** A dropped frame is sent again so many times before the analysis gives up. */
const TRIES = 20;
const RETRY_MS = 250;
const SEEK_LIMIT_MS = 10_000;

/**
 * Open a file in a video element.
 * @param {File} file
 * @param {HTMLVideoElement} video
 * @throws {Error} the browser cannot play it
 */
export async function openVideo(file, video) {
  video.src = URL.createObjectURL(file);
  await event(video, "loadeddata");
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
 * @param {AbortSignal} parts.signal
 * @returns {Promise<Sample[]>} in the order of time; what there is so far when aborted
 */
export async function analyse(video, { stepMs, ask, onSample, signal }) {
  const durationMs = video.duration * 1000;
  const samples = [];
  for (let ms = 0; ms < durationMs && !signal.aborted; ms += stepMs) {
    await seek(video, ms / 1000);
    const result = await persist(() => ask(ms), signal);
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

/**
 * @template Value
 * @param {() => Promise<Value>} attempt
 * @param {AbortSignal} signal
 * @returns {Promise<Value | null>} null when aborted
 */
async function persist(attempt, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) return null;
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
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

// @ts-check
/** Every sentence the scripts show, in one place. */

export const texts = {
  state: {
    idle: "Camera off",
    asking: "Waiting for the camera…",
    connecting: "Connecting…",
    starting: "The model is starting…",
    running: "Live",
    paused: "Paused while this tab is hidden",
    stalled: "The server is slow to answer…",
    offline: "Connection lost. Reconnecting…",
    stopped: "Camera off",
    failed: "No camera",
  },
  camera: {
    insecure:
      "Browsers give a page no camera over plain http, except on localhost. Open this page as http://localhost on the computer that runs it, or over https.",
    refused:
      "The camera was refused. Allow it in the address bar or in your system's privacy settings, then start again.",
    missing: "No camera was found. Plug one in, then start again.",
    busy: "Another program holds the camera. Close it there, then start again.",
    unsuitable: "This camera cannot give a usable picture. Choose another one.",
    failed: "The camera could not be opened. Reload the page and start again.",
    ended: "The camera was unplugged or switched off. Connect it, then start again.",
  },
  noFace: "No face in view",
  noFaceYet: "No face yet",
  /** @param {string} label @param {number} confidence 0..1 */
  headline: (label, confidence) => `${label}, ${Math.round(confidence * 100)} %`,
  /** @param {number} count */
  others: (count) => (count > 0 ? `${count} more in view. Click a box to choose a face.` : ""),
  cameraName: (/** @type {number} */ position) => `Camera ${position}`,
  figures: {
    shown: "Results a second",
    roundTrip: "Round trip, median / p95",
    server: "Server: queue, decode, detect, classify",
    dropped: "Frames dropped",
    frame: "Frame",
  },
};

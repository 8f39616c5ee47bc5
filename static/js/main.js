// @ts-check
/**
 * Wires the parts together: camera -> encoder -> transport -> result -> overlay and bars.
 *
 * Two loops: the send loop runs on new video frames and on credit from the transport; the draw loop
 * runs at display rate and never waits for the network.
 */

import { Bars } from "./bars.js";
import { Camera, CameraError } from "./camera.js";
import { Encoder } from "./encoder.js";
import { toView } from "./geometry.js";
import { Meter } from "./meter.js";
import { Overlay } from "./overlay.js";
import { texts } from "./texts.js";
import { Transport } from "./transport.js";
import { dom, showCameras, showFigures, showLive, showNotice, showState } from "./ui.js";

const CAMERA_KEY = "moodlight.camera";
const MIRROR_KEY = "moodlight.mirror";
const STALE_MS = 1500; // boxes older than this are taken off the picture

const overlay = new Overlay(dom.overlay);
const bars = new Bars(dom.bars);
const encoder = new Encoder();
const camera = new Camera(dom.video, () => stop("failed", texts.camera.ended));
const roundTrips = new Meter();
const frameOptions = { longSide: 640, quality: 0.7 };

/** @type {import("./transport.js").Result | null} */
let latest = null;
let latestAt = 0;
let selected = 0;
let live = false;
let encoding = false;
let frameBytes = 0;

const transport = new Transport({
  hello: (hello) => bars.setLabels(hello.labels),
  result: (result, roundTripMs) => {
    latest = result;
    latestAt = performance.now();
    roundTrips.add(roundTripMs, latestAt);
    if (live) showResult(result);
  },
  refused: (ack) => {
    if (!live) return;
    if (ack.code === "busy") showState("starting");
    else if (ack.code === "late") showState("stalled");
  },
  connection: (connected) => {
    if (live) showState(connected ? "connecting" : "offline");
    if (!connected) forgetResult();
  },
  credit: () => sendFrame(),
});

/** Send the newest picture if one may be sent now. */
async function sendFrame() {
  if (!live || encoding || document.hidden || !transport.open || !dom.video.videoWidth) return;
  encoding = true;
  try {
    const jpeg = await encoder.encode(dom.video, frameOptions);
    frameBytes = jpeg.size;
    if (live) transport.send(jpeg);
  } finally {
    encoding = false;
  }
}

function onVideoFrame() {
  if (!live) return;
  sendFrame();
  if (dom.video.requestVideoFrameCallback) dom.video.requestVideoFrameCallback(onVideoFrame);
  else requestAnimationFrame(onVideoFrame);
}

function onDisplayFrame() {
  if (!live) return;
  if (latest && performance.now() - latestAt > STALE_MS) forgetResult();
  if (latest) overlay.draw(latest, { mirrored: dom.mirror.checked, selected });
  else overlay.clear();
  requestAnimationFrame(onDisplayFrame);
}

/** @param {import("./transport.js").Result} result */
function showResult(result) {
  showState("running");
  const face = result.faces.find((f) => f.track === selected) ?? result.faces[0];
  if (face) selected = face.track;
  dom.headline.textContent = face ? texts.headline(face.label, face.confidence) : texts.noFace;
  dom.others.textContent = texts.others(result.faces.length - 1);
  bars.show(face?.probabilities ?? null);
}

function forgetResult() {
  latest = null;
  bars.show(null);
  dom.headline.textContent = texts.noFaceYet;
  dom.others.textContent = "";
}

/** @param {string | null} deviceId */
async function start(deviceId) {
  showNotice("");
  showState("asking");
  dom.start.disabled = true;
  try {
    await camera.open(deviceId);
  } catch (error) {
    const reason = error instanceof CameraError ? error.reason : "failed";
    stop("failed", texts.camera[reason]);
    return;
  }
  dom.stage.style.setProperty("--ratio", String(dom.video.videoWidth / dom.video.videoHeight));
  showLive(true);
  showState("connecting");
  showCameras(await camera.list(), camera.deviceId);
  live = true;
  onVideoFrame();
  onDisplayFrame();
}

/**
 * @param {"stopped" | "failed"} state
 * @param {string} notice
 */
function stop(state, notice) {
  live = false;
  camera.close();
  forgetResult();
  overlay.clear();
  roundTrips.clear();
  showLive(false);
  showState(state);
  showNotice(notice);
  dom.start.disabled = !dom.consent.checked;
}

/** @param {MouseEvent} event */
function selectFaceAt(event) {
  if (!latest) return;
  const bounds = dom.overlay.getBoundingClientRect();
  const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
  for (const face of latest.faces) {
    const box = toView(face.box, latest, bounds, dom.mirror.checked);
    if (x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) {
      selected = face.track;
      showResult(latest);
    }
  }
}

function updateFigures() {
  const ms = (/** @type {number | null | undefined} */ v) => (v == null ? "–" : `${Math.round(v)} ms`);
  const server = latest?.timing_ms;
  showFigures([
    [texts.figures.shown, live ? roundTrips.rate(performance.now()).toFixed(1) : "–"],
    [texts.figures.roundTrip, `${ms(roundTrips.quantile(0.5))} / ${ms(roundTrips.quantile(0.95))}`],
    [
      texts.figures.server,
      [server?.queue, server?.decode, server?.detect, server?.classify].map(ms).join(", "),
    ],
    [texts.figures.dropped, String(latest?.dropped ?? "–")],
    [
      texts.figures.frame,
      latest ? `${latest.width} × ${latest.height}, ${(frameBytes / 1000).toFixed(0)} kB` : "–",
    ],
  ]);
}

function applyMirror() {
  dom.video.classList.toggle("mirrored", dom.mirror.checked);
  localStorage.setItem(MIRROR_KEY, String(dom.mirror.checked));
}

dom.host.textContent = location.host;
dom.mirror.checked = localStorage.getItem(MIRROR_KEY) !== "false";
applyMirror();
showState("idle");
updateFigures();
setInterval(updateFigures, 1000);
dom.consent.addEventListener("change", () => (dom.start.disabled = !dom.consent.checked));
dom.start.addEventListener("click", () => start(localStorage.getItem(CAMERA_KEY)));
dom.stop.addEventListener("click", () => stop("stopped", ""));
dom.mirror.addEventListener("change", applyMirror);
dom.overlay.addEventListener("click", selectFaceAt);
dom.cameras.addEventListener("change", () => {
  localStorage.setItem(CAMERA_KEY, dom.cameras.value);
  live = false;
  start(dom.cameras.value);
});
document.addEventListener("visibilitychange", () => {
  if (live) showState(document.hidden ? "paused" : "connecting");
});

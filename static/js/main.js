// @ts-check
/**
 * Wires the parts together: camera -> encoder -> transport -> result -> overlay, bars, timeline.
 *
 * Two loops: the send loop runs on new video frames and on credit from the transport; the draw loop
 * runs at display rate and never waits for the network.
 */

import { Bars } from "./bars.js";
import { Camera, CameraError } from "./camera.js";
import { Encoder } from "./encoder.js";
import { readPicture, save, stamp, toBlob } from "./files.js";
import { toView } from "./geometry.js";
import { Meter } from "./meter.js";
import * as neutral from "./neutral.js";
import { drawFaces, Overlay } from "./overlay.js";
import { Session } from "./session.js";
import { Steadier } from "./steady.js";
import { fillPage, texts } from "./texts/index.js";
import { Timeline } from "./timeline.js";
import { Transport } from "./transport.js";
import * as ui from "./ui.js";
import * as videoFile from "./video-file.js";

const { dom } = ui;
const CAMERA_KEY = "moodlight.camera";
const MIRROR_KEY = "moodlight.mirror";
const NEUTRAL_MS = 2000;
const SPEAK_EVERY_MS = 3000;
const FRAME = { longSide: 640, quality: 0.7 };

const overlay = new Overlay(dom.overlay);
const bars = new Bars(dom.bars);
const timeline = new Timeline(dom.timeline);
const encoder = new Encoder();
const steadier = new Steadier();
const camera = new Camera(dom.video, () => stop("failed", texts.camera.ended));
const sent = new Meter();
const roundTrips = new Meter();

/** @type {"welcome" | "live" | "paused" | "still" | "analysing" | "video"} */
let mode = "welcome";
/** @type {import("./video-file.js").Sample[]} */
let samples = [];
let sampleShown = -1;
let cancel = new AbortController();
let frame = { width: 4, height: 3 };
/** @type {import("./transport.js").Result | null} */
let latest = null;
let stream = "";
let selected = 0;
let encoding = false;
let frameBytes = 0;
/** @type {Session | null} */
let session = null;
/** @type {neutral.Offsets | null} */
let offsets = neutral.load();
let neutralOn = true;
/** @type {Record<string, number>[] | null} */
let neutralSamples = null;
let spokenAt = 0;
let spokenLabel = "";

const transport = new Transport({
  hello: (hello) => {
    bars.setLabels(hello.labels, texts.labels);
    timeline.setLabels(hello.labels, texts.labels);
  },
  result: (result, roundTripMs) => {
    roundTrips.add(roundTripMs, performance.now());
    if (mode === "live") takeResult(result);
  },
  refused: (ack) => {
    if (mode !== "live") return;
    if (ack.code === "busy") ui.showState("starting");
    else if (ack.code === "late") ui.showState("stalled");
  },
  connection: (connected) => {
    if (mode === "live") ui.showState(connected ? "connecting" : "offline");
  },
  credit: () => sendFrame(),
});

/** Send the newest picture if one may be sent now. */
async function sendFrame() {
  if (mode !== "live" || encoding || document.hidden || !transport.open) return;
  if (!dom.video.videoWidth) return;
  encoding = true;
  try {
    const jpeg = await encoder.encode(dom.video, FRAME);
    if (mode !== "live") return;
    frameBytes = jpeg.size;
    sent.add(jpeg.size, performance.now());
    transport.send(jpeg, stream);
  } finally {
    encoding = false;
  }
}

/** @param {import("./transport.js").Result} result */
function takeResult(result) {
  const now = performance.now();
  latest = result;
  frame = { width: result.width, height: result.height };
  if (neutralSamples) {
    const face = result.faces.find((f) => f.track === selected) ?? result.faces[0];
    if (face) neutralSamples.push(face.probabilities);
  }
  const correction = neutralOn ? offsets : null;
  steadier.update(
    result.faces.map((face) => neutral.corrected(face, correction)),
    now,
  );
  const shown = steadier.at(now);
  timeline.add(shown, now);
  session?.add(
    shown
      .filter((face) => face.seen === now)
      .map((face) => ({ ...face, raw: result.faces.find((f) => f.track === face.track) ?? face.raw })),
    Date.now(),
  );
  ui.showState("running");
  showPanel(shown);
}

/** @param {import("./steady.js").Shown[]} faces */
function showPanel(faces) {
  const face = faces.find((f) => f.track === selected) ?? faces[0];
  if (face) selected = face.track;
  ui.showFaces(faces, face, select);
  bars.show(face?.probabilities ?? null);
  speak(face);
}

/** @param {import("./steady.js").Shown | undefined} face */
function speak(face) {
  const now = performance.now();
  const label = face?.confident ? face.label : "";
  if (!face || !label || label === spokenLabel || now - spokenAt < SPEAK_EVERY_MS) return;
  dom.spoken.textContent = texts.spoken(texts.face(face.track), ui.labelName(label));
  spokenLabel = label;
  spokenAt = now;
}

/** @param {number} track */
function select(track) {
  selected = track;
  showPanel(steadier.at(performance.now()));
  timeline.draw(selected, performance.now());
}

function onVideoFrame() {
  if (mode !== "live") return;
  sendFrame();
  if (dom.video.requestVideoFrameCallback) dom.video.requestVideoFrameCallback(onVideoFrame);
  else requestAnimationFrame(onVideoFrame);
}

function onDisplayFrame() {
  if (mode !== "live") return;
  const faces = steadier.at(performance.now());
  overlay.draw(faces, frame, { mirrored: dom.mirror.checked, selected });
  if (!faces.length && dom.headline.textContent !== texts.noFace && latest) showPanel([]);
  requestAnimationFrame(onDisplayFrame);
}

function forget() {
  latest = null;
  neutralSamples = null;
  steadier.clear();
  timeline.clear();
  overlay.clear();
  sent.clear();
  roundTrips.clear();
  bars.show(null);
  ui.showFaces([], undefined, select);
  dom.headline.textContent = texts.noFaceYet;
}

/** @param {string | null} deviceId */
async function start(deviceId) {
  ui.showNotice("");
  ui.showState("asking");
  dom.start.disabled = true;
  try {
    await camera.open(deviceId);
  } catch (error) {
    stop("failed", texts.camera[error instanceof CameraError ? error.reason : "failed"]);
    return;
  }
  applyMirror();
  ui.setShape({ width: dom.video.videoWidth, height: dom.video.videoHeight });
  ui.showStage("live");
  showRecording();
  ui.showCameras(await camera.list(), camera.deviceId);
  ui.showState("connecting");
  stream = `camera-${Date.now()}`;
  mode = "live";
  dom.pause.textContent = texts.page.pause;
  transport.consent();
  onVideoFrame();
  onDisplayFrame();
}

/** Stop the camera but keep what was seen; its light goes off. */
function pause() {
  if (mode === "video") {
    if (dom.video.paused) dom.video.play();
    else dom.video.pause();
  } else if (mode === "live") {
    mode = "paused";
    camera.close();
    overlay.clear();
    steadier.clear();
    dom.pause.textContent = texts.page.resume;
    ui.showState("paused");
  } else if (mode === "paused") {
    start(localStorage.getItem(CAMERA_KEY));
  }
}

/**
 * End everything and delete what the page holds.
 * @param {"stopped" | "failed"} state
 * @param {string} notice
 */
function stop(state, notice) {
  mode = "welcome";
  cancel.abort();
  camera.close();
  videoFile.closeVideo(dom.video);
  samples = [];
  session = null;
  showRecording();
  forget();
  dom.still.width = dom.still.height = 0;
  if (document.fullscreenElement) document.exitFullscreen();
  ui.showStage("welcome");
  ui.showState(state);
  ui.showNotice(notice);
  allowStart();
}

function allowStart() {
  dom.start.disabled = dom.openFile.disabled = !dom.consent.checked;
}

/** @param {File | undefined} file */
async function openFile(file) {
  if (!file || !dom.consent.checked) return;
  stop("stopped", "");
  if (file.type.startsWith("video/")) await openVideo(file);
  else await openPicture(file);
}

/** Look at the whole video, then let it be played with the overlay in step. @param {File} file */
async function openVideo(file) {
  cancel = new AbortController();
  const { signal } = cancel;
  try {
    await videoFile.openVideo(file, dom.video);
  } catch {
    stop("stopped", texts.picture.unplayable);
    return;
  }
  mode = "analysing";
  dom.video.classList.remove("mirrored");
  dom.seek.max = String(dom.video.duration);
  dom.seek.disabled = dom.pause.disabled = dom.record.disabled = true;
  dom.pause.textContent = texts.page.play;
  dom.record.textContent = texts.page.session;
  ui.setShape({ width: dom.video.videoWidth, height: dom.video.videoHeight });
  ui.showStage("video");
  ui.showState("analysing");
  transport.consent();
  const videoStream = `video-${Date.now()}`;
  const startedAt = performance.now();
  try {
    const found = await videoFile.analyse(dom.video, {
      signal,
      ask: async (ms) => transport.ask(await encoder.encode(dom.video, FRAME), videoStream, ms),
      onSample: (sample, share) => {
        samples.push(sample);
        dom.progress.value = share;
        const left = ((performance.now() - startedAt) / 1000) * (1 / share - 1);
        dom.playerTime.textContent = texts.picture.timeLeft(ui.clock(left));
        showSample(samples.length - 1);
      },
    });
    if (signal.aborted) return;
    samples = found;
  } catch (error) {
    if (!signal.aborted) {
      stop("stopped", texts.picture.refused(/** @type {Error} */ (error).message));
    }
    return;
  }
  mode = "video";
  dom.seek.disabled = dom.pause.disabled = dom.record.disabled = false;
  ui.showState("video");
  dom.video.currentTime = 0;
  onPlayerFrame();
}

/** Take the faces of one sample as if they had just come. @param {number} at */
function showSample(at) {
  const { ms, result } = samples[at];
  if (at !== sampleShown + 1) steadier.clear();
  sampleShown = at;
  latest = result;
  frame = { width: result.width, height: result.height };
  steadier.update(result.faces, ms);
  const shown = steadier.at(ms);
  timeline.add(shown, ms);
  overlay.draw(shown, frame, { mirrored: false, selected });
  showPanel(shown);
}

function onPlayerFrame() {
  if (mode !== "video") return;
  const ms = dom.video.currentTime * 1000;
  const at = videoFile.sampleAt(samples, ms);
  if (at >= 0 && at !== sampleShown) showSample(at);
  overlay.draw(steadier.at(ms), frame, { mirrored: false, selected });
  if (document.activeElement !== dom.seek || dom.video.paused === false) {
    dom.seek.value = String(dom.video.currentTime);
  }
  dom.playerTime.textContent = `${ui.clock(dom.video.currentTime)} / ${ui.clock(dom.video.duration)}`;
  dom.pause.textContent = dom.video.paused ? texts.page.play : texts.page.pause;
  requestAnimationFrame(onPlayerFrame);
}

/** The whole video as a session, each sample at its own time. */
function sessionOfVideo() {
  const startedAt = Date.now();
  const recorded = new Session(startedAt);
  const calm = new Steadier();
  for (const { ms, result } of samples) {
    calm.update(result.faces, ms);
    const shown = calm.at(ms).filter((face) => face.seen === ms);
    recorded.add(shown, startedAt + ms);
  }
  return recorded;
}

/** @param {File} file */
async function openPicture(file) {
  let jpeg;
  try {
    jpeg = await readPicture(file, dom.still);
  } catch {
    ui.showNotice(texts.picture.unreadable);
    return;
  }
  mode = "still";
  ui.setShape(dom.still);
  ui.showStage("still");
  ui.showState("connecting");
  transport.consent();
  try {
    const result = await transport.ask(jpeg, `picture-${Date.now()}`);
    if (mode !== "still") return;
    latest = result;
    frame = { width: result.width, height: result.height };
    steadier.update(result.faces, performance.now());
    redrawStill();
    ui.showState("picture");
    showPanel(steadier.at(performance.now()));
    if (!result.faces.length) dom.headline.textContent = texts.picture.faces(0);
  } catch (error) {
    stop("stopped", texts.picture.refused(/** @type {Error} */ (error).message));
  }
}

/** A picture's faces stay; nothing newer will come. */
function redrawStill() {
  if (mode !== "still" || !latest) return;
  const faces = latest.faces.map((face) => ({ ...face, raw: face }));
  overlay.draw(faces, frame, { mirrored: false, selected });
}

async function snapshot() {
  const source = mode === "still" ? dom.still : dom.video;
  const canvas = document.createElement("canvas");
  const size =
    mode === "still"
      ? { width: dom.still.width, height: dom.still.height }
      : { width: dom.video.videoWidth, height: dom.video.videoHeight };
  if (!size.width) return;
  Object.assign(canvas, size);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const mirrored = mode === "live" && dom.mirror.checked;
  if (mirrored) context.setTransform(-1, 0, 0, 1, size.width, 0);
  context.drawImage(source, 0, 0);
  context.resetTransform();
  const faces =
    mode === "still"
      ? (latest?.faces ?? []).map((face) => ({ ...face, raw: face }))
      : steadier.at(performance.now());
  drawFaces(context, faces, frame, size, { mirrored, selected });
  save(await toBlob(canvas, "image/png"), `moodlight-${stamp()}.png`);
}

/** @param {Session} done */
function offerSession(done) {
  ui.showSummary(done);
  dom.exportCsv.onclick = () =>
    save(new Blob([done.toCsv()], { type: "text/csv" }), `moodlight-${stamp()}.csv`);
  dom.exportJson.onclick = () =>
    save(new Blob([done.toJson()], { type: "application/json" }), `moodlight-${stamp()}.json`);
}

function toggleRecording() {
  if (mode === "video") {
    offerSession(sessionOfVideo());
  } else if (session) {
    const done = session;
    session = null;
    showRecording();
    offerSession(done);
  } else {
    session = new Session(Date.now());
    showRecording();
  }
}

function showRecording() {
  dom.record.textContent = session ? texts.page.stopRecording : texts.page.record;
  dom.record.setAttribute("aria-pressed", String(session !== null));
}

function measureNeutral() {
  neutralSamples = [];
  dom.neutral.disabled = true;
  dom.neutral.textContent = texts.page.neutralHint;
  setTimeout(() => {
    const samples = neutralSamples;
    neutralSamples = null;
    if (samples?.length) {
      offsets = neutral.measure(samples);
      neutral.store(offsets);
      neutralOn = true;
    }
    ui.showNeutral(offsets !== null, neutralOn);
  }, NEUTRAL_MS);
}

async function flip() {
  const cameras = await camera.list();
  const at = cameras.findIndex((device) => device.deviceId === camera.deviceId);
  changeCamera(cameras[(at + 1) % cameras.length].deviceId);
}

/** @param {string} deviceId */
function changeCamera(deviceId) {
  localStorage.setItem(CAMERA_KEY, deviceId);
  mode = "paused";
  start(deviceId);
}

/** @param {MouseEvent} event */
function selectFaceAt(event) {
  const bounds = dom.overlay.getBoundingClientRect();
  const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
  const mirrored = mode === "live" && dom.mirror.checked;
  for (const face of mode === "still" ? (latest?.faces ?? []) : steadier.at(performance.now())) {
    const box = toView(face.box, frame, bounds, mirrored);
    if (x < box.x || x > box.x + box.width || y < box.y || y > box.y + box.height) continue;
    select(face.track);
    redrawStill();
  }
}

function updateFigures() {
  const now = performance.now();
  const ms = (/** @type {number | null | undefined} */ v) => (v == null ? "–" : `${Math.round(v)} ms`);
  const server = latest?.timing_ms;
  ui.showFigures([
    [texts.figures.sent, `${sent.rate(now).toFixed(1)} / ${roundTrips.rate(now).toFixed(1)}`],
    [texts.figures.roundTrip, `${ms(roundTrips.quantile(0.5))} / ${ms(roundTrips.quantile(0.95))}`],
    [
      texts.figures.server,
      [server?.queue, server?.decode, server?.detect, server?.classify].map(ms).join(", "),
    ],
    [texts.figures.dropped, String(latest?.dropped ?? "–")],
    [
      texts.figures.frame,
      latest ? `${frame.width} × ${frame.height}, ${(frameBytes / 1000).toFixed(0)} kB` : "–",
    ],
  ]);
  if (mode === "live") timeline.draw(selected, now);
  else if (mode === "video") timeline.draw(selected, dom.video.currentTime * 1000);
}

function applyMirror() {
  dom.video.classList.toggle("mirrored", dom.mirror.checked);
  localStorage.setItem(MIRROR_KEY, String(dom.mirror.checked));
}

function onVisibility() {
  if (mode !== "live") return;
  ui.showState(document.hidden ? "hidden" : "connecting");
  if (!document.hidden) sendFrame();
}

fillPage();
ui.showPromises(location.host, JSON.parse(document.body.dataset.figures ?? "null"));
ui.showNeutral(offsets !== null, neutralOn);
dom.mirror.checked = localStorage.getItem(MIRROR_KEY) !== "false";
applyMirror();
ui.showState("idle");
dom.headline.textContent = texts.noFaceYet;
updateFigures();
setInterval(updateFigures, 500);
allowStart();
dom.consent.addEventListener("change", allowStart);
dom.start.addEventListener("click", () => start(localStorage.getItem(CAMERA_KEY)));
dom.openFile.addEventListener("click", () => dom.file.click());
dom.seek.addEventListener("input", () => {
  dom.video.currentTime = Number(dom.seek.value);
});
dom.file.addEventListener("change", () => {
  openFile(dom.file.files?.[0]);
  dom.file.value = "";
});
dom.stage.addEventListener("dragover", (event) => event.preventDefault());
dom.stage.addEventListener("drop", (event) => {
  event.preventDefault();
  openFile(event.dataTransfer?.files[0]);
});
dom.pause.addEventListener("click", pause);
dom.snapshot.addEventListener("click", snapshot);
dom.record.addEventListener("click", toggleRecording);
dom.flip.addEventListener("click", flip);
dom.fullScreen.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else dom.stage.requestFullscreen?.();
});
dom.stop.addEventListener("click", () => stop("stopped", ""));
dom.mirror.addEventListener("change", applyMirror);
dom.overlay.addEventListener("click", selectFaceAt);
dom.cameras.addEventListener("change", () => changeCamera(dom.cameras.value));
dom.neutral.addEventListener("click", measureNeutral);
dom.neutralSwitch.addEventListener("click", () => {
  neutralOn = !neutralOn;
  ui.showNeutral(true, neutralOn);
});
dom.neutralForget.addEventListener("click", () => {
  offsets = null;
  neutral.store(null);
  ui.showNeutral(false, true);
});
dom.summaryClose.addEventListener("click", () => dom.summary.close());
document.addEventListener("visibilitychange", onVisibility);
new ResizeObserver(redrawStill).observe(dom.overlay);

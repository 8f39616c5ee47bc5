// @ts-check
/**
 * Wires the parts together. What fills the stage is one activity at a time: `Live` (camera ->
 * encoder -> transport -> result -> view), `Picture` or `Video`. Each lasts from opening to closing,
 * so whatever still comes in for a closed one is ignored.
 */

import { CameraError } from "./camera.js";
import * as joinCode from "./code.js";
import { save, stamp, toBlob } from "./files.js";
import { Live } from "./live.js";
import { LEVELS } from "./pace.js";
import { FileError, Picture, UnreadableError, Video } from "./player.js";
import { Resting } from "./resting.js";
import { Session } from "./session.js";
import { SharePanel } from "./share.js";
import { FORGET_MS } from "./steady.js";
import * as storage from "./storage.js";
import { fillPage, texts } from "./texts/index.js";
import { Throttle } from "./throttle.js";
import { Transport } from "./transport.js";
import * as ui from "./ui.js";
import { View } from "./view.js";

const { dom } = ui;
const CAMERA_KEY = "camera";
const MIRROR_KEY = "mirror";
const VIDEO_STEP_KEY = "video-step";
const MEDIA_TYPES = { csv: "text/csv", json: "application/json" };

const view = new View({ select: explainPicture, silence: onSilence });
const resting = new Resting(() =>
  view.shown.some((face) => face.track === view.selected) ? view.selected : -1,
);
/** Largest frame that is sent; the server may allow less. */
const frameOptions = { longSide: 640, quality: LEVELS[0].quality };
const throttle = new Throttle();
/** @type {Live | Picture | Video | null} */
let activity = null;
let paused = false;
/** @type {Session | null} */
let session = null;
/** @type {Session | null} what the summary offers */
let offered = null;
/** @type {File | null} the video on the stage */
let videoFile = null;

const transport = new Transport({
  hello: (hello) => {
    ui.admitted();
    view.setLabels(hello.labels);
    resting.sureFrom = hello.model.unsure_below;
    const { max_width: width, max_height: height } = hello.limits;
    throttle.intervalMs = 1000 / hello.limits.max_fps;
    frameOptions.longSide = Math.min(frameOptions.longSide, width, height);
    if (activity instanceof Live) activity.newStream();
    if (activity) ui.showState(activity.state);
  },
  result: (result, roundTripMs) => {
    if (activity instanceof Live) activity.take(result, roundTripMs);
  },
  refused: (refusal) => {
    if (!(activity instanceof Live)) return;
    if (refusal.passing) ui.showRefusal(refusal);
    else end("refused", texts.refused(ui.reasonOf(refusal)));
  },
  lost: () => {
    sharePanel.linkLost();
    if (activity) ui.showState("offline");
  },
  full: () => {
    if (activity) ui.showState("full");
  },
  credit: () => {
    if (activity instanceof Live) activity.send();
  },
  barred: (code) => {
    joinCode.store(null);
    ui.askForCode(code === null ? texts.codeNeeded : texts.codeWrong);
  },
  viewers: (count) => sharePanel.showViewers(count),
}, joinCode.read());
const sharePanel = new SharePanel(transport);

/** @param {import("./transport.js").Result} result */
function onLiveResult(result) {
  const raw = result.faces.map((face) => ({ ...face, track: face.track + view.firstTrack }));
  const now = performance.now();
  const shown = view.take(result, now, (face) => resting.correct(face));
  resting.take(raw, now);
  session?.add(shown, raw, Date.now(), result);
  if (session?.full) toggleRecording();
  ui.showState(document.hidden ? "hidden" : "running"); // one may have been on its way
}

/** @param {number} ms since the last result */
function onSilence(ms) {
  // A server that takes few frames is not silent between them.
  const patience = FORGET_MS + throttle.intervalMs;
  if (activity instanceof Live && ms > patience) ui.showSilence(activity.silence);
}

/** Open the camera. @param {import("./camera.js").Wish} wish */
async function startLive(wish) {
  if (ui.stillBarred()) return;
  activity?.close();
  ui.showNotice("");
  ui.showState("asking");
  dom.start.disabled = dom.openFile.disabled = true;
  paused = false;
  const live = new Live({
    view,
    transport,
    longSide: frameOptions.longSide,
    throttle,
    onResult: onLiveResult,
    onUnplugged: () => end("failed", texts.camera.ended),
  });
  activity = live;
  try {
    if (!(await live.open(wish)) || activity !== live) return;
  } catch (error) {
    if (activity !== live) return;
    end("failed", texts.camera[error instanceof CameraError ? error.reason : "failed"]);
    return;
  }
  transport.consent(dom.consentVersion);
  applyMirror();
  shapeStage();
  const first = !dom.welcome.hidden;
  ui.showStage("live");
  ui.showState("connecting");
  showRecording();
  dom.pause.textContent = texts.page.pause;
  if (first) dom.pause.focus({ preventScroll: true });
}

/** Stop the camera but keep what was seen; its light goes off. */
function pause() {
  if (activity instanceof Video) {
    activity.togglePlay();
  } else if (paused) {
    startLive(remembered());
  } else if (activity instanceof Live && activity.running) {
    activity.close();
    activity = null;
    paused = true;
    view.rest(texts.state.paused);
    ui.showPaused();
  }
}

/**
 * @param {File | undefined} file
 * @param {HTMLElement} focused once the file is on the stage
 */
async function openFile(file, focused = dom.stage) {
  if (!file) return;
  if (!dom.consent.checked) {
    ui.showNotice(texts.consentFirst);
    dom.consent.focus();
    return;
  }
  if (ui.stillBarred()) return;
  end("stopped", "");
  ui.showState("opening");
  dom.start.disabled = dom.openFile.disabled = true;
  transport.consent(dom.consentVersion);
  const onShown = () => focused.focus({ preventScroll: true });
  const stepMs = Number(dom.videoStep.value);
  const kind = /^(image|video)\//.exec(file.type)?.[1];
  // A system that does not know a file's type may still have a browser that shows it.
  if (kind !== "video" && (await show(new Picture(view, transport, onShown), file))) return;
  const video = () => new Video(view, transport, frameOptions, stepMs, onShown);
  if (kind !== "image" && (await show(video(), file))) return;
  end("stopped", texts.unreadable[/** @type {"image" | "video"} */ (kind) ?? "other"]);
}

/**
 * Put a file on the stage, until it is closed.
 * @param {Picture | Video} opened
 * @param {File} file
 * @returns {Promise<boolean>} whether that is over: false if the browser cannot read it as such
 */
async function show(opened, file) {
  activity = opened;
  videoFile = opened instanceof Video ? file : null;
  applyMirror();
  try {
    await opened.open(file);
  } catch (error) {
    if (activity !== opened) return true;
    if (error instanceof UnreadableError) return false;
    if (!(error instanceof FileError)) throw error;
    end("stopped", error.message);
  }
  return true;
}

/**
 * Keep the browser from leaving the page for a file; texts are dragged as ever.
 * @param {DragEvent} event
 * @returns {boolean} whether it was a file
 */
function keepFromBrowser(event) {
  const isFile = event.dataTransfer?.types.includes("Files") ?? false;
  if (isFile) event.preventDefault();
  return isFile;
}

/**
 * Back to the first screen. A recording that nobody asked to delete is offered first.
 * @param {"stopped" | "failed" | "refused"} state
 * @param {string} notice
 */
function end(state, notice) {
  activity?.close();
  activity = null;
  videoFile = null;
  paused = false;
  session?.end(Date.now());
  if (session?.rows.length) offerSession(session);
  session = null;
  resting.leave();
  showRecording();
  view.clear();
  if (document.fullscreenElement) document.exitFullscreen();
  ui.showStage("welcome");
  ui.showState(state);
  ui.showNotice(notice);
  allowStart();
  if (notice) dom.start.focus({ preventScroll: true }); // what had the focus is gone
}

/** Nothing that was seen stays in the page. */
function stopAndDelete() {
  session = offered = null;
  dom.exportCsv.onclick = dom.exportJson.onclick = null;
  dom.summaryDuration.textContent = "";
  dom.summaryStrips.replaceChildren();
  dom.summaryTracks.replaceChildren();
  sharePanel.endLink();
  transport.withdraw();
  end("stopped", "");
  dom.start.focus();
}

/** Ask for the heat map of the picture on the stage, if it is wanted. */
async function explainPicture() {
  const asked = activity;
  if (!(asked instanceof Picture) || !view.explaining) return;
  try {
    await asked.explain();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (activity === asked) end("stopped", error.message);
  }
}

function toggleWhy() {
  view.explain(!view.explaining);
  dom.why.setAttribute("aria-pressed", String(view.explaining));
  explainPicture();
}

/** Look at the same video at another rate. */
function changeVideoStep() {
  storage.set(VIDEO_STEP_KEY, dom.videoStep.value);
  if (videoFile) openFile(videoFile, dom.videoStep);
}

function allowStart() {
  dom.start.disabled = dom.openFile.disabled = !dom.consent.checked;
}

/** Consent that is taken back before anything was sent ends what is being opened. */
function onConsent() {
  if (!dom.consent.checked) {
    transport.withdraw();
    if (activity) end("stopped", "");
  }
  ui.showNotice("");
  allowStart();
}

async function snapshot() {
  const source = activity instanceof Picture ? dom.still : dom.video;
  const size =
    source instanceof HTMLVideoElement
      ? { width: source.videoWidth, height: source.videoHeight }
      : { width: source.width, height: source.height };
  if (!size.width) return;
  save(await toBlob(view.snapshot(source, size), "image/png"), `moodlight-${stamp()}.png`);
}

/** @param {Session} done */
function offerSession(done) {
  offered = done;
  ui.showSummary(done, activity instanceof Video ? "video" : "recording");
  const keep = (/** @type {string} */ text, /** @type {"csv" | "json"} */ format) => {
    save(new Blob([text], { type: MEDIA_TYPES[format] }), `moodlight-${stamp()}.${format}`);
    done.exported = true;
  };
  dom.exportCsv.onclick = () => keep(done.toCsv(), "csv");
  dom.exportJson.onclick = () => keep(done.toJson(), "json");
}

/** Numbers that are in no file yet would go with the page. @param {BeforeUnloadEvent} event */
function onLeaving(event) {
  const analysed = activity instanceof Video ? activity.session : null;
  if ([session, offered, analysed].some((s) => s?.rows.length && !s.exported)) event.preventDefault();
}

function toggleRecording() {
  if (activity instanceof Video) {
    if (activity.session) offerSession(activity.session);
    return;
  }
  session?.end(Date.now());
  if (session) offerSession(session);
  session = session ? null : new Session(Date.now());
  showRecording();
}

function showRecording() {
  dom.record.textContent = session ? texts.page.stopRecording : texts.page.record;
  dom.record.classList.toggle("recording", session !== null);
}

/** @returns {import("./camera.js").Wish} */
function remembered() {
  return { deviceId: storage.get(CAMERA_KEY) };
}

/** Another camera, which is remembered once it is open. @param {import("./camera.js").Wish} wish */
async function changeCamera(wish) {
  if (!(activity instanceof Live)) return;
  await startLive(wish);
  if (activity instanceof Live) storage.set(CAMERA_KEY, activity.camera.deviceId);
}

async function flip() {
  if (!(activity instanceof Live) || !activity.running) return;
  const { camera } = activity;
  const cameras = await camera.list();
  const at = cameras.findIndex((device) => device.deviceId === camera.deviceId);
  // A phone may have several on each side: the button means the other side.
  const facing = camera.facing && (camera.facing === "user" ? "environment" : "user");
  changeCamera({ facing, deviceId: cameras[(at + 1) % cameras.length]?.deviceId });
}

function updateFigures() {
  const now = performance.now();
  const live = activity instanceof Live ? activity : null;
  const ms = (/** @type {number | null | undefined} */ v) => (v == null ? "–" : `${Math.round(v)} ms`);
  const server = view.latest?.timing_ms;
  const [median, p95] = [0.5, 0.95].map((share) => live?.roundTrips.quantile(share));
  ui.showFigures([
    [
      texts.figures.sent,
      live ? `${live.sent.rate(now).toFixed(1)} / ${live.roundTrips.rate(now).toFixed(1)}` : "–",
    ],
    [texts.figures.roundTrip, `${ms(median)} / ${ms(p95)}`],
    [
      texts.figures.server,
      [server?.queue, server?.decode, server?.detect, server?.classify].map(ms).join(", "),
    ],
    [texts.figures.dropped, String(view.latest?.dropped ?? "–")],
    [
      texts.figures.frame,
      live && view.latest
        ? `${view.frame.width} × ${view.frame.height}, ${(live.frameBytes / 1000).toFixed(0)} kB`
        : "–",
    ],
  ]);
  if (live) view.timeline.draw(view.selected, now);
  else if (activity instanceof Video && activity.ready) {
    view.timeline.draw(view.selected, dom.video.currentTime * 1000);
  }
}

function applyMirror() {
  const live = activity instanceof Live ? activity : null;
  view.mirrored = live !== null && dom.mirror.checked && live.camera.facing !== "environment";
  dom.video.classList.toggle("mirrored", view.mirrored);
}

/** A phone that is turned changes the shape of its camera's picture. */
function shapeStage() {
  const { videoWidth: width, videoHeight: height } = dom.video;
  if (width && height && activity instanceof Live) ui.setShape({ width, height });
}

function onVisibility() {
  // Else what the connection waits for is more to the point, and the hello will say the rest.
  if (activity && transport.greeted) ui.showState(activity.state);
  if (activity instanceof Live) activity.send();
}

fillPage();
const { clustered, figures } = document.body.dataset;
ui.showPromises(location.host, clustered !== undefined, JSON.parse(figures ?? "null"));
dom.mirror.checked = storage.get(MIRROR_KEY) !== "false";
const step = storage.get(VIDEO_STEP_KEY);
if ([...dom.videoStep.options].some(({ value }) => value === step)) dom.videoStep.value = step ?? "";
dom.consent.checked = false; // browsers bring back what was ticked before a reload
dom.fullScreen.hidden = !dom.stage.requestFullscreen;
ui.showState("idle");
updateFigures();
setInterval(updateFigures, 500);
setInterval(() => view.speak(), 500);
allowStart();
dom.consent.addEventListener("change", onConsent);
dom.start.addEventListener("click", () => startLive(remembered()));
dom.openFile.addEventListener("click", () => dom.file.click());
dom.file.addEventListener("change", () => {
  openFile(dom.file.files?.[0]);
  dom.file.value = "";
});
document.addEventListener("dragover", keepFromBrowser);
document.addEventListener("drop", (event) => {
  if (keepFromBrowser(event)) openFile(event.dataTransfer?.files[0]);
});
dom.seek.addEventListener("input", () => {
  if (activity instanceof Video) activity.seek(Number(dom.seek.value));
});
dom.seek.addEventListener("keydown", (event) => {
  if (activity instanceof Video) activity.onKey(event);
});
dom.pause.addEventListener("click", pause);
dom.why.addEventListener("click", toggleWhy);
dom.videoStep.addEventListener("change", changeVideoStep);
dom.snapshot.addEventListener("click", snapshot);
dom.record.addEventListener("click", toggleRecording);
dom.flip.addEventListener("click", flip);
dom.fullScreen.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else dom.stage.requestFullscreen().catch(() => {});
});
document.addEventListener("fullscreenchange", () => {
  const { fullScreen, leaveFullScreen } = texts.page;
  dom.fullScreen.textContent = document.fullscreenElement ? leaveFullScreen : fullScreen;
});
dom.stop.addEventListener("click", stopAndDelete);
dom.mirror.addEventListener("change", () => {
  storage.set(MIRROR_KEY, String(dom.mirror.checked));
  applyMirror();
});
dom.overlay.addEventListener("click", (event) => view.selectAt(event));
dom.cameras.addEventListener("change", () => changeCamera({ deviceId: dom.cameras.value }));
dom.joinForm.addEventListener("submit", () => {
  const code = dom.code.value.trim();
  joinCode.store(code);
  transport.join(code);
});
window.addEventListener("hashchange", () => {
  const code = joinCode.read();
  if (code !== null) transport.join(code);
});
dom.summaryClose.addEventListener("click", () => dom.summary.close());
dom.summary.addEventListener("close", () => {
  offered = null; // the reader has seen it and let it go
});
window.addEventListener("beforeunload", onLeaving);
dom.video.addEventListener("resize", shapeStage);
document.addEventListener("visibilitychange", onVisibility);
new ResizeObserver(() => {
  if (activity instanceof Picture) view.redraw();
}).observe(dom.overlay);

// @ts-check
/**
 * The camera, live: a send loop that runs on new video frames and on credit, and a draw loop at
 * display rate that never waits for the network. One object lasts from opening to closing.
 */

import { Camera } from "./camera.js";
import { Encoder } from "./encoder.js";
import { Meter } from "./meter.js";
import { Pace } from "./pace.js";
import * as ui from "./ui.js";

const { dom } = ui;
/** Time between heat maps: they cost the server more than a frame without. */
export const EXPLAIN_EVERY_MS = 600;

export class Live {
  /**
   * @param {object} parts
   * @param {import("./view.js").View} parts.view
   * @param {import("./transport.js").Transport} parts.transport
   * @param {number} parts.longSide largest side of a frame that is sent, pixels
   * @param {import("./throttle.js").Throttle} parts.throttle
   * @param {(result: import("./transport.js").Result) => void} parts.onResult
   * @param {() => void} parts.onUnplugged
   */
  constructor({ view, transport, longSide, throttle, onResult, onUnplugged }) {
    this.view = view;
    this.transport = transport;
    this.longSide = longSide;
    this.throttle = throttle;
    this.pace = new Pace();
    this.explainedAt = -Infinity;
    this.onResult = onResult;
    this.camera = new Camera(dom.video, onUnplugged);
    this.encoder = new Encoder();
    this.sent = new Meter();
    this.roundTrips = new Meter();
    this.stream = "";
    this.frameBytes = 0;
    this.running = false;
    this.closed = false;
    this.encoding = false;
    /** Whether the video shows a picture that has not been sent. */
    this.fresh = false;
  }

  /**
   * Open a camera and go live.
   * @param {import("./camera.js").Wish} wish
   * @returns {Promise<boolean>} false if closed meanwhile
   * @throws {import("./camera.js").CameraError}
   */
  async open(wish) {
    await this.camera.open(wish);
    const cameras = this.closed ? [] : await this.camera.list();
    if (this.closed) return false;
    ui.showCameras(cameras, this.camera);
    this.running = true;
    this.newStream();
    this.#onVideoFrame();
    this.#onDisplayFrame();
    return true;
  }

  /** What it is at until there are results. @returns {ui.State} */
  get state() {
    if (!this.running) return "asking";
    return document.hidden ? "hidden" : "connecting";
  }

  /** What keeps results away: there is something to answer, or nothing to send. @returns {ui.State} */
  get silence() {
    return this.transport.inFlight || this.encoding || this.fresh ? "stalled" : "frozen";
  }

  /** The camera's light goes off, for good. */
  close() {
    this.closed = true;
    this.running = false;
    this.camera.close();
    this.encoder.clear();
  }

  /** Faces are counted anew: after opening, and when the server has forgotten us. */
  newStream() {
    this.stream = `camera-${Date.now()}`;
    this.view.beginStream();
  }

  /** @param {import("./transport.js").Result} result @param {number} roundTripMs */
  take(result, roundTripMs) {
    if (!this.running || result.stream !== this.stream) return;
    const now = performance.now();
    this.roundTrips.add(roundTripMs, now);
    this.pace.take(roundTripMs - result.timing_ms.total, result.timing_ms.total, now);
    this.onResult(result);
  }

  /** Send the newest picture if one may be sent now. */
  async send() {
    if (this.encoding || !this.#maySend()) return;
    this.encoding = true;
    this.fresh = false;
    try {
      const { scale, quality } = this.pace.options;
      const longSide = Math.round(scale * this.longSide);
      const jpeg = await this.encoder.encode(dom.video, { longSide, quality });
      if (!this.running || document.hidden) return;
      this.frameBytes = jpeg.size;
      const now = performance.now();
      this.sent.add(jpeg.size, now);
      this.throttle.take(now);
      this.transport.send(jpeg, this.stream, this.#toExplain());
    } finally {
      this.encoding = false;
    }
  }

  /** Track on the server whose heat map is due, if one is. */
  #toExplain() {
    const now = performance.now();
    if (!this.view.explaining || now - this.explainedAt < EXPLAIN_EVERY_MS) return undefined;
    this.explainedAt = now;
    return this.view.selected - this.view.firstTrack;
  }

  #maySend() {
    return (
      this.running &&
      this.fresh &&
      !document.hidden &&
      this.transport.open &&
      this.throttle.allows(performance.now()) &&
      dom.video.videoWidth > 0
    );
  }

  #onVideoFrame = () => {
    if (!this.running) return;
    this.fresh = true;
    this.send();
    if (dom.video.requestVideoFrameCallback) {
      dom.video.requestVideoFrameCallback(this.#onVideoFrame);
    } else {
      requestAnimationFrame(this.#onVideoFrame);
    }
  };

  #onDisplayFrame = () => {
    if (!this.running) return;
    requestAnimationFrame(this.#onDisplayFrame);
    this.view.draw(performance.now());
  };
}

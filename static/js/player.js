// @ts-check
/** A picture or a video file on the stage. One object lasts from opening to closing. */

import { clock } from "./clock.js";
import { Encoder } from "./encoder.js";
import { readPicture } from "./files.js";
import { faceAt } from "./geometry.js";
import { EXPLAIN_EVERY_MS } from "./live.js";
import { persist, Refusal } from "./refusal.js";
import { Session } from "./session.js";
import { showMoment, showStrips } from "./strips.js";
import { texts } from "./texts/index.js";
import * as ui from "./ui.js";
import * as videoFile from "./video-file.js";

const { dom } = ui;

/** Which way a key moves a slider. @type {Record<string, number>} */
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };

/** The browser cannot read the file as what it was taken for. */
export class UnreadableError extends Error {}

/** A sentence for the reader: the file cannot be analysed. */
export class FileError extends Error {}

export class Picture {
  /**
   * @param {import("./view.js").View} view
   * @param {import("./transport.js").Transport} transport
   * @param {() => void} onShown it is on the stage
   */
  constructor(view, transport, onShown) {
    this.view = view;
    this.transport = transport;
    this.onShown = onShown;
    this.cancel = new AbortController();
    /** Whether it is on the stage. */
    this.shown = false;
    /** @type {Blob | null} once it has its result */
    this.jpeg = null;
  }

  get closed() {
    return this.cancel.signal.aborted;
  }

  /** What it is at, while nothing hinders it. @returns {ui.State} */
  get state() {
    if (!this.shown) return "opening";
    if (this.jpeg) return "picture";
    return document.hidden ? "hidden" : "connecting";
  }

  /** @param {File} file @throws {UnreadableError | FileError} */
  async open(file) {
    let jpeg;
    try {
      jpeg = await readPicture(file, dom.still, this.cancel.signal);
    } catch {
      throw new UnreadableError();
    }
    if (this.closed) return;
    ui.setShape(dom.still);
    ui.showStage("still");
    this.shown = true;
    this.onShown();
    ui.showState(this.state);
    const result = await this.#ask(jpeg);
    if (!result || this.closed) return;
    this.jpeg = jpeg;
    this.view.take(result, performance.now());
    this.view.redraw();
    ui.showState(this.state);
    if (!result.faces.length) dom.headline.textContent = texts.picture.faces(0);
  }

  /** Show why the selected face is taken for what it is. @throws {FileError} */
  async explain() {
    if (!this.jpeg) return;
    const { selected } = this.view;
    const isWanted = () => !this.closed && this.view.explaining && this.view.selected === selected;
    while (isWanted()) {
      const result = await this.#ask(this.jpeg, { explain: selected });
      if (!result || this.closed) return;
      ui.showState(this.state);
      if (result.why && isWanted()) {
        this.view.take(result, performance.now());
        this.view.redraw();
      }
      if (result.why || !result.faces.some((face) => face.track === selected)) return;
      // Whoever asks first waits until the server has loaded what explains.
      await new Promise((resolve) => setTimeout(resolve, EXPLAIN_EVERY_MS));
    }
  }

  /**
   * In a stream of its own, since faces are counted from 0 in each.
   * @param {Blob} jpeg
   * @param {{explain?: number}} [header]
   * @returns {Promise<import("./transport.js").Result | null>} null when closed
   * @throws {FileError}
   */
  async #ask(jpeg, header) {
    const { signal } = this.cancel;
    const attempt = () => this.transport.ask(jpeg, `picture-${Date.now()}`, signal, header);
    try {
      return await persist(attempt, signal, ui.showRefusal);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new FileError(texts.picture.refused(ui.reasonOf(error)));
    }
  }

  close() {
    this.cancel.abort();
    this.jpeg = null;
    dom.still.width = dom.still.height = 0;
  }
}

export class Video {
  /**
   * @param {import("./view.js").View} view
   * @param {import("./transport.js").Transport} transport
   * @param {{longSide: number, quality: number}} frameOptions
   * @param {number} stepMs time between the frames that are looked at
   * @param {() => void} onShown it is on the stage
   */
  constructor(view, transport, frameOptions, stepMs, onShown) {
    this.view = view;
    this.transport = transport;
    this.frameOptions = frameOptions;
    this.stepMs = stepMs;
    this.onShown = onShown;
    this.encoder = new Encoder();
    this.cancel = new AbortController();
    /** @type {videoFile.Sample[]} */
    this.samples = [];
    /** What was known of the faces after each sample: what is shown of one never depends on the way
     * to it. @type {ReturnType<import("./steady.js").Steadier["snapshot"]>[]} */
    this.known = [];
    /** @type {Session | null} the whole video, once it was looked at */
    this.session = null;
    this.sampleShown = -1;
    /** Whether it is on the stage. */
    this.shown = false;
    this.ready = false;
    this.askingWhy = false;
    this.askedWhyAt = -Infinity;
    /** The sample whose heat map is shown. */
    this.sampleExplained = -1;
  }

  get closed() {
    return this.cancel.signal.aborted;
  }

  /** What it is at, while nothing hinders it. @returns {ui.State} */
  get state() {
    if (!this.shown) return "opening";
    if (this.ready) return "video";
    return document.hidden ? "hidden" : "analysing";
  }

  /**
   * Look at the whole video, then let it be played.
   * @param {File} file
   * @throws {UnreadableError | FileError}
   */
  async open(file) {
    try {
      await videoFile.openVideo(file, dom.video);
    } catch {
      throw new UnreadableError();
    }
    if (this.closed) return;
    dom.seek.max = String(dom.video.duration);
    dom.seek.value = "0";
    dom.progress.value = 0;
    this.view.silentHeadline = texts.picture.notLooked;
    this.view.timeline.durationMs = 1000 * dom.video.duration;
    this.#enable(false);
    ui.setShape({ width: dom.video.videoWidth, height: dom.video.videoHeight });
    ui.showStage("video");
    this.shown = true;
    this.onShown();
    ui.showState(this.state);
    await this.#analyse();
    if (this.closed) return;
    const lookedAtMs = this.samples.length * this.stepMs;
    if (lookedAtMs < dom.video.duration * 1000) {
      dom.brokeOff.textContent = texts.picture.brokeOff(clock(lookedAtMs / 1000));
    }
    this.ready = true;
    this.session = this.#summedUp();
    this.#enable(true);
    // Where Space plays; until now it did nothing.
    if (document.activeElement === dom.stage) dom.pause.focus({ preventScroll: true });
    showStrips(dom.strips, this.session.summary(), this.session.durationMs);
    ui.showState(this.state);
    dom.video.currentTime = 0;
    this.#onDisplayFrame();
  }

  async #analyse() {
    const stream = `video-${Date.now()}`;
    const startedAt = performance.now();
    const { signal } = this.cancel;
    try {
      await videoFile.analyse(dom.video, {
        signal,
        stepMs: this.stepMs,
        ask: async (t) => {
          const jpeg = await this.encoder.encode(dom.video, this.frameOptions);
          return this.transport.ask(jpeg, stream, signal, { t });
        },
        onRefusal: ui.showRefusal,
        onSample: (sample, share) => {
          ui.showState(this.state); // there may have been a refusal before
          this.samples.push(sample);
          this.#show(this.samples.length - 1);
          this.known.push(this.view.steadier.snapshot());
          this.view.redraw();
          dom.progress.value = share;
          const leftMs = (performance.now() - startedAt) * (1 / share - 1);
          dom.playerTime.textContent = texts.picture.timeLeft(clock(leftMs / 1000));
        },
      });
    } catch (error) {
      if (this.closed) return;
      if (!(error instanceof Refusal)) throw new UnreadableError();
      throw new FileError(texts.picture.refused(ui.reasonOf(error)));
    }
  }

  togglePlay() {
    if (!this.ready) return;
    if (dom.video.paused) dom.video.play();
    else dom.video.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    if (this.ready) dom.video.currentTime = seconds;
  }

  /**
   * Keys step through what was looked at, with Shift by 5 s; the slider's own step is a pointer's.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
    const way = KEYS[key];
    if (!way || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    dom.seek.value = String(Number(dom.seek.value) + way * (shiftKey ? 5 : this.stepMs / 1000));
    this.seek(Number(dom.seek.value));
  }

  /** Ask why the selected face is taken for what it is, if that is wanted and not yet shown. */
  async #explain() {
    const { explaining, selected, shown, heat } = this.view;
    const face = shown.find((f) => f.track === selected);
    const known = heat.track === selected && this.sampleExplained === this.sampleShown;
    const early = performance.now() - this.askedWhyAt < EXPLAIN_EVERY_MS;
    if (!explaining || !face || known || early || this.askingWhy) return;
    this.askingWhy = true;
    this.askedWhyAt = performance.now();
    const { box } = face;
    const sample = this.sampleShown;
    const ms = dom.video.currentTime * 1000;
    const { signal } = this.cancel;
    try {
      const jpeg = await this.encoder.encode(dom.video, this.frameOptions);
      // In a stream of its own faces have other numbers: the same one stands in the same place.
      const stream = `why-${Date.now()}`;
      const same = faceAt(box, (await this.transport.ask(jpeg, stream, signal)).faces);
      if (!same) return;
      const { why } = await this.transport.ask(jpeg, stream, signal, {
        explain: same.track,
      });
      const wanted = this.view.explaining && this.view.selected === selected;
      if (!why || !wanted || this.closed) return;
      heat.take(why, selected, same.box, ms);
      this.sampleExplained = sample;
    } catch {
      // Asked again soon, as long as it is wanted.
    } finally {
      this.askingWhy = false;
    }
  }

  /** The whole video as a session, each sample at its own time. */
  #summedUp() {
    const startedAt = Date.now();
    const session = new Session(startedAt);
    this.samples.forEach(({ ms, result }, i) => {
      const shown = this.known[i].filter((face) => face.seen === ms);
      session.add(shown, result.faces, startedAt + ms, result);
    });
    session.end(startedAt + dom.video.duration * 1000);
    return session;
  }

  close() {
    this.cancel.abort();
    this.ready = false;
    this.encoder.clear();
    dom.strips.replaceChildren();
    dom.brokeOff.textContent = "";
    videoFile.closeVideo(dom.video);
    this.#enable(true);
  }

  /** @param {boolean} on */
  #enable(on) {
    dom.seek.disabled = dom.pause.disabled = dom.record.disabled = dom.why.disabled = !on;
    dom.progress.hidden = on;
    dom.pause.textContent = texts.page.play;
    dom.record.textContent = texts.page.session;
  }

  /** Take the faces of one sample as if they had just come. @param {number} at */
  #show(at) {
    const { ms, result } = this.samples[at];
    if (at !== this.sampleShown + 1) this.view.steadier.restore(this.known[at]);
    this.sampleShown = at;
    this.view.take(result, ms);
  }

  #onDisplayFrame = () => {
    if (!this.ready) return;
    requestAnimationFrame(this.#onDisplayFrame);
    const ms = dom.video.currentTime * 1000;
    const at = videoFile.sampleAt(this.samples, ms);
    if (at >= 0 && at !== this.sampleShown) this.#show(at);
    this.view.draw(ms);
    this.#explain();
    if (document.activeElement !== dom.seek || !dom.video.paused) {
      dom.seek.value = String(dom.video.currentTime);
    }
    showMoment(dom.strips, dom.video.currentTime / dom.video.duration);
    const { currentTime, duration, paused } = dom.video;
    dom.playerTime.textContent = `${clock(currentTime)} / ${clock(duration)}`;
    // Each step is news to a screen reader; while it plays, each second is enough.
    const spoken = clock(currentTime, paused ? 2 : 0);
    if (dom.seek.ariaValueText !== spoken) dom.seek.ariaValueText = spoken;
    dom.pause.textContent = dom.video.paused ? texts.page.play : texts.page.pause;
  };
}

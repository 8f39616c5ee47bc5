// @ts-check
/** A picture or a video file on the stage. One object lasts from opening to closing. */

import { Encoder } from "./encoder.js";
import { readPicture } from "./files.js";
import { faceAt } from "./geometry.js";
import { EXPLAIN_EVERY_MS } from "./live.js";
import { Session } from "./session.js";
import { Steadier } from "./steady.js";
import { showMoment, showStrips } from "./strips.js";
import { texts } from "./texts/index.js";
import * as ui from "./ui.js";
import * as videoFile from "./video-file.js";

const { dom } = ui;

/** A sentence for the reader: the file cannot be shown. */
export class FileError extends Error {}

export class Picture {
  /**
   * @param {import("./view.js").View} view
   * @param {import("./transport.js").Transport} transport
   */
  constructor(view, transport) {
    this.view = view;
    this.transport = transport;
    this.closed = false;
    /** @type {Blob | null} */
    this.jpeg = null;
  }

  /** @param {File} file @throws {FileError} */
  async open(file) {
    let jpeg;
    try {
      jpeg = await readPicture(file, dom.still);
    } catch {
      throw new FileError(texts.picture.unreadable);
    }
    if (this.closed) return;
    ui.setShape(dom.still);
    ui.showStage("still");
    ui.showState("connecting");
    let result;
    try {
      result = await this.transport.ask(jpeg, `picture-${Date.now()}`);
    } catch (error) {
      throw new FileError(texts.picture.refused(/** @type {Error} */ (error).message));
    }
    if (this.closed) return;
    this.jpeg = jpeg;
    this.view.take(result, performance.now());
    this.view.redraw();
    ui.showState("picture");
    if (!result.faces.length) dom.headline.textContent = texts.picture.faces(0);
  }

  /** Show why the selected face is taken for what it is. @throws {FileError} */
  async explain() {
    if (!this.jpeg) return;
    let result;
    try {
      // A stream of its own: faces are counted from 0 in each.
      result = await this.transport.ask(this.jpeg, `picture-${Date.now()}`, {
        explain: this.view.selected,
      });
    } catch (error) {
      throw new FileError(texts.picture.refused(/** @type {Error} */ (error).message));
    }
    if (this.closed || !this.view.explaining) return;
    this.view.take(result, performance.now());
    this.view.redraw();
  }

  close() {
    this.closed = true;
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
   */
  constructor(view, transport, frameOptions, stepMs) {
    this.view = view;
    this.transport = transport;
    this.frameOptions = frameOptions;
    this.stepMs = stepMs;
    this.encoder = new Encoder();
    this.cancel = new AbortController();
    /** @type {videoFile.Sample[]} */
    this.samples = [];
    this.sampleShown = -1;
    this.ready = false;
    this.askingWhy = false;
    this.askedWhyAt = -Infinity;
    /** The sample whose heat map is shown. */
    this.sampleExplained = -1;
  }

  get closed() {
    return this.cancel.signal.aborted;
  }

  /** Look at the whole video, then let it be played. @param {File} file @throws {FileError} */
  async open(file) {
    try {
      await videoFile.openVideo(file, dom.video);
    } catch {
      throw new FileError(texts.picture.unplayable);
    }
    if (this.closed) return;
    dom.seek.max = String(dom.video.duration);
    dom.seek.value = "0";
    dom.progress.value = 0;
    this.view.timeline.whole = true;
    this.#enable(false);
    ui.setShape({ width: dom.video.videoWidth, height: dom.video.videoHeight });
    ui.showStage("video");
    ui.showState("analysing");
    await this.#analyse();
    if (this.closed) return;
    this.ready = true;
    this.#enable(true);
    showStrips(dom.strips, this.session().summary(), dom.video.duration * 1000);
    ui.showState("video");
    dom.video.currentTime = 0;
    this.#onDisplayFrame();
  }

  async #analyse() {
    const stream = `video-${Date.now()}`;
    const startedAt = performance.now();
    try {
      await videoFile.analyse(dom.video, {
        signal: this.cancel.signal,
        stepMs: this.stepMs,
        ask: async (t) =>
          this.transport.ask(await this.encoder.encode(dom.video, this.frameOptions), stream, {
            t,
          }),
        onSample: (sample, share) => {
          this.samples.push(sample);
          this.#show(this.samples.length - 1);
          this.view.redraw();
          dom.progress.value = share;
          const leftMs = (performance.now() - startedAt) * (1 / share - 1);
          dom.playerTime.textContent = texts.picture.timeLeft(ui.clock(leftMs / 1000));
        },
      });
    } catch (error) {
      if (this.closed) return;
      throw new FileError(texts.picture.refused(/** @type {Error} */ (error).message));
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
    try {
      const jpeg = await this.encoder.encode(dom.video, this.frameOptions);
      // In a stream of its own faces have other numbers: the same one stands in the same place.
      const stream = `why-${Date.now()}`;
      const same = faceAt(box, (await this.transport.ask(jpeg, stream)).faces);
      if (!same) return;
      const { why } = await this.transport.ask(jpeg, stream, { explain: same.track });
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
  session() {
    const startedAt = Date.now();
    const session = new Session(startedAt);
    const steadier = new Steadier();
    for (const { ms, result } of this.samples) {
      steadier.update(result.faces, ms);
      const shown = steadier.at(ms).filter((face) => face.seen === ms);
      session.add(shown, result.faces, startedAt + ms, result);
    }
    session.end(startedAt + dom.video.duration * 1000);
    return session;
  }

  close() {
    this.cancel.abort();
    this.ready = false;
    this.encoder.clear();
    dom.strips.replaceChildren();
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
    if (at !== this.sampleShown + 1) this.view.steadier.clear();
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
    const time = [dom.video.currentTime, dom.video.duration].map(ui.clock);
    dom.playerTime.textContent = time.join(" / ");
    dom.pause.textContent = dom.video.paused ? texts.page.play : texts.page.pause;
  };
}

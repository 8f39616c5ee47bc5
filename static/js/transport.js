// @ts-check
/** The only module that knows Socket.IO. Frames in flight are limited by acknowledgements. */

import { io } from "../vendor/socket.io-client/socket.io.esm.min.js";

const ACK_LIMIT_MS = 8000;

/**
 * @typedef {object} Face
 * @property {number} track
 * @property {[number, number, number, number]} box x, y, width, height in pixels of the frame
 * @property {number | null} score
 * @property {string} label
 * @property {number} confidence
 * @property {Record<string, number>} probabilities
 */
/**
 * @typedef {object} Result
 * @property {number} id
 * @property {number} sent_at
 * @property {number} width
 * @property {number} height
 * @property {Face[]} faces
 * @property {Record<string, number>} timing_ms
 * @property {number} dropped
 */
/** @typedef {{ok: boolean, code?: string, message?: string}} Ack */

export class Transport {
  /**
   * @param {object} on
   * @param {(hello: any) => void} on.hello
   * @param {(result: Result, roundTripMs: number) => void} on.result newest results only
   * @param {(ack: Ack) => void} on.refused a frame without a result
   * @param {(connected: boolean) => void} on.connection
   * @param {() => void} on.credit a frame may be sent again
   */
  constructor(on) {
    this.on = on;
    this.nextId = 1;
    this.newestResult = 0;
    this.inFlight = 0;
    /** Frames that may be on their way at once: 1, or 2 where the network is the slow part. */
    this.window = 1;
    this.generation = 0;
    this.socket = io({ transports: ["websocket", "polling"], tryAllTransports: true });
    this.socket.on("connect", () => {
      this.#forget();
      on.connection(true);
    });
    this.socket.on("disconnect", () => {
      this.#forget();
      on.connection(false);
    });
    this.socket.on("connect_error", () => on.connection(false));
    this.socket.on("hello", on.hello);
    this.socket.on("result", (result) => this.#receive(result));
  }

  /** Whether a frame sent now would go out at once. */
  get open() {
    return this.socket.connected && this.inFlight < this.window;
  }

  /**
   * Send one frame; call only while `open`.
   * @param {Blob} jpeg
   */
  send(jpeg) {
    if (!this.open) return; // connection lost while encoding: an old frame is worth nothing later
    this.inFlight += 1;
    const generation = this.generation;
    const header = { id: this.nextId++, sent_at: performance.now() };
    this.socket
      .timeout(ACK_LIMIT_MS)
      .emit("frame", header, jpeg, (/** @type {Error | null} */ late, /** @type {Ack} */ ack) => {
        if (generation !== this.generation) return;
        this.inFlight -= 1;
        if (late) this.on.refused({ ok: false, code: "late", message: "" });
        else if (!ack.ok) this.on.refused(ack);
        this.on.credit();
      });
  }

  /** @param {Result} result */
  #receive(result) {
    if (result.id <= this.newestResult) return;
    this.newestResult = result.id;
    const roundTripMs = performance.now() - result.sent_at;
    const networkMs = roundTripMs - result.timing_ms.total;
    const serviceMs = result.timing_ms.total - result.timing_ms.queue;
    // A second frame in flight hides the network's time; on a fast network it would only wait.
    this.window = networkMs >= serviceMs / 2 ? 2 : 1;
    this.on.result(result, roundTripMs);
  }

  #forget() {
    this.generation += 1;
    this.inFlight = 0;
  }
}

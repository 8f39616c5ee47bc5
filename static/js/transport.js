// @ts-check
/** The only module that knows Socket.IO. Frames in flight are limited by acknowledgements. */

import { io } from "../vendor/socket.io-client/socket.io.esm.min.js";

const ACK_LIMIT_MS = 8000;
const REFUSED_PAUSE_MS = 400;
const FULL_PAUSE_MS = 3000;
/** Socket.IO waits up to half as long again: a server that comes back is found within 5 s. */
const RECONNECT_MS = 2000;

/**
 * @typedef {object} Face
 * @property {number} track
 * @property {[number, number, number, number]} box x, y, width, height in pixels of the frame
 * @property {number | null} score
 * @property {string} label
 * @property {number} confidence
 * @property {boolean} confident
 * @property {Record<string, number>} probabilities
 */
/**
 * @typedef {object} Result
 * @property {number} id
 * @property {number} sent_at
 * @property {string} stream
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
   * @param {() => void} on.full the server takes nobody more for now
   * @param {() => void} on.credit a frame may be sent again
   */
  constructor(on) {
    this.on = on;
    this.nextId = 1;
    this.newestResult = 0;
    this.inFlight = 0;
    /** Frames that may be on their way at once: 1, or 2 where the network is the slow part. */
    this.window = 1;
    /** Counts connections, so that answers to an earlier one are told apart. */
    this.generation = 0;
    /** Whether this connection has had its hello. */
    this.greeted = false;
    /** @type {string | null} version of the text that the reader agreed to */
    this.consentedTo = null;
    /** Whether the server has taken the consent for this connection. */
    this.agreed = false;
    /** @type {Map<number, {result: Result | null, reject: (error: Error) => void}>} */
    this.asked = new Map();
    /** @type {(() => void)[]} who waits for `agreed` */
    this.waiting = [];
    this.socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelayMax: RECONNECT_MS,
    });
    this.socket.on("connect", () => on.connection(true));
    this.socket.on("disconnect", () => {
      this.#forget();
      on.connection(false);
    });
    this.socket.on("connect_error", (error) => {
      if (error.message !== "server_full") return on.connection(false);
      on.full();
      // Socket.IO does not try again by itself where the server said no.
      setTimeout(() => this.socket.connect(), FULL_PAUSE_MS);
    });
    this.socket.on("hello", (hello) => {
      this.#forget();
      this.greeted = true;
      on.hello(hello);
      this.#sayConsent();
    });
    this.socket.on("result", (result) => this.#receive(result));
  }

  /**
   * Everyone in view agreed; said again after each reconnection.
   * @param {string} version of the text they agreed to
   */
  consent(version) {
    this.consentedTo = version;
    this.#sayConsent();
  }

  /** The agreement is over; nothing more is sent. */
  withdraw() {
    this.consentedTo = null;
    this.agreed = false;
  }

  /** Whether a frame sent now would go out at once. */
  get open() {
    return this.socket.connected && this.agreed && this.inFlight < this.window;
  }

  /**
   * Send one frame of the live stream; call only while `open`.
   * @param {Blob} jpeg
   * @param {string} stream a new value starts new tracks
   */
  send(jpeg, stream) {
    if (!this.open) return; // connection lost while encoding: an old frame is worth nothing later
    this.inFlight += 1;
    this.#emit(this.nextId++, jpeg, stream, (ack) => {
      if (ack.ok) {
        this.inFlight -= 1;
        this.on.credit();
        return;
      }
      // The credit comes back later: a server that refuses must not be asked as fast as it can.
      const { generation } = this;
      setTimeout(() => {
        if (generation !== this.generation) return;
        this.inFlight -= 1;
        this.on.credit();
      }, REFUSED_PAUSE_MS);
      this.on.refused(ack);
    });
  }

  /**
   * Send one picture and wait for its result.
   * @param {Blob} jpeg
   * @param {string} stream
   * @param {number} [mediaMs] time of the picture, where it is one of a video
   * @returns {Promise<Result>} rejected with the server's sentence
   */
  async ask(jpeg, stream, mediaMs) {
    if (!this.agreed) await new Promise((resolve) => this.waiting.push(() => resolve(undefined)));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { result: null, reject });
      const onAck = (/** @type {Ack} */ ack) => {
        const result = this.asked.get(id)?.result;
        this.asked.delete(id);
        if (ack.ok && result) resolve(result);
        else reject(new Error(ack.message ?? ""));
      };
      this.#emit(id, jpeg, stream, onAck, mediaMs);
    });
  }

  /**
   * @param {number} id
   * @param {Blob} jpeg
   * @param {string} stream
   * @param {(ack: Ack) => void} onAck
   * @param {number} [mediaMs]
   */
  #emit(id, jpeg, stream, onAck, mediaMs) {
    const generation = this.generation;
    const now = performance.now();
    this.socket
      .timeout(ACK_LIMIT_MS)
      .emit(
        "frame",
        { id, sent_at: now, stream, t: mediaMs ?? now },
        jpeg,
        (/** @type {Error | null} */ late, /** @type {Ack} */ ack) => {
          if (generation !== this.generation) return;
          onAck(late ? { ok: false, code: "late", message: "" } : ack);
        },
      );
  }

  #sayConsent() {
    if (this.consentedTo === null || this.agreed || !this.greeted) return;
    const { generation } = this;
    const onAck = (/** @type {Error | null} */ late, /** @type {Ack} */ ack) => {
      if (generation !== this.generation || this.consentedTo === null) return;
      if (late) return this.#sayConsent();
      this.agreed = ack.ok;
      if (!ack.ok) return this.on.refused(ack);
      for (const go of this.waiting.splice(0)) go();
      this.on.credit();
    };
    const consent = { version: this.consentedTo };
    this.socket.timeout(ACK_LIMIT_MS).emit("consent", consent, onAck);
  }

  /** @param {Result} result */
  #receive(result) {
    const asked = this.asked.get(result.id);
    if (asked) {
      asked.result = result;
      return;
    }
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
    this.agreed = false;
    this.greeted = false;
    for (const { reject } of this.asked.values()) reject(new Error("the connection was lost"));
    this.asked.clear();
  }
}

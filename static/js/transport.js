// @ts-check
/** The only module that knows Socket.IO. Frames in flight are limited by acknowledgements. */

import { io } from "../vendor/socket.io-client/socket.io.esm.min.js";
import { Refusal } from "./refusal.js";

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
 * @typedef {object} Why which parts of a face moved the decision
 * @property {number} track
 * @property {string} label
 * @property {[number, number][]} corners of the face's crop in pixels of the frame, clockwise
 * @property {number[][]} heat rows of 0..1
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
 * @property {Why} [why]
 */
/** @typedef {{ok: boolean, code?: string, message?: string}} Ack */

export class Transport {
  /**
   * @param {object} on
   * @param {(hello: any) => void} on.hello
   * @param {(result: Result, roundTripMs: number) => void} on.result newest results only
   * @param {(refusal: Refusal) => void} on.refused a live frame, or the consent
   * @param {() => void} on.lost the connection, until the next hello
   * @param {() => void} on.full the server takes nobody more for now
   * @param {() => void} on.credit a frame may be sent again
   * @param {(code: string | null) => void} on.barred the server wants another join code than this one
   * @param {(count: number) => void} on.viewers how many watch through this page's link
   * @param {string | null} code the join code, where one is known
   */
  constructor(on, code) {
    this.on = on;
    this.code = code;
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
    /** @type {{resolve: (value?: any) => void, reject: (error: Error) => void}[]} pictures of files
     *   that may not be sent yet */
    this.waiting = [];
    document.addEventListener("visibilitychange", () => this.#wake());
    this.socket = connect(() => (this.code === null ? {} : { code: this.code }));
    this.socket.on("disconnect", () => {
      this.#forget();
      on.lost();
    });
    this.socket.on("connect_error", (error) => {
      const code = refusalIn(error)?.code;
      if (code === "bad_code") return on.barred(this.code);
      if (code !== "server_full") return on.lost();
      on.full();
      // Socket.IO does not try again by itself where the server said no.
      setTimeout(() => this.socket.connect(), FULL_PAUSE_MS);
    });
    this.socket.on("viewers", ({ count }) => on.viewers(count));
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

  /** The agreement is over; nothing more is sent, nor kept for the next one. */
  withdraw() {
    this.consentedTo = null;
    this.agreed = false;
    this.#refuseWaiting(new Refusal("withdrawn"));
  }

  /** Try again with another join code. @param {string} code */
  join(code) {
    this.code = code;
    this.socket.connect();
  }

  /**
   * Make or end the link through which others watch the numbers.
   * @param {boolean} on
   * @returns {Promise<string | null>} the link's token; null if there is none
   */
  async share(on) {
    if (!this.socket.connected) return null; // not later, when nobody waits for it any more
    try {
      const ack = await this.socket.timeout(ACK_LIMIT_MS).emitWithAck("share", { on });
      return ack.token ?? null;
    } catch {
      return null; // a lost connection ends the link
    }
  }

  /** Whether a frame sent now would go out at once. */
  get open() {
    return this.socket.connected && this.agreed && this.inFlight < this.window;
  }

  /**
   * Send one frame of the live stream; call only while `open`.
   * @param {Blob} jpeg
   * @param {string} stream a new value starts new tracks
   * @param {number} [explain] track whose heat map is wanted
   */
  send(jpeg, stream, explain) {
    if (!this.open) return; // connection lost while encoding: an old frame is worth nothing later
    this.inFlight += 1;
    const onAck = (/** @type {Ack} */ ack) => {
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
      this.on.refused(refusalOf(ack));
    };
    this.#emit(jpeg, { id: this.nextId++, stream, explain }, onAck);
  }

  /**
   * Send one picture, as soon as everyone agreed and the tab is seen, and wait for its result.
   * @param {Blob} jpeg
   * @param {string} stream
   * @param {AbortSignal} signal until it was sent
   * @param {{t?: number, explain?: number}} [header] time of the picture where it is one of a
   *   video, in milliseconds; track whose heat map is wanted
   * @returns {Promise<Result>} rejected with a `Refusal`, or the signal's reason
   */
  async ask(jpeg, stream, signal, header = {}) {
    while (!this.agreed || document.hidden) await this.#change(signal);
    signal.throwIfAborted();
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { result: null, reject });
      const onAck = (/** @type {Ack} */ ack) => {
        const result = this.asked.get(id)?.result;
        this.asked.delete(id);
        if (ack.ok && result) resolve(result);
        else reject(refusalOf(ack));
      };
      this.#emit(jpeg, { ...header, id, stream }, onAck);
    });
  }

  /** Until something changed that pictures wait for. @param {AbortSignal} signal */
  #change(signal) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  #wake() {
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  /** @param {Refusal} refusal */
  #refuseWaiting(refusal) {
    for (const { reject } of this.waiting.splice(0)) reject(refusal);
  }

  /**
   * @param {Blob} jpeg
   * @param {{id: number, stream: string, t?: number, explain?: number}} header
   * @param {(ack: Ack) => void} onAck
   */
  #emit(jpeg, header, onAck) {
    const generation = this.generation;
    const now = performance.now();
    this.socket
      .timeout(ACK_LIMIT_MS)
      .emit(
        "frame",
        { sent_at: now, t: now, ...header },
        jpeg,
        (/** @type {Error | null} */ late, /** @type {Ack} */ ack) => {
          if (generation !== this.generation) return;
          onAck(late ? { ok: false, code: "late" } : ack);
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
      if (!ack.ok) {
        this.#refuseWaiting(refusalOf(ack));
        return this.on.refused(refusalOf(ack));
      }
      this.#wake();
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
    for (const { reject } of this.asked.values()) reject(new Refusal("lost"));
    this.asked.clear();
  }
}

/**
 * Watch somebody's numbers through their link.
 * @param {string} token of the link
 * @param {object} on
 * @param {(hello: any) => void} on.hello
 * @param {(result: Result) => void} on.result
 * @param {() => void} on.ended the link has ended, or never was
 * @param {(connected: boolean) => void} on.connection
 */
export function watch(token, on) {
  const socket = connect(() => ({ watch: token }));
  socket.on("hello", on.hello);
  socket.on("result", on.result);
  socket.on("ended", on.ended);
  socket.on("connect", () => on.connection(true));
  socket.on("disconnect", (reason) => {
    if (reason !== "io server disconnect") on.connection(false); // else `ended` has said it
  });
  socket.on("connect_error", (error) => {
    if (refusalIn(error)?.code === "bad_link") on.ended();
    else on.connection(false);
  });
}

/** @param {() => object} auth what to say at each connection */
function connect(auth) {
  return io({
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelayMax: RECONNECT_MS,
    auth: (/** @type {(said: object) => void} */ say) => say(auth()),
  });
}

/** @param {Ack} ack that has no result */
const refusalOf = ({ code = "dropped", message }) => new Refusal(code, message);

/** What the server said when it refused the connection. @param {any} error @returns {Ack | undefined} */
const refusalIn = (error) => error.data;

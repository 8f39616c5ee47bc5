// @ts-check
/** A frame that got no result, and how often it is sent again. */

const RETRY_MS = 250;

/**
 * Codes that pass by themselves, and what the page says meanwhile: nothing where the reader could
 * do nothing about it, or where the connection's state says it.
 * @type {Record<string, "starting" | "stalled" | null>}
 */
const PASSING = {
  busy: "starting",
  dropped: "stalled",
  late: "stalled",
  rate_limited: null,
  lost: null,
};

export class Refusal extends Error {
  /**
   * @param {string} code one of the protocol's, or `late`: no answer in time, `lost`: the
   *   connection was, `withdrawn`: the consent was
   * @param {string} [message] the server's sentence
   */
  constructor(code, message = "") {
    super(message);
    this.code = code;
  }

  /** Whether the same frame may get a result later. */
  get passing() {
    return this.code in PASSING;
  }

  /** What the page says until it does, if anything. */
  get state() {
    return PASSING[this.code] ?? null;
  }
}

/**
 * Try until there is a result, or a refusal that does not pass.
 * @template Value
 * @param {() => Promise<Value>} attempt
 * @param {AbortSignal} signal
 * @param {(refusal: Refusal) => void} onRefusal that passes
 * @returns {Promise<Value | null>} null when aborted
 */
export async function persist(attempt, signal, onRefusal) {
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof Refusal) || !error.passing) throw error;
      onRefusal(error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}

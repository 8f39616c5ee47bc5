// @ts-check
/** A video's current picture as JPEG: on a thread of its own where the browser can. */

import { toBlob } from "./files.js";
import { fitWithin } from "./geometry.js";

/** @typedef {{width: number, height: number, quality: number}} Wanted */

export class Encoder {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    /** @type {Worker | null} */
    this.worker = null;
    this.canUseWorker = typeof OffscreenCanvas === "function" && "createImageBitmap" in window;
  }

  /**
   * One picture at a time: wait for the one before.
   * @param {HTMLVideoElement} video
   * @param {{longSide: number, quality: number}} options longest side in pixels, quality 0..1
   * @returns {Promise<Blob>}
   */
  async encode(video, { longSide, quality }) {
    const wanted = { ...fitWithin(video.videoWidth, video.videoHeight, longSide), quality };
    if (this.canUseWorker) {
      try {
        return await this.#encodeInWorker(video, wanted);
      } catch {
        this.canUseWorker = false; // from here on the plain way
      }
    }
    return this.#encodeHere(video, wanted);
  }

  /** @param {HTMLVideoElement} video @param {Wanted} wanted @returns {Promise<Blob>} */
  async #encodeInWorker(video, wanted) {
    this.worker ??= new Worker(new URL("./encoder-worker.js", import.meta.url));
    const { worker } = this;
    const picture = await take(video);
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.jpeg ? resolve(data.jpeg) : reject(data.error));
      worker.onerror = reject;
      worker.postMessage({ picture, ...wanted }, [picture]);
    });
  }

  /** @param {HTMLVideoElement} video @param {Wanted} wanted */
  async #encodeHere(video, { width, height, quality }) {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    this.context?.drawImage(video, 0, 0, width, height);
    return toBlob(this.canvas, "image/jpeg", quality);
  }

  /** Drop the last picture. */
  clear() {
    this.worker?.terminate();
    this.worker = null;
    this.canvas.width = this.canvas.height = 0;
  }
}

/**
 * A picture that can go to a worker.
 * @param {HTMLVideoElement} video
 * @returns {VideoFrame | Promise<ImageBitmap>} a frame is not copied, but a file's may lie on its side
 */
function take(video) {
  const live = video.srcObject !== null;
  return live && "VideoFrame" in window ? new VideoFrame(video) : createImageBitmap(video);
}

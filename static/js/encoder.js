// @ts-check
/** A video's current picture as JPEG. */

import { toBlob } from "./files.js";
import { fitWithin } from "./geometry.js";

export class Encoder {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {{longSide: number, quality: number}} options longest side in pixels, quality 0..1
   * @returns {Promise<Blob>}
   */
  async encode(video, { longSide, quality }) {
    const size = fitWithin(video.videoWidth, video.videoHeight, longSide);
    if (this.canvas.width !== size.width || this.canvas.height !== size.height) {
      Object.assign(this.canvas, size);
    }
    this.context?.drawImage(video, 0, 0, size.width, size.height);
    return toBlob(this.canvas, "image/jpeg", quality);
  }

  /** Drop the last picture. */
  clear() {
    this.canvas.width = this.canvas.height = 0;
  }
}

// @ts-check
/** Pictures from the viewer's own files, and files to keep. */

import { fitWithin } from "./geometry.js";

/** Longest side that is sent; larger pictures are reduced in the browser. */
const LONG_SIDE = 1600;
const QUALITY = 0.9;

/**
 * Draw a picture file on a canvas, upright.
 * @param {File} file
 * @param {HTMLCanvasElement} canvas
 * @param {AbortSignal} signal the canvas is left alone once aborted
 * @returns {Promise<Blob>} the same as JPEG
 * @throws {Error} the browser cannot read it, or it was aborted
 */
export async function readPicture(file, canvas, signal) {
  const bitmap = await createImageBitmap(file);
  signal.throwIfAborted();
  Object.assign(canvas, fitWithin(bitmap.width, bitmap.height, LONG_SIDE));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return toBlob(canvas, "image/jpeg", QUALITY);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} type
 * @param {number} [quality] 0..1
 * @returns {Promise<Blob>}
 */
export function toBlob(canvas, type, quality) {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error(`the browser made no ${type}`))),
      type,
      quality,
    );
  });
}

/**
 * Save a file on the viewer's device.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A time for file names, as 2026-11-22-20-45-10. */
export function stamp() {
  return new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
}

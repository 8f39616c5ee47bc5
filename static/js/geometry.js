// @ts-check
/** From pixels of the sent frame to pixels of the overlay. */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

/**
 * Where a box of the sent frame lies on the overlay.
 * @param {[number, number, number, number]} box x, y, width, height in pixels of the frame
 * @param {{width: number, height: number}} frame size of the sent frame
 * @param {{width: number, height: number}} view size of the overlay, which shows the whole frame
 * @param {boolean} mirrored whether the picture is shown as in a mirror
 * @returns {Rect}
 */
export function toView([x, y, width, height], frame, view, mirrored) {
  const sx = view.width / frame.width;
  const sy = view.height / frame.height;
  const left = mirrored ? frame.width - x - width : x;
  return { x: left * sx, y: y * sy, width: width * sx, height: height * sy };
}

/**
 * Largest size with the same shape whose longer side is at most `limit`.
 * @param {number} width
 * @param {number} height
 * @param {number} limit
 * @returns {{width: number, height: number}} whole pixels, at least 1
 */
export function fitWithin(width, height, limit) {
  const ratio = Math.min(1, limit / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * ratio)),
    height: Math.max(1, Math.round(height * ratio)),
  };
}

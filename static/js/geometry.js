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

/**
 * Where something of this size finds room beside a box: to its right, else to its left.
 * @param {Rect} box
 * @param {{width: number, height: number}} size
 * @param {{width: number, height: number}} view size of the overlay
 * @param {Rect[]} taken what it may not cover
 * @returns {Rect | null} null where there is no room
 */
export function beside(box, size, view, taken) {
  const y = Math.max(4, Math.min(box.y, view.height - size.height - 4));
  for (const x of [box.x + box.width + 6, box.x - size.width - 6]) {
    const place = { x, y, ...size };
    const inside = x >= 2 && x + size.width <= view.width - 2 && size.height + 8 <= view.height;
    if (inside && !taken.some((other) => overlap(place, other))) return place;
  }
  return null;
}

/** A label that went below comes back once there is this much room above: else it would flicker. */
const ROOM_TO_RETURN_PX = 8;

/**
 * Where a label of this size stands: above its box, below it where something is above, else the
 * nearest place above or below the labels that are in its way. Rather over another face than over
 * another label.
 * At the picture's top it lies over the box: a jump to below would flicker.
 * @param {Rect} box
 * @param {{width: number, height: number}} size
 * @param {{width: number, height: number}} view size of the overlay
 * @param {object} around
 * @param {Rect[]} around.labels that stand already
 * @param {Rect[]} around.faces of others
 * @param {boolean} around.wasBelow where it stood at the last drawing
 * @returns {Rect}
 */
export function atTop(box, size, view, { labels, faces, wasBelow }) {
  const x = Math.max(2, Math.min(box.x, view.width - size.width - 2));
  const lowest = view.height - size.height - 2;
  const within = (/** @type {number} */ y) => Math.max(2, Math.min(y, lowest));
  const above = within(box.y - size.height - 4);
  const below = within(box.y + box.height + 4);
  const next = labels
    .flatMap((other) => [other.y - size.height - 2, other.y + other.height + 2])
    .filter((y) => y === within(y))
    .sort((a, b) => Math.abs(a - above) - Math.abs(b - above));
  const places = [above, below, ...next].map((y) => ({ x, y, ...size }));
  const cost = (/** @type {Rect} */ place, /** @type {number} */ i) => {
    const needed = wasBelow && i === 0 ? grown(place, ROOM_TO_RETURN_PX) : place;
    const hits = (/** @type {Rect} */ other) => overlap(needed, other);
    return labels.some(hits) ? 2 : Number(faces.some(hits));
  };
  const costs = places.map(cost);
  return places[costs.indexOf(Math.min(...costs))];
}

/**
 * The face in the place of this box.
 * @template {{box: [number, number, number, number]}} Face
 * @param {[number, number, number, number]} box x, y, width, height
 * @param {Face[]} faces
 * @returns {Face | undefined} the nearest, if its middle lies within the box
 */
export function faceAt([x, y, width, height], faces) {
  const far = (/** @type {Face} */ { box }) => [
    Math.abs(box[0] + box[2] / 2 - x - width / 2) / width,
    Math.abs(box[1] + box[3] / 2 - y - height / 2) / height,
  ];
  const inside = faces.filter((face) => Math.max(...far(face)) < 0.5);
  return inside.sort((a, b) => Math.hypot(...far(a)) - Math.hypot(...far(b)))[0];
}

/** @param {Rect} rect @param {number} by pixels on each side @returns {Rect} */
function grown({ x, y, width, height }, by) {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** @param {Rect} a @param {Rect} b */
function overlap(a, b) {
  const apart =
    a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height;
  return !apart;
}

// @ts-check

/** @param {number} seconds @param {number} digits of a second @returns {string} as 1:05 or 1:05.20 */
export function clock(seconds, digits = 0) {
  const unit = 10 ** digits;
  const rounded = Math.max(0, Math.round(seconds * unit)) / unit;
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `${Math.floor(rounded / 60)}:${rest}`;
}

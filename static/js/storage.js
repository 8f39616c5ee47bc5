// @ts-check
/** What this browser keeps for the page; nothing where the reader has blocked it. */

/** @param {string} key @returns {string | null} */
export function get(key) {
  try {
    return localStorage.getItem(`moodlight.${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} value null removes it */
export function set(key, value) {
  try {
    if (value === null) localStorage.removeItem(`moodlight.${key}`);
    else localStorage.setItem(`moodlight.${key}`, value);
  } catch {
    // Kept for this visit only.
  }
}

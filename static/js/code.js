// @ts-check
/** The join code: comes with the link, in its fragment; kept until this tab is closed. */

const KEY = "moodlight.code";

/** The code that the link brought, or that this tab already had. @returns {string | null} */
export function read() {
  const brought = new URLSearchParams(location.hash.slice(1)).get("code");
  if (brought) {
    store(brought);
    // Out of the address bar, so that it is in no history and on no screenshot.
    history.replaceState(null, "", location.pathname + location.search);
  }
  try {
    return brought ?? sessionStorage.getItem(KEY);
  } catch {
    return brought; // the reader has blocked it
  }
}

/** @param {string | null} code null forgets it */
export function store(code) {
  try {
    if (code === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, code);
  } catch {
    // Asked for again after a reload.
  }
}

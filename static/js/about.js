// @ts-check
/** The page about the program and its model: texts and numbers in the reader's language. */

import { fillPage, language, texts } from "./texts/index.js";

/**
 * Fill the elements that carry this value.
 * @param {string} name of the value among their data
 * @param {(value: string) => string} say
 */
function fill(name, say) {
  for (const element of document.querySelectorAll(`[data-${name}]`)) {
    element.textContent = say(/** @type {HTMLElement} */ (element).dataset[name] ?? "");
  }
}

/** @param {"decimal" | "percent"} style @param {number} digits after the point */
function numbers(style, digits) {
  return new Intl.NumberFormat(language, {
    style,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

document.title = texts.about.title;
fillPage(texts.about);
fill("number", (value) => numbers("decimal", 2).format(Number(value)));
fill("share", (value) => numbers("percent", 1).format(Number(value)));
fill("expression", (label) => texts.labels[/** @type {keyof typeof texts.labels} */ (label)]);

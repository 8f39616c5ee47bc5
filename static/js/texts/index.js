// @ts-check
/** The reader's language: `?lang=` if given, else the browser's, else English. */

import { UNSURE } from "../expressions.js";
import { de } from "./de.js";
import { en } from "./en.js";

const LANGUAGES = /** @type {Record<string, typeof en>} */ ({ en, de });

const wanted = [new URLSearchParams(location.search).get("lang"), ...navigator.languages];

export const language =
  wanted.map((tag) => tag?.slice(0, 2).toLowerCase() ?? "").find((tag) => tag in LANGUAGES) ?? "en";

export const texts = LANGUAGES[language];

/** What an expression is called, or being unsure. @param {string} label */
export const labelName = (label) =>
  label === UNSURE
    ? texts.unsure
    : (texts.labels[/** @type {keyof typeof texts.labels} */ (label)] ?? label);

/**
 * Fill every element that has `data-text="key"` with the sentence of that key, and lead
 * `data-same-language` links to a page in the language that was asked for.
 * @param {Record<string, any>} sentences
 */
export function fillPage(sentences = texts.page) {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = sentences[/** @type {HTMLElement} */ (element).dataset.text ?? ""];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    const key = /** @type {HTMLElement} */ (element).dataset.label ?? "";
    element.setAttribute("aria-label", sentences[key]);
  }
  for (const link of document.querySelectorAll("a[data-same-language]")) {
    /** @type {HTMLAnchorElement} */ (link).search = location.search;
  }
}

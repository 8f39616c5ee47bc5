// @ts-check
/** The seven large probability bars of the selected face. */

import { COLOURS } from "./expressions.js";
import { texts } from "./texts/index.js";

export class Bars {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    /** @type {Map<string, {meter: HTMLElement, fill: HTMLElement, value: HTMLElement}>} */
    this.rows = new Map();
  }

  /**
   * Make one row for each label.
   * @param {string[]} labels
   * @param {Record<string, string>} names how they are called
   */
  setLabels(labels, names) {
    if (labels.length === this.rows.size) return;
    this.list.replaceChildren();
    for (const label of labels) {
      const row = document.createElement("li");
      const name = document.createElement("span");
      const meter = document.createElement("span");
      const fill = document.createElement("span");
      const value = document.createElement("span");
      name.className = "name";
      name.textContent = names[label];
      meter.className = "meter";
      meter.setAttribute("role", "meter");
      meter.setAttribute("aria-label", names[label]);
      meter.dataset.expression = label;
      meter.setAttribute("aria-valuemin", "0");
      meter.setAttribute("aria-valuemax", "1");
      fill.style.background = COLOURS[label];
      value.className = "value";
      meter.append(fill);
      row.append(name, meter, value);
      this.list.append(row);
      this.rows.set(label, { meter, fill, value });
    }
    this.show(null);
  }

  /** @param {Record<string, number> | null} probabilities null empties the bars */
  show(probabilities) {
    for (const [label, { meter, fill, value }] of this.rows) {
      const p = probabilities?.[label] ?? 0;
      fill.style.transform = `scaleX(${p})`;
      meter.setAttribute("aria-valuenow", p.toFixed(3)); // 1e-8 is no value to ARIA
      value.textContent = probabilities ? texts.percent(p) : "–";
    }
    this.list.classList.toggle("empty", !probabilities);
  }
}

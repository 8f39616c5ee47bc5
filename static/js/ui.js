// @ts-check
/** The page's elements outside the canvas and the bars. */

import { texts } from "./texts.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export const dom = {
  status: element("status"),
  stage: element("stage"),
  video: /** @type {HTMLVideoElement} */ (element("video")),
  overlay: /** @type {HTMLCanvasElement} */ (element("overlay")),
  welcome: element("welcome"),
  host: element("host"),
  consent: /** @type {HTMLInputElement} */ (element("consent")),
  start: /** @type {HTMLButtonElement} */ (element("start")),
  notice: element("notice"),
  headline: element("headline"),
  bars: element("bars"),
  others: element("others"),
  controls: element("controls"),
  cameras: /** @type {HTMLSelectElement} */ (element("cameras")),
  mirror: /** @type {HTMLInputElement} */ (element("mirror")),
  stop: /** @type {HTMLButtonElement} */ (element("stop")),
  figures: element("figures"),
};

/** @param {keyof typeof texts.state} state */
export function showState(state) {
  if (dom.status.dataset.state === state && dom.status.textContent) return;
  dom.status.dataset.state = state;
  dom.status.textContent = texts.state[state];
}

/** @param {string} message empty hides it */
export function showNotice(message) {
  dom.notice.textContent = message;
  dom.notice.hidden = !message;
}

/** @param {boolean} live whether the camera's picture is shown */
export function showLive(live) {
  dom.welcome.hidden = live;
  dom.video.hidden = !live;
  dom.controls.hidden = !live;
}

/**
 * @param {MediaDeviceInfo[]} cameras
 * @param {string | null} chosen
 */
export function showCameras(cameras, chosen) {
  dom.cameras.replaceChildren(
    ...cameras.map((camera, i) => {
      const name = camera.label || texts.cameraName(i + 1);
      return new Option(name, camera.deviceId, false, camera.deviceId === chosen);
    }),
  );
}

/** @param {[string, string][]} rows */
export function showFigures(rows) {
  dom.figures.replaceChildren(
    ...rows.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const description = document.createElement("dd");
      term.textContent = name;
      description.textContent = value;
      return [term, description];
    }),
  );
}

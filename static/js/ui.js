// @ts-check
/** The page's elements outside the canvases, bars and timeline. */

import { clock } from "./clock.js";
import { UNSURE } from "./expressions.js";
import { fill, letters, longest, showStrips } from "./strips.js";
import { labelName, texts } from "./texts/index.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (element(id));
/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (element(id));

/** @param {string} id */
const link = (id) => /** @type {HTMLAnchorElement} */ (element(id));

export const dom = {
  status: element("status"),
  stage: element("stage"),
  picture: element("picture"),
  video: /** @type {HTMLVideoElement} */ (element("video")),
  still: /** @type {HTMLCanvasElement} */ (element("still")),
  strips: element("strips"),
  overlay: /** @type {HTMLCanvasElement} */ (element("overlay")),
  curtain: element("curtain"),
  welcome: element("welcome"),
  host: element("host"),
  accuracy: element("accuracy"),
  accuracyRow: element("accuracy-row"),
  consent: input("consent"),
  consentVersion: document.body.dataset.consentVersion ?? "",
  start: button("start"),
  openFile: button("open-file"),
  player: element("player"),
  progress: /** @type {HTMLProgressElement} */ (element("progress")),
  seek: input("seek"),
  videoStep: /** @type {HTMLSelectElement} */ (element("video-step")),
  playerTime: element("player-time"),
  brokeOff: element("broke-off"),
  file: input("file"),
  notice: element("notice"),
  toolbar: element("toolbar"),
  pause: button("pause"),
  why: button("why"),
  snapshot: button("snapshot"),
  record: button("record"),
  flip: button("flip"),
  fullScreen: button("full-screen"),
  stop: button("stop"),
  panel: element("panel"),
  headline: element("headline"),
  others: element("others"),
  bars: element("bars"),
  timeline: element("timeline"),
  controls: element("controls"),
  cameras: /** @type {HTMLSelectElement} */ (element("cameras")),
  mirror: input("mirror"),
  neutral: button("neutral"),
  neutralSwitch: button("neutral-switch"),
  neutralForget: button("neutral-forget"),
  neutralSaid: element("neutral-said"),
  figures: element("figures"),
  summary: /** @type {HTMLDialogElement} */ (element("summary")),
  summaryTitle: element("summary-title"),
  summaryDuration: element("summary-duration"),
  summaryStrips: element("summary-strips"),
  summaryTracks: element("summary-tracks"),
  exportCsv: button("export-csv"),
  exportJson: button("export-json"),
  summaryClose: button("summary-close"),
  spoken: element("spoken"),
  joinPanel: /** @type {HTMLDialogElement} */ (element("join")),
  joinForm: /** @type {HTMLFormElement} */ (element("join-form")),
  joinReason: element("join-reason"),
  code: input("code"),
  share: button("share"),
  sharePanel: /** @type {HTMLDialogElement} */ (element("share-panel")),
  shareAddress: element("share-address"),
  shareQr: /** @type {HTMLImageElement} */ (element("share-qr")),
  shareLink: link("share-link"),
  shareCode: element("share-code"),
  shareFailed: element("share-failed"),
  certificate: element("certificate"),
  fingerprint: element("fingerprint"),
  authority: element("authority"),
  authorityFingerprint: element("authority-fingerprint"),
  trustSteps: element("trust-steps"),
  viewerLinkSwitch: button("viewer-link-switch"),
  viewerLink: link("viewer-link"),
  viewerLinkCopy: button("viewer-link-copy"),
  viewerLinkLocal: element("viewer-link-local"),
  viewers: element("viewers"),
  shareClose: button("share-close"),
};

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} text
 * @param {string} [className]
 */
function make(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

/** @typedef {keyof typeof texts.state} State */

/** The server wants a join code: until it has one, nothing else is to the point. */
let barred = false;

/** @param {State} wanted */
export function showState(wanted) {
  const state = barred ? "barred" : wanted;
  if (dom.status.dataset.state === state && dom.status.textContent) return;
  dom.status.dataset.state = state;
  dom.status.textContent = texts.state[state];
}

/** What was live no longer is; what else hinders it has been said already. @param {State} state */
export function showSilence(state) {
  if (dom.status.dataset.state === "running") showState(state);
}

/** @param {import("./refusal.js").Refusal} refusal that passes */
export function showRefusal({ state }) {
  if (state) showState(state);
}

/**
 * A sentence in the reader's language, or the server's own where there is none.
 * @param {import("./refusal.js").Refusal} refusal
 */
export const reasonOf = ({ code, message }) =>
  texts.reasons[/** @type {keyof typeof texts.reasons} */ (code)] ?? message;

/** @param {string} message empty hides it */
export function showNotice(message) {
  dom.notice.textContent = message;
  dom.notice.hidden = !message;
  // A phone shows half of the first screen: what to do next stands right below the message.
  if (message) (dom.notice.nextElementSibling ?? dom.notice).scrollIntoView({ block: "nearest" });
}

/** @param {"welcome" | "live" | "still" | "video"} what fills the stage */
export function showStage(what) {
  // The first screen may have been scrolled to its button; what comes instead begins at the top.
  if (dom.stage.dataset.stage !== what) window.scrollTo(0, 0);
  dom.stage.dataset.stage = what;
  dom.welcome.hidden = what !== "welcome";
  dom.panel.hidden = what === "welcome";
  dom.picture.hidden = what === "welcome";
  dom.toolbar.hidden = what === "welcome";
  dom.video.hidden = what !== "live" && what !== "video";
  dom.player.hidden = what !== "video";
  dom.still.hidden = what !== "still";
  dom.controls.hidden = what !== "live";
  if (what !== "live") dom.flip.hidden = true; // else `showCameras` decides
  dom.pause.hidden = dom.record.hidden = what === "still";
  dom.curtain.hidden = true;
  dom.snapshot.disabled = dom.flip.disabled = false;
}

/** The camera is off for now: what needs it cannot be used. */
export function showPaused() {
  dom.curtain.hidden = false;
  dom.controls.hidden = true;
  dom.snapshot.disabled = dom.flip.disabled = true;
  dom.pause.textContent = texts.page.resume;
  showState("paused");
}

/** @param {{width: number, height: number}} size */
export function setShape({ width, height }) {
  dom.stage.style.setProperty("--ratio", String(width / height));
}

/**
 * @param {string} host
 * @param {boolean} clustered whether frames go on from there to other machines
 * @param {any} figures the card's figures, or null
 */
export function showPromises(host, clustered, figures) {
  dom.host.textContent = texts.page.host(host, clustered);
  dom.accuracyRow.hidden = !figures;
  if (!figures) return;
  dom.accuracy.textContent = texts.page.accuracy(
    figures.accuracy,
    figures.crowd,
    labelName(figures.worst),
    figures.worst_recall,
  );
}

/**
 * @param {MediaDeviceInfo[]} cameras
 * @param {{deviceId: string | null, facing: import("./camera.js").Facing | null}} open the one in use
 */
export function showCameras(cameras, { deviceId, facing }) {
  dom.cameras.replaceChildren(
    ...cameras.map((camera, i) => {
      const name = camera.label || texts.camera.number(i + 1);
      return new Option(name, camera.deviceId, false, camera.deviceId === deviceId);
    }),
  );
  dom.flip.hidden = cameras.length < 2;
  const { flip, toBack, toFront } = texts.page;
  dom.flip.textContent = facing ? (facing === "user" ? toBack : toFront) : flip;
  dom.mirror.disabled = facing === "environment"; // what lies ahead is never a mirror's picture
}

/**
 * The selected face's headline, and a button for each face.
 * @param {import("./steady.js").Shown[]} faces
 * @param {import("./steady.js").Shown | undefined} selected
 * @param {(track: number) => void} onSelect
 */
export function showFaces(faces, selected, onSelect) {
  const name = selected ? labelName(selected.label) : "";
  const headline = selected?.confident
    ? texts.headline(name, selected.confidence)
    : texts.unsureHeadline(name);
  dom.headline.textContent = selected ? headline : texts.noFace;
  // A chip lasts as long as its face: one made anew would lose the focus, or the click on its way.
  const chips = new Map([...dom.others.children].map((chip) => [trackOf(chip), chip]));
  for (const face of faces) {
    const chip = /** @type {HTMLElement} */ (chips.get(face.track) ?? addChip(face.track, onSelect));
    chips.delete(face.track);
    const label = face.confident ? labelName(face.label) : texts.unsure;
    say(chip, `${texts.face(face.track)}: ${label}`);
    chip.style.setProperty("--dot", fill(face.confident ? face.label : UNSURE));
    chip.setAttribute("aria-pressed", String(face === selected));
  }
  for (const gone of chips.values()) {
    const focused = gone === document.activeElement;
    gone.remove();
    /** @type {HTMLElement | null} */
    const shown = dom.others.querySelector("[aria-pressed=true]");
    if (focused) (shown ?? dom.stage).focus({ preventScroll: true });
  }
}

/** @param {Element} chip */
const trackOf = (chip) => Number(chip.getAttribute("data-track"));

/**
 * A face's button, in the order of the faces' numbers.
 * @param {number} track
 * @param {(track: number) => void} onSelect
 */
function addChip(track, onSelect) {
  const chip = make("button", "", "chip");
  chip.type = "button";
  chip.dataset.track = String(track);
  chip.addEventListener("click", () => onSelect(track));
  const next = [...dom.others.children].find((other) => trackOf(other) > track);
  dom.others.insertBefore(chip, next ?? null);
  return chip;
}

/** @param {[string, string][]} rows */
export function showFigures(rows) {
  dom.figures.replaceChildren(
    ...rows.flatMap(([name, value]) => [make("dt", name), make("dd", value)]),
  );
}

/** @param {HTMLElement} host @param {string} text */
function say(host, text) {
  if (host.textContent !== text) host.textContent = text; // said again, it would be read out again
}

/**
 * @param {object} neutral tracks are -1 where there is none
 * @param {boolean} neutral.known whether a neutral face was measured
 * @param {boolean} neutral.measuring
 * @param {number} neutral.track that it corrects
 * @param {number} neutral.selected whose it may become
 * @param {number} neutral.gone whose it was
 */
export function showNeutral({ known, measuring, track, selected, gone }) {
  const { page, face } = texts;
  const { activeElement } = document;
  dom.neutral.hidden = known;
  dom.neutralSwitch.hidden = dom.neutralForget.hidden = !known;
  // What replaces a button takes its focus.
  if (activeElement === dom.neutral && known) dom.neutralSwitch.focus();
  const leaves = activeElement === dom.neutralSwitch || activeElement === dom.neutralForget;
  if (leaves && !known) dom.neutral.focus();
  showUsable(dom.neutral, !measuring && selected >= 0);
  showUsable(dom.neutralSwitch, track >= 0 || selected >= 0);
  const offer = selected < 0 ? page.neutralOff : page.neutralOffer(face(selected));
  say(dom.neutralSwitch, track < 0 ? offer : page.neutralOn(face(track)));
  const left = gone < 0 ? "" : page.neutralGone(face(gone));
  say(dom.neutralSaid, measuring ? page.neutralHint : left);
}

/** Unlike `disabled`, it leaves the focus where it is. @param {HTMLElement} button @param {boolean} on */
export function showUsable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

/**
 * @param {import("./session.js").Session} session
 * @param {"recording" | "video"} kind
 */
export function showSummary(session, kind) {
  const tracks = session.summary();
  const shown = longest(tracks);
  const more = tracks.length - shown.length;
  const time = clock(session.durationMs / 1000);
  dom.summaryTitle.textContent = texts.session[kind].title;
  dom.summaryDuration.textContent = tracks.length
    ? texts.session.duration(time, session.results)
    : texts.session[kind].empty;
  showStrips(dom.summaryStrips, tracks, session.durationMs);
  dom.summaryTracks.replaceChildren(
    ...shown.map((track) => {
      const block = make("section", "", "summary-track");
      const stack = make("div", "", "stack");
      const legend = make("ul", "", "legend");
      const shares = Object.entries(track.share).sort((a, b) => b[1] - a[1]);
      for (const [label, share] of shares) {
        const part = make("span", letters(label, share));
        part.style.width = `${100 * share}%`;
        part.style.background = fill(label);
        stack.append(part);
        const entry = make("li", `${labelName(label)} ${texts.percent(share)}`);
        entry.style.setProperty("--dot", fill(label));
        legend.append(entry);
      }
      const facts = `${texts.session.changes(track.changes)}, ${texts.percent(track.confidence)} ${texts.session.confidence}`;
      block.append(make("h3", texts.face(track.track)), stack, legend, make("p", facts));
      return block;
    }),
    ...(more ? [make("p", texts.session.more(more))] : []),
  );
  dom.exportCsv.disabled = dom.exportJson.disabled = !session.rows.length;
  dom.summary.showModal();
}

/** Ask for the join code. @param {string} reason */
export function askForCode(reason) {
  barred = true;
  showState("barred");
  dom.joinReason.textContent = reason;
  if (!dom.joinPanel.open) dom.joinPanel.showModal();
}

/** Ask again if the server still wants a code. @returns {boolean} whether it does */
export function stillBarred() {
  if (barred) askForCode(texts.codeNeeded);
  return barred;
}

/** The join code was right, or none was asked for. */
export function admitted() {
  barred = false;
  dom.joinPanel.close();
  if (dom.status.dataset.state === "barred") showState("idle");
}

/**
 * Address, code and certificate of this server.
 * @param {{url: string, link: string, code: string | null, qr: string, fingerprint: string | null,
 *   authority_fingerprint: string | null} | null} sharing null if the server did not say
 */
export function showSharing(sharing) {
  dom.shareAddress.hidden = !sharing;
  dom.shareFailed.hidden = sharing !== null;
  if (!sharing) return;
  dom.shareQr.src = sharing.qr;
  dom.shareLink.href = sharing.link;
  dom.shareLink.textContent = sharing.url;
  dom.shareCode.textContent = sharing.code ? texts.joinCode(sharing.code) : texts.noCode;
  dom.certificate.hidden = !sharing.fingerprint;
  dom.fingerprint.textContent = sharing.fingerprint;
  dom.authority.hidden = !sharing.authority_fingerprint;
  dom.authorityFingerprint.textContent = sharing.authority_fingerprint;
  dom.trustSteps.replaceChildren(
    ...Object.entries(texts.trust).flatMap(([system, steps]) => [
      make("dt", system),
      make("dd", steps),
    ]),
  );
}

/** Of the viewer link: how many watch, or what became of it. @param {string} text */
export const saySharing = (text) => say(dom.viewers, text);

/**
 * @param {string | null} url of the viewer link; null if there is none
 * @param {boolean} local whether it leads nowhere from another computer
 */
export function showViewerLink(url, local) {
  dom.viewerLink.hidden = url === null;
  dom.viewerLinkCopy.hidden = url === null || !navigator.clipboard; // there is none over plain http
  dom.viewerLinkLocal.hidden = !local;
  dom.viewerLink.href = dom.viewerLink.textContent = url ?? "";
  dom.viewerLinkSwitch.textContent = url === null ? texts.page.makeLink : texts.page.endLink;
}

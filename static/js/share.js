// @ts-check
/** The "Share" panel: how others reach this server, and the link through which they may watch. */

import { texts } from "./texts/index.js";
import { dom, saySharing, showSharing, showUsable, showViewerLink } from "./ui.js";

/** Names under which a page reaches only the computer that it is on. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

export class SharePanel {
  /** @param {import("./transport.js").Transport} transport */
  constructor(transport) {
    this.transport = transport;
    /** @type {string | null} token of the viewer link */
    this.token = null;
    /** Where others reach this page, as far as is known. */
    this.origin = location.origin;
    /** Whether the server has been asked for a link. */
    this.asking = false;
    /** Counts endings: a link that comes after one is ended too. */
    this.turn = 0;
    dom.share.addEventListener("click", () => this.#open());
    dom.shareClose.addEventListener("click", () => dom.sharePanel.close());
    dom.viewerLinkSwitch.addEventListener("click", () => this.#toggleLink());
    dom.viewerLinkCopy.addEventListener("click", () => this.#copyLink());
  }

  /** How many watch now. @param {number} count */
  showViewers(count) {
    dom.share.textContent = count ? texts.watching(count) : texts.page.share;
    saySharing(texts.watching(count));
  }

  /** End the viewer link. */
  endLink() {
    if (this.token !== null) this.transport.share(false);
    this.turn += 1;
    this.#showLink(null, "");
  }

  /** The connection is lost, and the link with it. */
  linkLost() {
    if (this.token !== null) this.#showLink(null, texts.viewerLink.lost);
  }

  async #open() {
    dom.sharePanel.showModal();
    if (document.body.dataset.shared === undefined) return;
    const { code } = this.transport;
    try {
      const answer = await fetch("/api/v1/share", { headers: code ? { "X-Join-Code": code } : {} });
      const sharing = answer.ok ? await answer.json() : null;
      if (sharing && LOOPBACK.includes(location.hostname)) {
        this.origin = new URL(sharing.url).origin;
      }
      showSharing(sharing);
    } catch {
      showSharing(null);
    }
  }

  async #toggleLink() {
    if (this.asking) return;
    if (this.token !== null) {
      this.endLink();
      return;
    }
    const { turn } = this;
    this.#ask(true);
    const token = await this.transport.share(true);
    this.#ask(false);
    if (turn !== this.turn) {
      this.transport.share(false);
      return;
    }
    this.#showLink(token, token === null ? texts.viewerLink.none : texts.watching(0));
  }

  /** @param {boolean} asking */
  #ask(asking) {
    this.asking = asking;
    showUsable(dom.viewerLinkSwitch, !asking);
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(dom.viewerLink.href);
      saySharing(texts.viewerLink.copied);
    } catch {
      saySharing(texts.viewerLink.notCopied);
    }
  }

  /** @param {string | null} token @param {string} said of it */
  #showLink(token, said) {
    this.token = token;
    const url = token === null ? null : `${this.origin}/watch#${token}`;
    showViewerLink(url, url !== null && LOOPBACK.includes(new URL(url).hostname));
    dom.share.textContent = texts.page.share;
    saySharing(said);
  }
}

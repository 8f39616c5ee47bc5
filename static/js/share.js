// @ts-check
/** The "Share" panel: how others reach this server, and the link through which they may watch. */

import { texts } from "./texts/index.js";
import { dom, showSharing, showViewerLink } from "./ui.js";

export class SharePanel {
  /** @param {import("./transport.js").Transport} transport */
  constructor(transport) {
    this.transport = transport;
    /** @type {string | null} token of the viewer link */
    this.token = null;
    dom.share.addEventListener("click", () => this.#open());
    dom.shareClose.addEventListener("click", () => dom.sharePanel.close());
    dom.viewerLinkSwitch.addEventListener("click", () => this.#toggleLink());
  }

  /** How many watch now. @param {number} count */
  showViewers(count) {
    dom.share.textContent = count ? texts.watching(count) : texts.page.share;
    dom.viewers.textContent = texts.watching(count);
  }

  /** End the viewer link. */
  endLink() {
    if (this.token !== null) this.transport.share(false);
    this.linkEnded();
  }

  /** The link is over: ended here, or with the connection. */
  linkEnded() {
    this.#showLink(null);
  }

  async #open() {
    dom.sharePanel.showModal();
    if (document.body.dataset.shared === undefined) return;
    const { code } = this.transport;
    try {
      const answer = await fetch("/api/v1/share", { headers: code ? { "X-Join-Code": code } : {} });
      showSharing(answer.ok ? await answer.json() : null);
    } catch {
      showSharing(null);
    }
  }

  async #toggleLink() {
    if (this.token !== null) {
      this.endLink();
      return;
    }
    dom.viewerLinkSwitch.disabled = true;
    this.#showLink(await this.transport.share(true));
    dom.viewerLinkSwitch.disabled = false;
  }

  /** @param {string | null} token */
  #showLink(token) {
    this.token = token;
    showViewerLink(token === null ? null : `${location.origin}/watch#${token}`);
    this.showViewers(0);
  }
}

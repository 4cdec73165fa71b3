// What the session travels over, in plain words; and the two switches of a line: hanging up, and the agent's sound.

import { byId } from "./dom.js";

export class LineView {
  #isRepairing = false;

  /** @param onHangUp()  @param onMute(isMuted) */
  constructor({ onHangUp, onMute }) {
    byId("hang-up").addEventListener("click", onHangUp);
    byId("sound").addEventListener("click", ({ currentTarget: button }) => {
      const isMuted = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", isMuted);
      button.textContent = isMuted ? "The agent is muted" : "Mute the agent";
      onMute(isMuted);
    });
  }

  set isRepairing(isRepairing) {
    this.#isRepairing = isRepairing;
    byId("line").dataset.repairing = isRepairing;
  }

  /** @param words of the transport, or null without a line */
  show(words, isTextOnly) {
    byId("line").hidden = words === null;
    byId("sound").hidden = isTextOnly;
    byId("line-words").textContent = this.#isRepairing ? "The network changed: finding another way…" : words ?? "";
  }
}

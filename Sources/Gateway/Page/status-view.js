// The session's state in words, the talk button that goes with it, and what a screen reader is told.

import { byId } from "./dom.js";

/** States that change with every sentence are not read out: it would talk over the agent, into the microphone. */
const ANNOUNCED = new Set(["connecting", "muted", "ready", "disconnected"]);

export class StatusView {
  #shown = null;

  show(state, microphone) {
    const [word, hint] = state.words;
    const hasBegun = state.connection !== "none";
    byId("state").dataset.state = state.name;
    byId("state").textContent = hasBegun ? word : "Not yet begun";
    byId("hint").textContent = hasBegun ? hint : state.isTextOnly ? "Write below." : "Press to talk, or write below.";
    byId("words").placeholder = state.isTextOnly ? "Write here" : "or write here";
    document.body.classList.toggle("text-only", state.isTextOnly);
    const isLive = microphone.isLive && state.connection === "open";
    byId("talk").dataset.live = isLive;
    byId("talk").dataset.muted = microphone.isOpen && !microphone.isLive;
    byId("talk-label").textContent = isLive ? "Press to mute" : "Press to talk";
    if (!isLive) this.showLevel(0);
    this.#announceChange(state.name, word, hasBegun);
  }

  /** The ring of the seal swells with the voice. @param rms 0…1 */
  showLevel(rms) { byId("talk").style.setProperty("--level", Math.min(1, rms * 6).toFixed(2)); }

  announce(words) { byId("announcer").textContent = words; }

  #announceChange(name, word, hasBegun) {
    const wasSilent = this.#shown === null || ANNOUNCED.has(this.#shown);
    if (hasBegun && name !== this.#shown && (ANNOUNCED.has(name) || wasSilent)) this.announce(word);
    this.#shown = name;
  }
}

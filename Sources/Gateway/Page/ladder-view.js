// How the session goes on when something behind it has failed: its level, and whether by voice or in writing.

import { byId } from "./dom.js";

const NAMES = { 1: "full", 2: "reduced AI", 3: "predefined questions", 4: "text", 5: "interrupted" };

/** What the user can do, by how they are understood and how the agent is heard. */
const WAYS = {
  "voice voice": "",
  "text voice": "You write, the agent speaks",
  "voice text": "You speak, the agent writes",
  "text text": "In writing",
};

export class LadderView {
  /**
   * @param onChoose called with the id of the slot in which the user wants to come back
   * @param onOfferCorrection called with whether the user may put right what was heard of them
   */
  constructor({ onChoose, onOfferCorrection }) {
    this.#onChoose = onChoose;
    this.#onOfferCorrection = onOfferCorrection;
  }

  #onChoose;
  #onOfferCorrection;
  #input = "voice";

  apply(event) {
    switch (event.type) {
      case "session.created":
        this.#input = "voice";
        byId("ladder").hidden = true;
        byId("slots").replaceChildren();
        this.#onOfferCorrection(false);
        break;
      case "viva.ladder.changed":
        this.#onOfferCorrection(event.offers_correction === true);
        return this.#show(event);
      case "viva.callback.offered": return this.#offer(event.slots);
      case "viva.callback.chosen":
        byId("slots").replaceChildren();
        this.#tell(`You will be expected: ${event.text}.`);
        break;
    }
  }

  #show({ to, reason, input, output, notice }) {
    const badge = byId("ladder");
    badge.hidden = to === 1 && !notice;
    badge.dataset.level = to;
    badge.dataset.input = input;
    badge.dataset.output = output;
    byId("ladder-level").textContent = to === 1 ? "" : `Level ${to} of 5, ${NAMES[to] ?? reason}`;
    byId("ladder-way").textContent = WAYS[`${input} ${output}`] ?? "";
    this.#tell(notice ?? "");
    // Nobody is heard any more: the next words have to be written.
    if (input === "text" && this.#input === "voice") byId("words").focus();
    this.#input = input;
  }

  #offer(slots) {
    byId("slots").replaceChildren(
      ...slots.map(({ id, text }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.dataset.testid = `slot-${id}`;
        button.addEventListener("click", () => this.#onChoose(id));
        return button;
      }),
    );
  }

  #tell(words) { byId("ladder-words").textContent = words; }
}

// One worker in its panel: how it is, and in development what to break. All of it is set as text.

import { element } from "./dom.js";

const KINDS = { asr: "hears", llm: "thinks", tts: "speaks", end_of_turn: "hears the end" };
const FAULTS = {
  none: "no fault",
  error_500: "answers 500",
  retry_after_429: "answers 429",
  hang: "hangs in mid-stream",
  slow_first_byte: "slow first byte",
  zero_audio: "silent audio",
  empty: "empty answers",
  garbage: "garbage",
};
/** What is done to its process rather than said of its answers. */
const DEEDS = new Set(["kill", "stop", "continue"]);

export class WorkerRow {
  item;
  /** Whether it is asked, and does not fail on purpose. */
  isWell = true;
  #phase = element("span", "phase");
  #standing = element("span", "standing");
  #switches = element("div", "switches");
  #select = null;
  #deeds = new Map();
  #name;
  #onFault;
  #shown = null;

  /** @param onFault called with the fault that was chosen */
  constructor(name, onFault) {
    this.#name = name;
    this.#onFault = onFault;
    this.item = element("li", "worker");
    this.item.dataset.testid = `worker-${name}`;
  }

  /** @param worker an entry of /v1/viva/workers  @returns what has changed, in words; null where nothing has. */
  show(worker) {
    const { kind, phase, breaker, last_outcome: outcome, fault, faults } = worker;
    if (this.#shown === null) this.#build(kind, faults);
    // Closed is how it should be, and not worth a word.
    const tripped = breaker && breaker !== "closed" ? `breaker ${spoken(breaker)}` : null;
    const state = [phase, tripped].filter(Boolean).join(", ");
    const hasChanged = this.#shown !== null && this.#shown !== state;
    this.#shown = state;
    this.item.dataset.well = wellness(worker);
    this.item.dataset.breaker = breaker ?? "none";
    this.isWell = this.item.dataset.well === "well";
    this.item.classList.toggle("changed", hasChanged);
    set(this.#phase, phase ?? "on call");
    set(this.#standing, [tripped, outcome ? `last call ${spoken(outcome)}` : null].filter(Boolean).join(" · "));
    if (this.#select) {
      if (document.activeElement !== this.#select) this.#select.value = fault;
      this.#select.dataset.fault = fault;
    }
    this.#deeds.get("stop")?.toggleAttribute("hidden", phase === "halted");
    this.#deeds.get("continue")?.toggleAttribute("hidden", phase !== "halted");
    return hasChanged ? `${this.#name}: ${state || "well"}` : null;
  }

  #build(kind, faults) {
    const name = element("span", "name", this.#name);
    const below = element("div", "below");
    below.append(this.#switches, this.#standing);
    this.item.append(name, element("span", "kind", KINDS[kind] ?? kind), this.#phase, below);
    if (!faults) return;
    const kinds = faults.filter((fault) => !DEEDS.has(fault));
    if (kinds.length > 1) {
      this.#select = element("select");
      this.#select.setAttribute("aria-label", `Fault of ${this.#name}`);
      this.#select.dataset.testid = `fault-${this.#name}`;
      this.#select.append(...kinds.map((fault) => {
        const option = element("option", "", FAULTS[fault] ?? spoken(fault));
        option.value = fault;
        return option;
      }));
      this.#select.addEventListener("change", () => this.#onFault(this.#select.value));
      this.#switches.append(this.#select);
    }
    for (const deed of faults.filter((fault) => DEEDS.has(fault))) {
      const button = element("button", "", deed);
      button.type = "button";
      button.setAttribute("aria-label", `${deed} ${this.#name}`);
      button.dataset.testid = `${deed}-${this.#name}`;
      button.addEventListener("click", () => this.#onFault(deed));
      this.#deeds.set(deed, button);
      this.#switches.append(button);
    }
  }
}

function wellness({ phase = "live", breaker = "closed", fault = "none" }) {
  if (!["live", "starting"].includes(phase) || ["open", "forced_open"].includes(breaker)) return "away";
  return phase === "live" && breaker !== "half_open" && fault === "none" ? "well" : "doubtful";
}

/** Only what differs, so that nothing is drawn or read out anew each second. */
function set(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

const spoken = (name) => name.replaceAll("_", " ");

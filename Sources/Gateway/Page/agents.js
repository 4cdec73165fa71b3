// Which agents there are, as the server lists them; and with that, whether the key is good.

import { byId, element } from "./dom.js";

export class Agents {
  #select = byId("agent");
  /** Whether someone asked for this agent: the address or the user. */
  isChosen;

  constructor({ preferred, onChange }) {
    this.isChosen = preferred !== null;
    this.#offer([preferred ?? "assistant"]);
    this.#select.addEventListener("change", () => {
      this.isChosen = true;
      onChange();
    });
  }

  get name() { return this.#select.value; }

  /** The agent that the session has turned out to be with. */
  set name(name) {
    const names = [...this.#select.options].map(({ value }) => value);
    if (!names.includes(name)) this.#select.append(element("option", "", name));
    this.#select.value = name;
  }

  /** Offers the agents that the key may talk to. @returns whether the server refuses the key. */
  async load(key) {
    const response = await ask(key);
    if (response?.ok) this.#offer((await response.json()).data.map(({ id }) => id));
    return response?.status === 401;
  }

  /** @returns whether the server refuses the key; what is offered stays. */
  async isRefused(key) { return (await ask(key))?.status === 401; }

  #offer(names) {
    const chosen = this.name;
    this.#select.replaceChildren(...names.map((name) => element("option", "", name)));
    if (names.includes(chosen)) this.#select.value = chosen;
  }
}

/** @returns null when the server cannot be reached: that says nothing about the key. */
async function ask(key) {
  try {
    return await fetch("/v1/models", { headers: { Authorization: `Bearer ${key}` } });
  } catch {
    return null;
  }
}

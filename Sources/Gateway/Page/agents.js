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

  /** @returns "ok", "refused" (the key) or "unreachable". */
  async load(key) {
    try {
      const response = await fetch("/v1/models", { headers: { Authorization: `Bearer ${key}` } });
      if (response.status === 401) return "refused";
      if (!response.ok) return "unreachable";
      const { data } = await response.json();
      this.#offer(data.map(({ id }) => id));
      return "ok";
    } catch {
      return "unreachable";
    }
  }

  #offer(names) {
    const chosen = this.name;
    this.#select.replaceChildren(...names.map((name) => element("option", "", name)));
    if (names.includes(chosen)) this.#select.value = chosen;
  }
}

// Which agents there are, as the server lists them; and with that, whether the key is good.

import { byId, element } from "./dom.js";

export class Agents {
  #select = byId("agent");

  constructor({ preferred, onChange }) {
    this.#offer([preferred ?? "assistant"]);
    this.#select.addEventListener("change", onChange);
  }

  get chosen() { return this.#select.value; }

  /** @returns "ok", "refused" (the key) or "unreachable". */
  async load(key) {
    try {
      const response = await fetch("/v1/models", { headers: { Authorization: `Bearer ${key}` } });
      if (response.status === 401 || response.status === 403) return "refused";
      if (!response.ok) return "unreachable";
      const { data } = await response.json();
      this.#offer(data.map(({ id }) => id));
      return "ok";
    } catch {
      return "unreachable";
    }
  }

  #offer(names) {
    const chosen = this.chosen;
    this.#select.replaceChildren(...names.map((name) => element("option", "", name)));
    if (names.includes(chosen)) this.#select.value = chosen;
  }
}

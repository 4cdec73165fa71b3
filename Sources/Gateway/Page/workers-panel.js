// How the workers are, asked once a second while the panel is open; in development with a switch for each fault.

import { byId } from "./dom.js";
import { WorkerRow } from "./worker-row.js";

const EVERY = 1000; // ms

export class WorkersPanel {
  #panel = byId("workers-panel");
  #rows = new Map();
  #key;
  #onTrouble;
  #isAsking = false;
  /** A key that the server does not take for this: asking on would only count as guessing. */
  #refused = null;

  /** @param key() the page's key, or null  @param onTrouble(words) a fault could not be set */
  constructor({ key, onTrouble }) {
    this.#key = key;
    this.#onTrouble = onTrouble;
    this.#panel.addEventListener("toggle", () => {
      this.#refused = null;
      this.#poll();
    });
    setInterval(() => this.#poll(), EVERY);
  }

  /** Once there is a key: where workers may be broken on purpose, the panel is what one came for. */
  async begin() {
    try {
      const workers = await this.#ask("/v1/viva/workers");
      if (!workers.some(({ faults }) => faults)) return;
      this.#panel.parentElement.prepend(this.#panel);
      this.#panel.open = true;
    } catch {
      // Who opens the panel is told.
    }
  }

  async #poll() {
    if (!this.#panel.open || document.hidden || this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#draw(await this.#ask("/v1/viva/workers"));
      byId("workers-trouble").textContent = "";
    } catch (error) {
      byId("workers-trouble").textContent = error.message;
    }
    this.#isAsking = false;
  }

  async #set(provider, fault) {
    try {
      this.#draw(await this.#ask("/v1/viva/faults", { method: "POST", body: JSON.stringify({ provider, fault }) }));
    } catch (error) {
      this.#onTrouble(error.message);
    }
  }

  /** @returns the workers. @throws an error whose message says why there is no answer. */
  async #ask(path, request = {}) {
    const key = this.#key();
    if (key === null || key === this.#refused) throw new Error("The server does not show its workers to this key.");
    let response;
    let reply;
    try {
      response = await fetch(path, { ...request, headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" } });
      reply = await response.json();
    } catch {
      throw new Error("The server does not answer.");
    }
    if (response.ok) return reply.data;
    if (response.status === 401 || response.status === 403) this.#refused = key;
    throw new Error(reply.error.message);
  }

  #draw(workers) {
    const changes = workers.map((worker) => this.#row(worker.name).show(worker)).filter(Boolean);
    if (changes.length > 0) byId("workers-said").textContent = changes.join(", ");
    const unwell = workers.filter(({ name }) => !this.#row(name).isWell).length;
    byId("workers-figure").textContent = unwell === 0 ? "all well" : `${unwell} of ${workers.length} not well`;
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const row = new WorkerRow(name, (fault) => this.#set(name, fault));
      this.#rows.set(name, row);
      byId("workers").append(row.item);
    }
    return this.#rows.get(name);
  }
}

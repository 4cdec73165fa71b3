// How the page comes in: with which key, to which agent; and what to do when the server refuses.

import { Agents } from "./agents.js";
import { KeyForm } from "./key-form.js";
import { KeyRefused, Keyring } from "./keyring.js";

const REMEDY = "Run “viva token” and open the address that it prints.";

export class Admission {
  agents;
  #keyring;
  #form;
  #onRefused;
  #onTrouble;

  /**
   * @param address its key and agent  @param onAgent the user chose another agent
   * @param onRefused there is no good key now  @param onTrouble(words) it could not be tried
   */
  constructor({ address, onAgent, onRefused, onTrouble }) {
    this.agents = new Agents({ preferred: address.agent, onChange: onAgent });
    this.#keyring = new Keyring(address.key);
    this.#form = new KeyForm({
      onKey: (key) => {
        this.#keyring.take(key);
        this.prepare();
      },
    });
    this.#onRefused = onRefused;
    this.#onTrouble = onTrouble;
  }

  /** The key that may do most, or null. */
  get key() { return this.#keyring.widest; }

  /** @returns whether there is a key; asks for one if not. */
  hasKey() {
    if (this.#keyring.isEmpty) this.#form.ask();
    return !this.#keyring.isEmpty;
  }

  /** Tries the key, and learns which agents there are. */
  async prepare() {
    if (!this.hasKey()) return;
    try {
      if (await this.agents.load(this.#keyring.widest)) throw new KeyRefused();
      await this.#keyring.keyFor(this.agents.name);
      this.#form.close();
    } catch (error) {
      if (error instanceof KeyRefused) this.refuse(error);
      else this.#onTrouble(error.message);
    }
  }

  /** For a new connection: {agent: a name, or null for the key's own, key}. */
  async target() {
    const key = await this.#keyring.keyFor(this.agents.name);
    // A key that someone else minted may have settled the agent already.
    const leavesAgent = this.#keyring.isGiven && !this.agents.isChosen;
    return { agent: leavesAgent ? null : this.agents.name, key };
  }

  /** After a refused upgrade, which has no reason that a page may read: asks in a way that has one. */
  async review() {
    const key = this.#keyring.ephemeral;
    if (key === null || !(await this.agents.isRefused(key))) return;
    this.#keyring.expire();
    if (this.#keyring.isEmpty) this.refuse(new KeyRefused());
  }

  refuse({ message }) {
    this.#keyring.forget();
    this.#onRefused();
    this.#form.ask(`${message} ${REMEDY}`);
  }
}

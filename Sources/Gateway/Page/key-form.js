// Asks for the key when the address brought none, or one that the server refused.

import { byId } from "./dom.js";
import { isToken } from "./keyring.js";

export class KeyForm {
  constructor({ onKey }) {
    byId("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const key = byId("key").value.trim();
      byId("key").value = "";
      if (isToken(key)) onKey(key);
      else this.ask("That is not a key: it has characters that no key has.");
    });
  }

  ask(refusal = "") {
    byId("key-form").hidden = false;
    byId("key-refusal").textContent = refusal;
    byId("key").focus();
  }

  close() { byId("key-form").hidden = true; }
}

// With which the user puts right what was heard of them: their words become a field, in the same place.

import { element } from "./dom.js";

export class Correction {
  /** Opens the field. */
  button = element("button", "correct", "correct");
  form = element("form", "correction");
  #field = element("textarea");
  #words;
  #text = "";

  /** @param words the element that shows them  @param onCorrect called with the user's version */
  constructor(words, onCorrect) {
    this.#words = words;
    this.button.type = "button";
    this.button.dataset.testid = "correct";
    this.button.addEventListener("click", () => this.#open());
    this.#field.dataset.testid = "correction";
    this.#field.setAttribute("aria-label", "What you said");
    this.#field.rows = 2;
    this.#field.maxLength = 4000;
    const cancel = element("button", "", "Cancel");
    cancel.type = "button";
    cancel.addEventListener("click", () => this.#close());
    this.form.append(this.#field, element("button", "", "Save"), cancel);
    this.form.hidden = true;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#field.value.trim();
      if (text && text !== this.#text) onCorrect(text);
      this.#close();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        if (event.target === this.#field) this.form.requestSubmit();
        else event.target.click();
      }
      if (event.key !== "Escape") return;
      // The agent is not meant by it.
      event.stopPropagation();
      this.#close();
    });
  }

  /** What was heard, as far as is known now. */
  set text(text) {
    this.#text = text;
    this.button.setAttribute("aria-label", `Correct: ${text}`);
  }

  #open() {
    this.#field.value = this.#text;
    this.#show(true);
    this.#field.focus();
    this.#field.select();
  }

  #close() {
    this.#show(false);
    this.button.focus();
  }

  #show(isOpen) {
    this.form.hidden = !isOpen;
    this.#words.hidden = isOpen;
    this.button.hidden = isOpen;
  }
}

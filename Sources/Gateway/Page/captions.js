// The conversation on the sheet. Everything that was said is set as text, never as markup.

import { Correction } from "./correction.js";
import { byId, element } from "./dom.js";
import { toolCard } from "./tool-card.js";

export class Captions {
  #list = byId("captions");
  #sheet = byId("sheet");
  #blocks = new Map();
  #agentName = "agent";
  #onCorrect;
  /** Whether the view stays at the end; not while the reader has scrolled back. */
  #isFollowing = true;

  /** @param onCorrect called with the id and the new words of what the user has spoken */
  constructor({ onCorrect }) {
    this.#onCorrect = onCorrect;
    this.#sheet.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#sheet;
      this.#isFollowing = scrollHeight - scrollTop - clientHeight < 80;
    });
    new ResizeObserver(() => this.#scroll()).observe(this.#sheet);
  }

  set agentName(name) { this.#agentName = name; }
  /** Whether the user may put right what was heard of them. */
  set offersCorrection(offers) { this.#list.classList.toggle("offers-correction", offers); }
  get isEmpty() { return this.#list.childElementCount === 0; }

  show(entry) {
    // A reply has no place on the sheet before its first word.
    if (entry.kind === "agent" && !entry.text && !this.#blocks.has(entry.id)) return;
    const block = this.#blocks.get(entry.id) ?? this.#add(entry);
    if (entry.responseId) block.article.dataset.response = entry.responseId;
    block.article.classList.toggle("partial", !entry.isFinal);
    block.words.dataset.final = entry.isFinal;
    if (entry.kind === "call") block.words.replaceChildren(toolCard(entry, entry.call));
    else this.#showWords(block.words, entry);
    const resumed = entry.isResumed ? "↻ resumed after a false interruption" : null;
    const corrected = entry.isCorrected ? "corrected" : null;
    block.note.textContent = [entry.note, resumed, corrected].filter(Boolean).join(" · ");
    block.article.classList.toggle("spoken", entry.isSpoken ?? false);
    if (block.correction) block.correction.text = entry.text;
    this.#scroll();
  }

  remove(id) {
    this.#blocks.get(id)?.article.remove();
    this.#blocks.delete(id);
  }

  /** A line across the sheet that says why what follows is another conversation. */
  divide(words) {
    if (this.isEmpty) return;
    this.#list.append(element("p", "divider", words));
    this.#scroll();
  }

  /** Back to the end, wherever the reader was. */
  follow() {
    this.#isFollowing = true;
    this.#scroll();
  }

  /** What the reply's beginning took, in the margin beside it. */
  showLatency(responseId, text) {
    for (const article of this.#list.querySelectorAll(`[data-response="${CSS.escape(responseId)}"]`)) {
      article.querySelector(".took").textContent = text;
    }
  }

  #add({ id, kind }) {
    const article = element("article", `turn ${kind}`);
    const speaker = element("h3", "speaker", kind === "user" ? "You" : this.#agentName);
    const words = element(kind === "call" ? "div" : "p", "words");
    words.dataset.testid = `caption-${kind}`;
    const note = element("p", "note");
    const took = element("span", "took");
    article.append(speaker, words, took, note);
    this.#list.append(article);
    const block = { article, words, note, correction: null };
    if (kind === "user") {
      block.correction = new Correction(words, (text) => this.#onCorrect(id, text));
      words.after(block.correction.form);
      took.append(block.correction.button);
    }
    this.#blocks.set(id, block);
    return block;
  }

  #showWords(words, { text, heard, note }) {
    if (heard === null || heard.trim() === text.trim()) {
      words.textContent = text || (note ? "" : "…");
      return;
    }
    const end = endOfHeard(text, heard);
    const space = text.slice(end).match(/^\s*/)[0];
    words.replaceChildren(text.slice(0, end) + space, element("s", "unheard", text.slice(end + space.length)));
  }

  #scroll() {
    if (this.#isFollowing && !this.isEmpty) this.#sheet.scrollTop = this.#sheet.scrollHeight;
  }
}

// Where the heard words end in the whole text; spaces may differ, words may not.
function endOfHeard(text, heard) {
  if (text.startsWith(heard)) return heard.length;
  const count = heard.split(/\s+/).filter(Boolean).length;
  const words = [...text.matchAll(/\S+/g)];
  const last = words[Math.min(count, words.length) - 1];
  return last ? last.index + last[0].length : 0;
}

// What was said, as a fold over the protocol's events.
//
// An entry: { id, kind: "user" | "agent" | "call", text, isFinal, heard, responseId, note, isResumed, isSpoken, isCorrected };
// of a call also { name, callId, call }, the last as ToolCalls tells it. `isSpoken`: in this session, by the user.
// `heard` is null, or the part of an interrupted reply that reached the user's ear.

import { ToolCalls } from "./tool-calls.js";

export class Conversation {
  #entries = new Map();
  #calls = new ToolCalls();
  #onChange;
  #onRemove;

  constructor({ onChange, onRemove }) {
    this.#onChange = onChange;
    this.#onRemove = onRemove;
  }

  apply(event) {
    const call = this.#calls.apply(event);
    if (call !== null) return this.#showCall(call);
    switch (event.type) {
      case "session.created": return this.#beginAnew();
      case "input_audio_buffer.speech_started":
      case "input_audio_buffer.committed":
        return this.#change(event.item_id, "user", (entry) => { entry.isSpoken = true; });
      case "conversation.item.input_audio_transcription.delta":
        return this.#change(event.item_id, "user", (entry) => {
          if (!entry.isFinal) entry.text = event.viva_transcript ?? entry.text + (event.delta ?? "");
        });
      case "conversation.item.input_audio_transcription.completed":
        // A cough, a door: there were no words in it.
        if (!event.transcript.trim()) return this.#remove(event.item_id);
        return this.#finish(event.item_id, "user", event.transcript);
      case "conversation.item.input_audio_transcription.failed":
        return this.#change(event.item_id, "user", (entry) => {
          entry.isFinal = true;
          entry.note = event.error?.message ?? "This could not be put into words.";
        });

      case "response.output_audio_transcript.delta":
      case "response.output_text.delta":
        return this.#change(event.item_id, "agent", (entry) => {
          entry.responseId = event.response_id;
          entry.text += event.delta;
        });
      case "response.function_call_arguments.delta":
        return this.#change(event.item_id, "call", (entry) => { entry.text += event.delta; });
      case "response.function_call_arguments.done":
        return this.#change(event.item_id, "call", (entry) => {
          entry.name = event.name ?? entry.name;
          entry.text = event.arguments;
        });

      case "conversation.item.added":
      case "conversation.item.done":
      case "response.output_item.added":
      case "response.output_item.done":
        return this.#applyItem(event.item, event.viva_heard ?? event.item.viva_heard, event.type.endsWith(".done"));
      case "conversation.item.truncated":
        return this.#change(event.item_id, "agent", (entry) => {
          entry.heard = event.viva_heard ?? entry.heard;
          entry.note = "interrupted";
        });
      case "viva.transcript.corrected":
        return this.#change(event.item_id, "user", (entry) => {
          Object.assign(entry, { text: event.transcript, isFinal: true, isCorrected: true, note: null });
        });
      case "viva.response.resumed":
        return this.#change(event.item_id, "agent", (entry) => { entry.isResumed = true; });
      case "conversation.item.deleted":
        return this.#remove(event.item_id);
    }
  }

  /** The user's own written words, before the server confirms them. */
  write(id, text) { this.#finish(id, "user", text); }

  /** What both sides know to have been said: [{id, role, text}]. */
  history() {
    return [...this.#entries.values()]
      .filter(({ kind, isFinal, text }) => kind !== "call" && isFinal && text)
      .map(({ id, kind, text, heard }) => ({ id, role: kind === "user" ? "user" : "assistant", text: heard ?? text }))
      .filter(({ text }) => text);
  }

  /** Nothing more will come for what is still open: its connection is gone. */
  finish() {
    for (const entry of this.#entries.values()) {
      if (entry.isFinal) continue;
      if (!entry.text) this.#remove(entry.id);
      else this.#change(entry.id, entry.kind, (open) => { open.isFinal = true; });
    }
  }

  clear() {
    this.#entries.clear();
    this.#calls.clear();
  }

  /** What was said before is to the new session as if it had been written. */
  #beginAnew() {
    for (const entry of this.#entries.values()) {
      if (entry.isSpoken) this.#change(entry.id, entry.kind, (old) => { old.isSpoken = false; });
    }
  }

  #showCall(callId) {
    const entry = [...this.#entries.values()].find((each) => each.callId === callId);
    if (entry) this.#change(entry.id, "call");
  }

  #applyItem(item, heard, isDone) {
    if (item.type === "function_call") {
      return this.#change(item.id, "call", (entry) => {
        entry.name = item.name;
        entry.callId = item.call_id;
        entry.text = item.arguments || entry.text;
        entry.isFinal = isDone;
      });
    }
    const kind = { user: "user", assistant: "agent" }[item.role];
    if (!kind) return;
    const said = (item.content ?? []).map((part) => part.text ?? part.transcript ?? "").join("");
    const isSpoken = kind === "user" && (item.content ?? []).some((part) => part.type === "input_audio");
    this.#change(item.id, kind, (entry) => {
      // Of an interrupted reply the server keeps what was heard; the rest stays readable here.
      const whole = entry.text.trim();
      if (said && said.trim().length < whole.length && whole.startsWith(said.trim())) entry.heard ??= said;
      else if (said) entry.text = said;
      entry.heard = heard ?? entry.heard;
      if (isSpoken) entry.isSpoken = true;
      if (isDone && item.status === "incomplete") entry.note = "interrupted";
      // The words of a spoken turn come later, with its transcription.
      if (isDone && (!isSpoken || said)) entry.isFinal = true;
    });
  }

  #finish(id, kind, text) {
    this.#change(id, kind, (entry) => Object.assign(entry, { text, isFinal: true }));
  }

  #change(id, kind, edit = () => {}) {
    const entry = this.#entries.get(id) ?? { id, kind, text: "", isFinal: false, heard: null };
    this.#entries.set(id, entry);
    edit(entry);
    if (kind === "call") entry.call = this.#calls.of(entry.callId);
    this.#onChange(entry);
  }

  #remove(id) {
    if (this.#entries.delete(id)) this.#onRemove(id);
  }
}

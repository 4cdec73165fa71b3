// What went wrong, in plain words, until it is right again or dismissed.

import { byId } from "./dom.js";

const CLOSES = {
  1001: "The server is going away",
  1006: "The connection to the server was lost",
  1008: "The server refused the session",
  1009: "A message was too big for the server",
  1011: "The server met an error",
  1012: "The server is restarting",
  1013: "The server is full at the moment",
};

const ORDERLY = new Set([1000, 1001]);

/** Errors that say only that the wish was granted already. */
const HARMLESS = new Set(["response_cancel_not_active", "conversation_already_has_active_response"]);

export class Notices {
  constructor({ onReconnect }) {
    byId("dismiss").addEventListener("click", () => this.clear());
    byId("reconnect").addEventListener("click", onReconnect);
  }

  show(words, { offersReconnect = false } = {}) {
    byId("notice-words").textContent = words;
    byId("reconnect").hidden = !offersReconnect;
    byId("notice").hidden = false;
  }

  clear() { byId("notice").hidden = true; }

  apply(event) {
    if (event.type === "error" && !HARMLESS.has(event.error.code)) this.show(event.error.message);
    if (event.type !== "response.done") return;
    const { status, status_details: details } = event.response;
    if (status === "completed") this.clear();
    if (status === "failed") this.show(details?.error?.message ?? "The agent could not answer this time. Try again.");
  }

  lost(loss) {
    const { retryInSeconds } = loss;
    const next = retryInSeconds === null ? "." : `. Trying again in ${Math.max(1, Math.round(retryInSeconds))} s.`;
    this.show(whyLost(loss) + next, { offersReconnect: true });
  }
}

/** Why a line is gone: a sentence without its full stop. @param loss {code, reason} of a WebSocket's closing, or alike */
export function whyLost({ code, reason }) {
  const words = reason.replace(/\.$/, "");
  // An end in good order: what the server says of it is all there is to know.
  if (ORDERLY.has(code) && words) return words[0].toUpperCase() + words.slice(1);
  return [CLOSES[code] ?? "The session has ended", words].filter(Boolean).join(": ");
}

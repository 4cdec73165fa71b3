// One WebSocket to /v1/realtime, opened again when it is lost by no one's wish.

import { KeyRefused } from "./keyring.js";

/** Going away, no close frame, service restart, try again later. */
const RETRIED = new Set([1001, 1006, 1012, 1013]);
const MAX_ATTEMPTS = 6;
const MAX_WAITING = 64;
/** A connection that lived this long ends a row of failures. */
const SOUND_AFTER = 10_000; // ms

export class Connection {
  #socket = null;
  /** Whether a key is being fetched for the next socket. */
  #isPreparing = false;
  /** Counts attempts: one that was overtaken while it waited for its key is dropped. */
  #serial = 0;
  #waiting = [];
  #attempt = 0;
  #retry = 0;
  #handlers;

  /**
   * @param handlers findTarget(): a promise of {agent: a name, or null for the key's own, key};
   *   onConnecting(), onOpen(), onEvent(event, bytes), onSent(event, bytes), onRefused(error) without a good key,
   *   onLost({code, reason, wasOpen, retryInSeconds}): retryInSeconds is null when no attempt will follow.
   */
  constructor(handlers) { this.#handlers = handlers; }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }
  get isIdle() { return this.#socket === null && !this.#isPreparing; }

  open() {
    this.#detach();
    this.#attempt = 0;
    this.#connect();
  }

  /** Ends it for good; no event follows. */
  close() {
    this.#waiting = [];
    this.#detach();
  }

  /** Sends now, or right after opening. Audio is never kept: old sound is of no use. */
  send(event) {
    if (this.isOpen) {
      const text = JSON.stringify(event);
      this.#socket.send(text);
      this.#handlers.onSent(event, text.length);
    } else if (event.type !== "input_audio_buffer.append" && this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(event);
    }
  }

  #detach() {
    clearTimeout(this.#retry);
    this.#serial++;
    this.#isPreparing = false;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  async #connect() {
    const serial = ++this.#serial;
    this.#isPreparing = true;
    this.#handlers.onConnecting();
    let target = null;
    let failure = null;
    try {
      target = await this.#handlers.findTarget();
    } catch (error) {
      failure = error;
    }
    if (serial !== this.#serial) return;
    this.#isPreparing = false;
    if (target) this.#openSocket(target);
    else if (failure instanceof KeyRefused) this.#handlers.onRefused(failure);
    else this.#lose({ code: 1006, reason: failure.message, wasOpen: false });
  }

  #openSocket({ agent, key }) {
    const url = new URL("/v1/realtime", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (agent !== null) url.searchParams.set("model", agent);
    // A browser cannot set a header on a WebSocket; the key rides in the list of subprotocols.
    const socket = new WebSocket(url, ["realtime", `openai-insecure-api-key.${key}`]);
    let openedAt = null;
    this.#socket = socket;

    socket.onopen = () => {
      if (this.#socket !== socket) return;
      openedAt = performance.now();
      this.#handlers.onOpen();
      for (const event of this.#waiting.splice(0)) this.send(event);
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#handlers.onEvent(JSON.parse(data), data.length);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      const wasOpen = openedAt !== null;
      if (wasOpen && performance.now() - openedAt > SOUND_AFTER) this.#attempt = 0;
      this.#lose({ code, reason, wasOpen });
    };
  }

  #lose(loss) {
    const retryInSeconds = RETRIED.has(loss.code) && this.#attempt < MAX_ATTEMPTS ? this.#backOff() : null;
    this.#handlers.onLost({ ...loss, retryInSeconds });
  }

  #backOff() {
    const seconds = Math.min(0.5 * 2 ** this.#attempt++, 8) * (0.75 + Math.random() / 4);
    this.#retry = setTimeout(() => this.#connect(), seconds * 1000);
    return seconds;
  }
}

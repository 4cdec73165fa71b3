// The session's line to the server, a call over WebRTC or a WebSocket; opened again when it is lost by no one's wish.

import { CallLine } from "./call-line.js";
import { KeyRefused } from "./keyring.js";
import { SocketLine } from "./socket-line.js";

/** Going away, no close frame, service restart, try again later. */
const RETRIED = new Set([1001, 1006, 1012, 1013]);
const MAX_ATTEMPTS = 6;
const MAX_WAITING = 64;
/** A connection that lived this long ends a row of failures. */
const SOUND_AFTER = 10_000; // ms

export class Connection {
  #line = null;
  /** Whether a key is being fetched for the next line. */
  #isPreparing = false;
  /** Counts attempts: one that was overtaken while it waited for its key is dropped. */
  #serial = 0;
  #waiting = [];
  #attempt = 0;
  #retry = 0;
  #handlers;

  /**
   * @param handlers findTarget(): a promise of {agent: a name, or null for the key's own, key};
   *   transport(): "webrtc" or "websocket", for the next line;
   *   media: what a call sends and plays, see CallMedia;
   *   onConnecting(), onOpen(), onEvent(event, bytes), onSent(event, bytes), onRefused(error) without a good key,
   *   onUnavailable(words): WebRTC is not to be had; whether there is another transport to try;
   *   onRepair(isUnderWay): a call looks for another way through the network;
   *   onLost({code, reason, wasOpen, retryInSeconds}): retryInSeconds is null when no attempt will follow.
   */
  constructor(handlers) { this.#handlers = handlers; }

  get isOpen() { return this.#line?.isOpen ?? false; }
  get isIdle() { return this.#line === null && !this.#isPreparing; }
  /** "webrtc", "websocket", or null while there is none. */
  get transport() { return this.#line?.transport ?? null; }
  /** Whether the server plays the agent's voice, and not this page. */
  get isCall() { return this.transport === "webrtc"; }

  /** The browser's figures of a call, or null. */
  stats() { return this.#line?.stats?.() ?? null; }

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
      this.#line.send(text);
      this.#handlers.onSent(event, text.length);
    } else if (event.type !== "input_audio_buffer.append" && this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(event);
    }
  }

  #detach() {
    clearTimeout(this.#retry);
    this.#serial++;
    this.#isPreparing = false;
    const line = this.#line;
    this.#line = null;
    line?.close();
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
    if (target) this.#openLine(target);
    else if (failure instanceof KeyRefused) this.#handlers.onRefused(failure);
    else this.#lose({ code: 1006, reason: failure.message, wasOpen: false });
  }

  #openLine(target) {
    let openedAt = null;
    // What a line says after it was let go of is not heard.
    const current = (handle) => (...values) => { if (this.#line === line) handle(...values); };
    const handlers = {
      onOpen: current(() => {
        if (openedAt === null) {
          openedAt = performance.now();
          this.#handlers.onOpen();
        }
        for (const event of this.#waiting.splice(0)) this.send(event);
      }),
      onEvent: current(this.#handlers.onEvent),
      onRepair: current(this.#handlers.onRepair),
      onUnavailable: current((words) => {
        this.#detach();
        if (this.#handlers.onUnavailable(words)) this.#connect();
        else this.#handlers.onLost({ code: 1000, reason: words, wasOpen: false, retryInSeconds: null });
      }),
      onLost: current(({ code, reason }) => {
        this.#detach();
        const wasOpen = openedAt !== null;
        if (wasOpen && performance.now() - openedAt > SOUND_AFTER) this.#attempt = 0;
        this.#lose({ code, reason, wasOpen });
      }),
    };
    const isCall = this.#handlers.transport() === "webrtc";
    const line = isCall ? new CallLine(target, this.#handlers.media, handlers) : new SocketLine(target, handlers);
    this.#line = line;
    line.open();
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

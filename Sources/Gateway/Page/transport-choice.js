// How the next session travels: a call over WebRTC, and a WebSocket where that is not to be had.

export class TransportChoice {
  #forced;
  #isTextOnly;
  /** Why there is no WebRTC, once that is known. */
  #refusal = null;

  /** @param forced "webrtc", "websocket" or null  @param isTextOnly() whether there is no sound to carry */
  constructor({ forced, isTextOnly }) {
    this.#forced = forced;
    this.#isTextOnly = isTextOnly;
  }

  next() {
    if (this.#forced) return this.#forced;
    return this.#isTextOnly() || this.#refusal !== null ? "websocket" : "webrtc";
  }

  /** WebRTC is not to be had. @returns whether there is another transport to try. */
  refuse(words) {
    this.#refusal = words;
    return this.#forced === null;
  }

  /** Plain words on the line that there is. */
  describe(transport) {
    if (transport === "webrtc") return "Over WebRTC.";
    if (this.#forced || this.#refusal === null) return "Over a WebSocket.";
    return `Over a WebSocket, for want of WebRTC: ${this.#refusal}.`;
  }
}

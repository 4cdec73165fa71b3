// `window.viva`: what a browser test reads of the session.

export class TestHooks {
  /** Responses done. */
  turns = 0;
  /** The user's last words, final. */
  lastTranscript = "";
  sessionId = null;
  #bytes = 0;
  #parts;

  /** @param parts {state, sound, connection, network} */
  constructor(parts) { this.#parts = parts; }

  get state() { return this.#parts.state.name; }
  get transport() { return this.#parts.connection.transport; }
  /** Of the agent's voice, by whatever way. */
  get audioBytesReceived() { return this.#bytes + (this.network?.bytes ?? 0); }
  /** The browser's figures of a call, or null. */
  get network() { return this.#parts.network.figures; }

  /** With `#record=1`: base64 of a WAV (24 kHz, mono, s16) of what the agent was heard to say. */
  recording() { return this.#parts.sound.recording(); }

  apply(event) {
    switch (event.type) {
      case "session.created":
        this.sessionId = event.session.id;
        break;
      case "response.output_audio.delta":
        this.#bytes += Math.floor((event.delta.length * 3) / 4);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.lastTranscript = event.transcript;
        break;
      case "response.done":
        this.turns++;
        break;
    }
  }
}

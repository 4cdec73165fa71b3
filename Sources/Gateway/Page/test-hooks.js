// `window.viva`: what a browser test reads of the session.

export class TestHooks {
  audioBytesReceived = 0;
  /** Responses done. */
  turns = 0;
  /** The user's last words, final. */
  lastTranscript = "";
  #state;
  #player;

  constructor({ state, player }) {
    this.#state = state;
    this.#player = player;
  }

  get state() { return this.#state.name; }

  /** With `#record=1`: base64 of a WAV (24 kHz, mono, s16) of what the agent was heard to say. */
  recording() { return this.#player.recording(); }

  apply(event) {
    switch (event.type) {
      case "response.output_audio.delta":
        this.audioBytesReceived += Math.floor((event.delta.length * 3) / 4);
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

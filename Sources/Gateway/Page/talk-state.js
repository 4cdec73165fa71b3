// Whose turn it is, in one word: a fold over events, playback and the microphone.

export class TalkState {
  /** "none" (not begun), "connecting", "open" or "lost". */
  connection = "none";
  isMicrophoneLive = false;
  isPlaying = false;
  #isHearing = false;
  #isThinking = false;
  #isWriting = false;

  /** Every name, with what it is called on the page and what the user can do. */
  static words = {
    disconnected: ["Disconnected", "Press the seal or write, to begin again."],
    connecting: ["Connecting", "Opening the line."],
    listening: ["Listening", "Speak when you like; a pause ends your turn."],
    hearing: ["Hearing you", "Go on. A pause ends your turn."],
    thinking: ["Thinking", "A moment."],
    speaking: ["Speaking", "You may interrupt."],
    writing: ["Writing", "You may interrupt."],
    muted: ["Muted", "Your microphone is off. Press the seal to speak, or write."],
  };

  get name() {
    if (this.connection === "connecting") return "connecting";
    if (this.connection !== "open") return "disconnected";
    if (this.#isHearing) return "hearing";
    if (this.isPlaying) return "speaking";
    if (this.#isWriting) return "writing";
    if (this.#isThinking) return "thinking";
    return this.isMicrophoneLive ? "listening" : "muted";
  }

  /** A question was put in writing. */
  asked() { this.#isThinking = true; }

  apply(event) {
    switch (event.type) {
      case "session.created":
        this.#isHearing = this.#isThinking = this.#isWriting = false;
        break;
      case "input_audio_buffer.speech_started":
        this.#isHearing = true;
        this.#isThinking = this.#isWriting = false;
        break;
      case "input_audio_buffer.speech_stopped":
        this.#isHearing = false;
        this.#isThinking = true;
        break;
      case "conversation.item.input_audio_transcription.completed":
        if (!event.transcript.trim()) this.#isThinking = false;
        break;
      case "response.created":
        this.#isThinking = true;
        break;
      case "response.output_text.delta":
        this.#isWriting = true;
        break;
      case "conversation.item.input_audio_transcription.failed":
      case "error":
        this.#isThinking = false;
        break;
      case "response.done":
        this.#isThinking = this.#isWriting = false;
        break;
    }
  }
}

// Whose turn it is, in one word: a fold over events, playback and the microphone.

const WORDS = {
  disconnected: ["Disconnected", "Press to talk, or write, to begin again."],
  connecting: ["Connecting", "Opening the line."],
  listening: ["Listening", "Speak when you like."],
  hearing: ["Hearing you", "Go on. A pause ends your turn."],
  thinking: ["Thinking", "A moment."],
  speaking: ["Speaking", "Speak or press Esc to interrupt."],
  writing: ["Writing", "Write or press Esc to interrupt."],
  muted: ["Muted", "Press to talk, or write."],
  ready: ["Ready", "Write when you like."],
};

/** Where there is no microphone to speak of. */
const TEXT_HINTS = {
  disconnected: "Write to begin again.",
  speaking: "Write or press Esc to interrupt.",
};

export class TalkState {
  /** "none" (not begun), "connecting", "open" or "lost". */
  connection = "none";
  isMicrophoneLive = false;
  isPlaying = false;
  isTextOnly = false;
  #isHearing = false;
  #isThinking = false;
  #isWriting = false;

  /** What it is called on the page, and what the user can do. */
  get words() {
    const [word, hint] = WORDS[this.name];
    return [word, this.isTextOnly ? (TEXT_HINTS[this.name] ?? hint) : hint];
  }

  get name() {
    if (this.connection === "connecting") return "connecting";
    if (this.connection !== "open") return "disconnected";
    if (this.#isHearing) return "hearing";
    if (this.isPlaying) return "speaking";
    if (this.#isWriting) return "writing";
    if (this.#isThinking) return "thinking";
    if (this.isTextOnly) return "ready";
    return this.isMicrophoneLive ? "listening" : "muted";
  }

  /** A question was put in writing. */
  asked() { this.#isThinking = true; }

  /** The connection is gone, and with it whatever was under way. */
  lost() {
    this.connection = "lost";
    this.#isHearing = this.#isThinking = this.#isWriting = false;
  }

  apply(event) {
    switch (event.type) {
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

// The agent's voice in a call: an <audio> element plays the track, the server says whose words they are and when.
// What comes out of it is listened to as well, for the line of ink and for when the first sound was there.

import { byId } from "./dom.js";
import { encodeBytes, wav } from "./pcm.js";
import { tap } from "./tap.js";

/** Above comfort noise, below any voice: -46 dBFS. */
const AUDIBLE = 0.005;

export class CallVoice {
  /** The server is sending an answer. */
  isPlaying = false;
  #audio = byId("agent-voice");
  #tap = null;
  /** An answer has begun and nothing was heard of it yet. */
  #isAwaited = false;
  #kept;
  #onLevel;
  #onStart;
  #onBlocked;

  /**
   * @param keep whether what is heard is kept for `recording()`  @param onLevel(rms) of 20 ms
   * @param onStart() the first sound of an answer  @param onBlocked() the browser wants a gesture first
   */
  constructor({ keep, onLevel, onStart, onBlocked }) {
    this.#kept = keep ? [] : null;
    this.#onLevel = onLevel;
    this.#onStart = onStart;
    this.#onBlocked = onBlocked;
  }

  get hasRecording() { return this.#kept?.length > 0; }
  get isMuted() { return this.#audio.muted; }
  set isMuted(isMuted) { this.#audio.muted = isMuted; }

  async play(stream) {
    this.stop();
    this.#audio.srcObject = stream;
    this.resume();
    const made = await tap(stream, (samples, rms) => this.#hear(samples, rms)).catch(() => null);
    if (this.#audio.srcObject === stream) this.#tap = made;
    else made?.close();
  }

  /** In a user gesture, when the browser held the sound back. */
  resume() {
    this.#tap?.resume();
    if (this.#audio.srcObject) {
      this.#audio.play().catch((error) => {
        if (error.name === "NotAllowedError") this.#onBlocked();
      });
    }
  }

  stop() {
    this.isPlaying = this.#isAwaited = false;
    this.#audio.srcObject = null;
    this.#tap?.close();
    this.#tap = null;
  }

  apply(event) {
    switch (event.type) {
      case "output_audio_buffer.started":
        this.isPlaying = this.#isAwaited = true;
        break;
      case "output_audio_buffer.stopped":
      case "output_audio_buffer.cleared":
        this.isPlaying = this.#isAwaited = false;
        break;
    }
  }

  /** Base64 of a WAV with all that was heard. */
  recording() { return encodeBytes(wav(this.#kept ?? [])); }

  #hear(samples, rms) {
    this.#kept?.push(samples);
    this.#onLevel(rms);
    if (!this.#isAwaited || rms < AUDIBLE) return;
    this.#isAwaited = false;
    this.#onStart();
  }
}

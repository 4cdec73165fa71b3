// The user's voice: getUserMedia; the track is for a call, 20 ms at a time for a WebSocket.

import { tap } from "./tap.js";

export class Microphone {
  #raw;
  #onChunk;
  #onTrack;
  #track = null;
  #opening = null;

  /**
   * @param onChunk called with (Int16Array of 24 kHz, rms 0…1) every 20 ms while the microphone is live
   * @param onTrack called with the MediaStreamTrack once there is one, and with null when it is gone
   */
  constructor({ raw, onChunk, onTrack }) {
    this.#raw = raw;
    this.#onChunk = onChunk;
    this.#onTrack = onTrack;
  }

  get isOpen() { return this.#track !== null; }
  get isLive() { return this.#track?.enabled ?? false; }

  /** Call it in a user gesture. @throws with words to show when there is no microphone to be had. */
  open() {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = null;
      throw new Error(explain(error));
    });
    return this.#opening;
  }

  mute() { if (this.#track) this.#track.enabled = false; }
  unmute() { if (this.#track) this.#track.enabled = true; }

  async #open() {
    const clean = !this.#raw;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean },
    });
    const ear = await tap(stream, (samples, rms) => {
      if (this.isLive) this.#onChunk(samples, rms);
    });
    this.#track = stream.getAudioTracks()[0];
    this.#onTrack(this.#track);
    // The device was unplugged or its permission withdrawn: the next press asks anew.
    this.#track.addEventListener("ended", () => {
      this.#track = null;
      this.#opening = null;
      this.#onTrack(null);
      ear.close();
    });
  }
}

function explain(error) {
  if (!navigator.mediaDevices) {
    return "Browsers give the microphone only to pages served over https or from localhost. You can still write.";
  }
  switch (error.name) {
    case "NotAllowedError": return "The microphone is blocked for this page. Allow it in the address bar, or write.";
    case "NotFoundError": return "No microphone was found. Plug one in, or write.";
    case "NotReadableError": return "Another program holds the microphone. Close it there, or write.";
    default: return `The microphone could not be opened (${error.message}). You can still write.`;
  }
}

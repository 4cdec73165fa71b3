// The user's voice: getUserMedia, then an AudioWorklet that hands over 20 ms of 24 kHz s16 at a time.

import { SAMPLE_RATE } from "./pcm.js";

export class Microphone {
  #raw;
  #onChunk;
  #track = null;
  #opening = null;

  /** @param onChunk called with (Int16Array, rms 0…1) every 20 ms while the microphone is live. */
  constructor({ raw, onChunk }) {
    this.#raw = raw;
    this.#onChunk = onChunk;
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
    const [context, source] = capture(stream);
    await context.audioWorklet.addModule("/microphone-worklet.js");
    const worklet = new AudioWorkletNode(context, "microphone", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
    });
    worklet.port.onmessage = ({ data }) => {
      if (this.isLive) this.#onChunk(data.samples, data.rms);
    };
    source.connect(worklet);
    await context.resume();
    this.#track = stream.getAudioTracks()[0];
    // The device was unplugged or its permission withdrawn: the next press asks anew.
    this.#track.addEventListener("ended", () => {
      this.#track = null;
      this.#opening = null;
      context.close();
    });
  }
}

// Firefox joins a microphone only to a context at the device's own rate; the worklet then resamples.
function capture(stream) {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    context.close();
    const native = new AudioContext({ latencyHint: "interactive" });
    return [native, native.createMediaStreamSource(stream)];
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

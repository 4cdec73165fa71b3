// The microphone's render thread: 128-frame quanta in, 20 ms chunks of 24 kHz s16 out.

import { Resampler } from "./resampler.js";

const RATE = 24000;
const CHUNK = RATE / 50;

class MicrophoneProcessor extends AudioWorkletProcessor {
  #resampler = sampleRate === RATE ? null : new Resampler(sampleRate, RATE);
  #chunk = new Int16Array(CHUNK);
  #filled = 0;
  #energy = 0;

  process([input]) {
    if (!input.length) return true;
    const samples = this.#resampler ? this.#resampler.process(input[0]) : input[0];
    for (const sample of samples) this.#push(sample);
    return true;
  }

  #push(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.#energy += clipped * clipped;
    this.#chunk[this.#filled++] = Math.round(clipped * 32767);
    if (this.#filled < CHUNK) return;
    const message = { samples: this.#chunk, rms: Math.sqrt(this.#energy / CHUNK) };
    this.port.postMessage(message, [this.#chunk.buffer]);
    this.#chunk = new Int16Array(CHUNK);
    this.#filled = 0;
    this.#energy = 0;
  }
}

registerProcessor("microphone", MicrophoneProcessor);

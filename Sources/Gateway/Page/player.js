// The agent's voice: chunks in, sound out; knows to the sample what was heard of every item.

import { SAMPLE_RATE, wav, encodeBytes } from "./pcm.js";

export class Player {
  isPlaying = false;
  #context = null;
  #worklet = null;
  #volume = null;
  #isMuted = false;
  #opening = null;
  #stopping = null;
  #onLevel;
  #onStart;
  #onDrain;
  #received = new Map();
  #played = new Map();
  #cut = new Set();
  #kept;

  /** @param keep whether what is played is kept for `recording()`. */
  constructor({ keep, onLevel, onStart, onDrain }) {
    this.#kept = keep ? [] : null;
    this.#onLevel = onLevel;
    this.#onStart = onStart;
    this.#onDrain = onDrain;
  }

  /** Call it in a user gesture: browsers start no sound without one. */
  open() {
    this.#context ??= new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
    this.#context.resume();
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open() {
    await this.#context.audioWorklet.addModule("/player-worklet.js");
    this.#worklet = new AudioWorkletNode(this.#context, "player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#worklet.port.onmessage = ({ data }) => this.#hear(data);
    this.#volume = new GainNode(this.#context, { gain: this.#isMuted ? 0 : 1 });
    this.#worklet.connect(this.#volume).connect(this.#context.destination);
  }

  set isMuted(isMuted) {
    this.#isMuted = isMuted;
    if (this.#volume) this.#volume.gain.value = isMuted ? 0 : 1;
  }

  async play(item, samples) {
    if (this.#cut.has(item)) return;
    this.#received.set(item, (this.#received.get(item) ?? 0) + samples.length);
    this.#kept?.push({ item, samples });
    await this.open();
    if (this.#cut.has(item)) return;
    this.#worklet.port.postMessage({ item, samples: Float32Array.from(samples, (sample) => sample / 32768) });
  }

  /**
   * Silence, at once.
   * @returns {Promise<{item: string, milliseconds: number}[]>} what had been heard of each item that was cut.
   */
  async stop() {
    if (!this.#worklet || this.#stopping) return [];
    const { promise, resolve } = Promise.withResolvers();
    this.#stopping = resolve;
    this.#worklet.port.postMessage({ stop: true });
    const cut = await promise;
    // What the worklet has rendered is still on its way to the ear.
    const underway = (this.#context.outputLatency || 0) * SAMPLE_RATE;
    return cut.map(({ item, played }) => {
      this.#cut.add(item);
      this.#played.set(item, played);
      const heard = Math.min(Math.max(0, played - underway), this.#received.get(item) ?? 0);
      return { item, milliseconds: Math.floor((heard * 1000) / SAMPLE_RATE) };
    });
  }

  /** Base64 of a WAV with all that was played, item after item. */
  recording() {
    const left = new Map(this.#played);
    const pieces = (this.#kept ?? []).map(({ item, samples }) => {
      const count = Math.min(samples.length, left.get(item) ?? 0);
      left.set(item, (left.get(item) ?? 0) - count);
      return samples.subarray(0, count);
    });
    return encodeBytes(wav(pieces));
  }

  #hear({ started, stopped, played, rms, drained }) {
    if (started) {
      this.isPlaying = true;
      this.#onStart();
    }
    if (stopped) {
      this.#stopping?.(stopped);
      this.#stopping = null;
    }
    if (!played) return;
    for (const [item, count] of played) this.#played.set(item, count);
    this.#onLevel(rms);
    if (drained) {
      this.isPlaying = false;
      this.#onDrain();
    }
  }
}

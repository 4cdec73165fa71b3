// The agent's voice, on the render thread: a queue of chunks, played without a gap, dropped at once on 'stop'.

const REPORT_EVERY = 512; // samples: about 21 ms

class PlayerProcessor extends AudioWorkletProcessor {
  /** [{item, samples: Float32Array}], the first one playing at `#offset`. */
  #queue = [];
  #offset = 0;
  /** Samples played, by item. */
  #played = new Map();
  #stopping = false;
  #sounding = false;
  #energy = 0;
  #sinceReport = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.stop) this.#stopping = true;
      else this.#queue.push(data);
    };
  }

  process(_inputs, [[output]]) {
    const filled = this.#fill(output);
    if (this.#stopping) this.#stop(output);
    if (filled > 0 && !this.#sounding) this.#started();
    for (const sample of output) this.#energy += sample * sample;
    this.#sinceReport += output.length;
    const drained = this.#sounding && this.#queue.length === 0;
    if (drained) this.#sounding = false;
    if (drained || (this.#sounding && this.#sinceReport >= REPORT_EVERY)) this.#report(drained);
    return true;
  }

  #fill(output) {
    let filled = 0;
    while (filled < output.length && this.#queue.length > 0) {
      const { item, samples } = this.#queue[0];
      const count = Math.min(output.length - filled, samples.length - this.#offset);
      output.set(samples.subarray(this.#offset, this.#offset + count), filled);
      filled += count;
      this.#offset += count;
      this.#played.set(item, (this.#played.get(item) ?? 0) + count);
      if (this.#offset === samples.length) {
        this.#queue.shift();
        this.#offset = 0;
      }
    }
    return filled;
  }

  // The last quantum (5 ms) fades, so that the cut does not click.
  #stop(output) {
    for (let i = 0; i < output.length; i++) output[i] *= 1 - i / output.length;
    const cut = [...new Set(this.#queue.map(({ item }) => item))];
    this.port.postMessage({ stopped: cut.map((item) => ({ item, played: this.#played.get(item) ?? 0 })) });
    this.#queue = [];
    this.#offset = 0;
    this.#stopping = false;
  }

  #started() {
    this.#sounding = true;
    this.port.postMessage({ started: true });
  }

  #report(drained) {
    const rms = Math.sqrt(this.#energy / this.#sinceReport);
    this.port.postMessage({ played: [...this.#played], rms: drained ? 0 : rms, drained });
    // Items that wait for more audio keep their count; the others are of no more use here.
    if (this.#played.size > 8) this.#played.delete(this.#played.keys().next().value);
    this.#energy = 0;
    this.#sinceReport = 0;
  }
}

registerProcessor("player", PlayerProcessor);

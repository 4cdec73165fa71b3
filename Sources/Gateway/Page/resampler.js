// A windowed-sinc resampler for streams, for browsers that give the microphone only at the device's rate.

const ZERO_CROSSINGS = 12;
const PHASES = 256;

export class Resampler {
  #step;
  #reach;
  #kernel;
  #history = new Float32Array(0);
  /** Position of the next output sample, in input samples from the start of `#history`. */
  #position;

  constructor(from, to) {
    this.#step = from / to;
    // Cut off below the lower of the two Nyquist frequencies.
    const cutoff = Math.min(1, to / from) * 0.94;
    this.#reach = Math.ceil(ZERO_CROSSINGS / cutoff);
    this.#position = this.#reach;
    this.#history = new Float32Array(this.#reach);
    this.#kernel = Float32Array.from({ length: this.#reach * PHASES + 2 }, (_, i) => {
      const x = i / PHASES;
      if (x >= this.#reach) return 0;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x * cutoff) / (Math.PI * x * cutoff);
      const hann = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.#reach);
      return cutoff * sinc * hann;
    });
  }

  process(input) {
    const samples = new Float32Array(this.#history.length + input.length);
    samples.set(this.#history);
    samples.set(input, this.#history.length);
    const output = [];
    while (this.#position + this.#reach < samples.length) {
      output.push(this.#interpolate(samples, this.#position));
      this.#position += this.#step;
    }
    const used = Math.max(0, Math.floor(this.#position) - this.#reach);
    this.#history = samples.slice(used);
    this.#position -= used;
    return Float32Array.from(output);
  }

  #interpolate(samples, position) {
    const center = Math.floor(position);
    let sum = 0;
    for (let i = center - this.#reach + 1; i <= center + this.#reach; i++) {
      const at = Math.abs(position - i) * PHASES;
      const index = Math.floor(at);
      const low = this.#kernel[index];
      sum += samples[i] * (low + (this.#kernel[index + 1] - low) * (at - index));
    }
    return sum;
  }
}

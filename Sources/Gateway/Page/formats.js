// How audio rides the connection. The page itself has 24 kHz, mono, signed 16 bit; each format turns that into base64
// and back. A format object belongs to one connection: resamplers remember.

import { mulawOf, sampleOf } from "./mulaw.js";
import { SAMPLE_RATE, decode, decodeBytes, encode, encodeBytes } from "./pcm.js";
import { Resampler } from "./resampler.js";

class PCM {
  description = { type: "audio/pcm", rate: SAMPLE_RATE };
  encode(samples) { return encode(samples); }
  decode(_item, base64) { return decode(base64); }
}

/** As on a telephone: 8 kHz, a byte a sample. */
class PCMU {
  description = { type: "audio/pcmu" };
  #down = new Resampler(SAMPLE_RATE, 8000);
  #up = null;
  #item = null;

  encode(samples) {
    return encodeBytes(Uint8Array.from(this.#down.process(samples), (sample) => mulawOf(Math.round(sample))));
  }

  decode(item, base64) {
    if (item !== this.#item) this.#up = new Resampler(8000, SAMPLE_RATE);
    this.#item = item;
    const samples = this.#up.process(Float32Array.from(decodeBytes(base64), sampleOf));
    return Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample))));
  }
}

const FORMATS = { "audio/pcm": PCM, "audio/pcmu": PCMU };

/** @param name "audio/pcm" or "audio/pcmu" */
export const formatNamed = (name) => new FORMATS[name]();

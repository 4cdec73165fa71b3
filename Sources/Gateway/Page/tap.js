// What a stream sounds like: an AudioWorklet hands over 20 ms of 24 kHz s16 at a time.

import { SAMPLE_RATE } from "./pcm.js";

/**
 * @param onChunk called with (Int16Array, rms 0…1) every 20 ms.
 * @returns {Promise<{resume(), close()}>}
 */
export async function tap(stream, onChunk) {
  const [context, source] = contextFor(stream);
  await context.audioWorklet.addModule("/microphone-worklet.js");
  const worklet = new AudioWorkletNode(context, "microphone", {
    numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
  });
  worklet.port.onmessage = ({ data }) => onChunk(data.samples, data.rms);
  source.connect(worklet);
  // Without a user gesture it waits for one.
  context.resume();
  return { resume: () => context.resume(), close: () => context.close() };
}

// Firefox joins a microphone only to a context at the device's own rate; the worklet then resamples.
function contextFor(stream) {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    context.close();
    const native = new AudioContext({ latencyHint: "interactive" });
    return [native, native.createMediaStreamSource(stream)];
  }
}

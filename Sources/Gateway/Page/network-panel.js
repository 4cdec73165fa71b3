// How a call fares on the network, by the browser's own figures, once a second.

import { byId, element } from "./dom.js";

const EVERY = 1000; // ms

export class NetworkPanel {
  /** The newest figures, or null: {roundTrip, jitter, delay: ms | null, lost, received: packets, concealed: 0…1, bytes, codec}. */
  figures = null;
  #stats;
  #earlier = null;

  /** @param stats() a promise of an RTCStatsReport, or null when there is no call */
  constructor(stats) {
    this.#stats = stats;
    setInterval(() => this.#poll(), EVERY);
  }

  async #poll() {
    const report = await this.#stats();
    byId("network-panel").hidden = report === null;
    this.figures = report && figuresOf([...report.values()], this.#earlier);
    this.#earlier = this.figures;
    if (this.figures) this.#draw(this.figures);
  }

  #draw({ roundTrip, jitter, delay, lost, received, concealed, codec }) {
    const share = lost + received > 0 ? lost / (lost + received) : 0;
    byId("network-figure").textContent = roundTrip === null ? "" : `round trip ${milliseconds(roundTrip)}`;
    const rows = [
      ["round trip", milliseconds(roundTrip)],
      ["jitter", milliseconds(jitter)],
      ["held back against jitter", milliseconds(delay)],
      ["packets lost", `${lost} (${percent(share)})`],
      ["sound made up", percent(concealed)],
      ["codec", codec ?? "–"],
    ];
    byId("network").replaceChildren(...rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]));
  }
}

/** @param entries of an RTCStatsReport (W3C webrtc-stats) */
function figuresOf(entries, earlier) {
  const one = (type, holds = () => true) => entries.find((entry) => entry.type === type && holds(entry)) ?? {};
  const transport = one("transport");
  const pair = one("candidate-pair", ({ id }) => id === transport.selectedCandidatePairId);
  const heard = one("inbound-rtp", ({ kind }) => kind === "audio");
  const codec = one("codec", ({ id }) => id === heard.codecId);
  // Silence that was not sent is made up as well, and nobody misses it.
  const made = (heard.concealedSamples ?? 0) - (heard.silentConcealedSamples ?? 0);
  const held = { delay: heard.jitterBufferDelay ?? 0, count: heard.jitterBufferEmittedCount ?? 0 };
  const before = earlier && earlier.held.count <= held.count ? earlier.held : { delay: 0, count: 0 };
  const count = held.count - before.count;
  return {
    roundTrip: inMilliseconds(pair.currentRoundTripTime),
    jitter: inMilliseconds(heard.jitter),
    delay: count > 0 ? inMilliseconds((held.delay - before.delay) / count) : (earlier?.delay ?? null),
    lost: Math.max(0, heard.packetsLost ?? 0),
    received: heard.packetsReceived ?? 0,
    concealed: heard.totalSamplesReceived ? made / heard.totalSamplesReceived : 0,
    bytes: heard.bytesReceived ?? 0,
    codec: codec.mimeType?.replace("audio/", "") ?? null,
    held,
  };
}

const inMilliseconds = (seconds) => (Number.isFinite(seconds) ? seconds * 1000 : null);
const milliseconds = (value) => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);
const percent = (share) => `${(share * 100).toFixed(1)} %`;

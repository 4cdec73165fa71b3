// Every event of the protocol, both ways, the latest 500. Audio is told by its size.

import { byId, element } from "./dom.js";

const LIMIT = 500;
const STREAMED = new Set(["input_audio_buffer.append", "response.output_audio.delta"]);

export class EventLog {
  #rows = [];
  #list = byId("events");
  #panel = byId("events-panel");
  #filter = byId("events-filter");
  #types = new Set();
  #count = 0;
  #beganAt = null;
  #scheduled = false;
  /** The open row of each streamed type; any other event closes it. */
  #streams = new Map();

  constructor() {
    this.#filter.addEventListener("input", () => this.#applyFilter());
    this.#panel.addEventListener("toggle", () => this.#schedule());
    byId("events-copy").addEventListener("click", () => this.#copy());
  }

  /** @param direction "sent" or "received" */
  add(direction, event, bytes) {
    this.#count++;
    const stream = this.#streams.get(event.type);
    if (stream) {
      stream.times++;
      stream.bytes += bytes;
    } else {
      this.#begin(direction, event, bytes);
    }
    this.#schedule();
  }

  #begin(direction, event, bytes) {
    const now = performance.now();
    this.#beganAt ??= now;
    if (!STREAMED.has(event.type)) this.#streams.clear();
    const row = { direction, event, bytes, times: 1, at: now - this.#beganAt, element: null };
    if (STREAMED.has(event.type)) this.#streams.set(event.type, row);
    this.#rows.push(row);
    if (this.#rows.length > LIMIT) this.#rows.shift().element?.remove();
    if (this.#types.has(event.type)) return;
    this.#types.add(event.type);
    const option = element("option");
    option.value = event.type;
    byId("events-types").append(option);
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      byId("events-figure").textContent = String(this.#count);
      if (this.#panel.open) this.#render();
    });
  }

  #render() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const wasAtEnd = scrollHeight - scrollTop - clientHeight < 40;
    for (const row of this.#rows) {
      if (!row.element) this.#list.append(this.#make(row));
      row.size.textContent = row.times > 1 ? `${row.times} × · ${size(row.bytes)}` : size(row.bytes);
    }
    if (wasAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #make(row) {
    const { direction, event, at } = row;
    row.element = element("details", `event ${direction}${event.type === "error" ? " wrong" : ""}`);
    row.element.hidden = !this.#matches(row);
    row.size = element("span", "size");
    const arrow = element("span", "arrow", direction === "sent" ? "↑" : "↓");
    arrow.append(element("span", "unseen", direction));
    const summary = element("summary");
    const type = element("span", "type");
    // A long type may break after its dots.
    type.append(...event.type.split(/(?<=[._])/).flatMap((part) => [part, element("wbr")]));
    summary.append(element("time", "", `+${(at / 1000).toFixed(2)}`), arrow, type, row.size);
    row.element.append(summary);
    row.element.addEventListener("toggle", () => {
      row.element.append(element("pre", "", JSON.stringify(event, elide, 2)));
    }, { once: true });
    return row.element;
  }

  #applyFilter() {
    for (const row of this.#rows) if (row.element) row.element.hidden = !this.#matches(row);
  }

  #matches({ event }) { return event.type.includes(this.#filter.value.trim().toLowerCase()); }

  /** What the filter shows, as JSON lines. */
  async #copy() {
    const lines = this.#rows.filter((row) => this.#matches(row)).map(({ direction, event, bytes, times, at }) =>
      JSON.stringify({ at_ms: Math.round(at), direction, times, bytes, event }, elide));
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      byId("events-copied").textContent = lines.length === 1 ? "1 event copied" : `${lines.length} events copied`;
    } catch {
      byId("events-copied").textContent = "This browser did not allow it";
    }
  }
}

function elide(name, value) {
  const isAudio = name === "audio" || (name === "delta" && this.type === "response.output_audio.delta");
  return isAudio && typeof value === "string" ? `(${size(value.length * 0.75)} of audio)` : value;
}

const size = (bytes) => (bytes < 1000 ? `${Math.round(bytes)} B` : `${(bytes / 1000).toFixed(1)} kB`);

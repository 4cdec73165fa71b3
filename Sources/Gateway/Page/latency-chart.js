// The last turns as stacked bars, newest first, on one scale.

import { STAGES } from "./latency.js";
import { byId, element } from "./dom.js";

const SCALES = [0.5, 1, 2, 3, 4, 6, 8, 12, 20, 30, 60];

export const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
/** What a turn took as far as is known: the server's figure, else this page's. */
export const took = ({ total, ear }) => total ?? ear;

export class LatencyChart {
  #axis = byId("latency-axis");
  #legend = byId("latency-legend");

  constructor() {
    // A narrow screen has better use for the room.
    byId("latency-panel").open = matchMedia("(min-width: 68rem)").matches;
    const keys = STAGES.map(({ field, name }) => key(`swatch ${field}`, name));
    this.#legend.append(...keys, key("swatch ear", "at your ear, measured here"));
  }

  draw(turns) {
    const longest = Math.max(...turns.map((turn) => Math.max(turn.total ?? 0, reached(turn))));
    const scale = SCALES.find((limit) => limit * 1000 >= longest) ?? longest / 1000;
    byId("latency-bars").replaceChildren(...turns.toReversed().map((turn) => row(turn, scale * 1000)));
    this.#axis.replaceChildren(...[0, scale / 2, scale].map((at) => element("span", "", at === 0 ? "0" : `${at} s`)));
    this.#legend.hidden = this.#axis.hidden = false;
    byId("latency-empty").hidden = true;
    const sorted = turns.map(took).sort((a, b) => a - b);
    byId("latency-figure").textContent = `median ${seconds(sorted[Math.floor(sorted.length / 2)])}`;
  }
}

// The page's clock starts when the server has called the turn ended.
const reached = ({ stages, ear }) => (ear === null ? 0 : (stages.endpointing_ms ?? 0) + ear);

function row(turn, scale) {
  const item = element("li");
  item.append(element("span", "number", String(turn.number)), bar(turn, scale));
  item.append(element("span", "total", seconds(took(turn))));
  return item;
}

function bar(turn, scale) {
  const chart = svg("svg", { role: "img", class: "bar", width: "100%", height: "16" });
  const label = svg("title");
  label.textContent = describe(turn);
  chart.append(label);
  let at = 0;
  for (const { field } of STAGES) {
    const length = turn.stages[field];
    if (!length) continue;
    const [x, width] = [percent(at, scale), percent(length, scale)];
    chart.append(svg("rect", { class: field, x, y: "3", width, height: "10" }));
    at += length;
  }
  if (turn.ear !== null) {
    const x = percent(reached(turn), scale);
    if (turn.total === null) {
      chart.append(svg("rect", { class: "unstaged", x: "0", y: "3", width: x, height: "10" }));
    }
    chart.append(svg("line", { class: "ear", x1: x, x2: x, y1: "0", y2: "16" }));
  }
  return chart;
}

function describe({ number, stages, total, ear }) {
  const known = STAGES.filter(({ field }) => stages[field]);
  const parts = known.map(({ field, name }) => `${name} ${seconds(stages[field])}`);
  if (ear !== null) parts.push(`at your ear ${seconds(ear)} after the server called the turn ended`);
  return `Turn ${number}${total === null ? "" : `, ${seconds(total)}`}: ${parts.join(", ")}`;
}

const percent = (value, scale) => `${((value / scale) * 100).toFixed(2)}%`;

function svg(tag, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function key(className, name) {
  const item = element("li");
  item.append(element("i", className), name);
  return item;
}

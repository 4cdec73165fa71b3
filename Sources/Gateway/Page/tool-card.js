// One tool call as a small card: what was called with what, how it fares, what came back. All of it is set as text.

import { element } from "./dom.js";
import { seconds } from "./latency-chart.js";

const STATUS = { called: "called", in_progress: "running", completed: "done", failed: "failed" };
const ONE_LINE = 56; // characters

/** @param entry of the conversation  @param call of ToolCalls */
export function toolCard({ name, text }, { status, milliseconds, error, output }) {
  const answered = output !== null && status === "called" ? "completed" : status;
  const head = element("p", "call-head");
  const fared = element("span", "call-status", STATUS[answered] ?? answered);
  if (milliseconds !== null) fared.append(` ${answered === "failed" ? "after" : "in"} ${seconds(milliseconds)}`);
  fared.dataset.testid = "tool-status";
  head.append(element("code", "call-name", name ?? "…"), fared);
  const card = element("div", `call-card ${answered}`);
  card.append(head, part("with", text));
  if (error !== null) card.append(part("error", String(error)));
  if (output !== null) card.append(part("answer", output));
  return card;
}

function part(title, json) {
  const made = element("div", "call-part");
  made.append(element("span", "call-title", title), element("pre", "", pretty(json)));
  return made;
}

function pretty(json) {
  try {
    const tall = JSON.stringify(JSON.parse(json), null, 2);
    const flat = tall.replace(/\n\s*/g, " ");
    return flat.length <= ONE_LINE ? flat : tall;
  } catch {
    return json;
  }
}

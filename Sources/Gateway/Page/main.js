// The page: joins the session to what shows it. Each module is one idea; this one only connects them.

import { address } from "./address.js";
import { Admission } from "./admission.js";
import { Captions } from "./captions.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { EventLog } from "./event-log.js";
import { LatencyChart, seconds, took } from "./latency-chart.js";
import { LatencyLog } from "./latency.js";
import { Microphone } from "./microphone.js";
import { Notices } from "./notices.js";
import { Player } from "./player.js";
import { Session } from "./session.js";
import { StatusView } from "./status-view.js";
import { TalkState } from "./talk-state.js";
import { TestHooks } from "./test-hooks.js";
import { VoiceLine } from "./voice-line.js";

/** What the next connection is to remember, and what the sheet says above it. */
let memory = [];
let divider = "";

// MARK: What shows the session

const state = new TalkState();
const status = new StatusView();
const voiceLine = new VoiceLine(byId("voice-line"));
const captions = new Captions();
const conversation = new Conversation({
  onChange: (entry) => captions.show(entry),
  onRemove: (id) => captions.remove(id),
});
const chart = new LatencyChart();
const latency = new LatencyLog((turn) => {
  chart.draw(latency.turns);
  captions.showLatency(turn.responseId, seconds(took(turn)));
});
const eventLog = new EventLog();
const notices = new Notices({ onReconnect: connect });

function refresh() {
  state.isMicrophoneLive = microphone.isLive;
  state.isPlaying = player.isPlaying;
  byId("epigraph").hidden = !captions.isEmpty;
  status.show(state, microphone);
}

// MARK: The session

const player = new Player({
  keep: address.record,
  onLevel: (rms) => voiceLine.hear("agent", rms),
  onStart: () => {
    latency.answered(performance.now());
    refresh();
  },
  onDrain: refresh,
});

const microphone = new Microphone({
  raw: address.raw,
  onChunk: (samples, rms) => {
    if (!connection.isOpen) return;
    session.hear(samples);
    voiceLine.hear("you", rms);
    status.showLevel(rms);
  },
});

const connection = new Connection({
  findTarget: () => admission.target(),
  onConnecting: () => {
    state.connection = "connecting";
    refresh();
  },
  onOpen: () => {
    state.connection = "open";
    notices.clear();
    session.begin(memory);
    if (memory.length > 0) captions.divide(divider);
    memory = [];
    refresh();
  },
  onSent: (event, bytes) => eventLog.add("sent", event, bytes),
  onEvent: receive,
  onRefused: (error) => admission.refuse(error),
  onLost: (loss) => {
    if (loss.wasOpen) remember("The line was lost and is open again. The agent knows what was said.");
    hangUp();
    notices.lost(loss);
    refresh();
    if (!loss.wasOpen) admission.review();
  },
});

const session = new Session(connection, player);
const testHooks = new TestHooks({ state, player });
window.viva = testHooks;

function receive(event, bytes) {
  eventLog.add("received", event, bytes);
  if (event.type === "session.created" && event.session.model) nameAgent(event.session.model);
  for (const part of [session, conversation, state, notices, testHooks]) part.apply(event);
  latency.apply(event, performance.now());
  if (event.type === "response.output_text.done") status.announce(event.text);
  refresh();
}

function connect() {
  if (!admission.hasKey()) return;
  notices.clear();
  connection.open();
}

/** The connection is gone, or about to be: nothing more will come of what was under way. */
function hangUp() {
  state.lost();
  player.stop();
  conversation.finish();
}

function remember(words) {
  conversation.finish();
  memory = conversation.history();
  divider = words;
}

// MARK: What the user does

async function talk() {
  if (!admission.hasKey()) return;
  player.open();
  if (connection.isIdle) connect();
  else if (microphone.isLive) return mute();
  try {
    await microphone.open();
    microphone.unmute();
  } catch (error) {
    notices.show(error.message);
  }
  refresh();
}

function mute() {
  microphone.mute();
  if (connection.isOpen) session.hearSilence();
  refresh();
}

function write(text) {
  if (!admission.hasKey()) return;
  if (!state.isTextOnly) player.open();
  if (connection.isIdle) connect();
  conversation.write(session.say(text), text);
  latency.asked(performance.now());
  state.asked();
  byId("words").value = "";
  captions.follow();
  refresh();
}

const admission = new Admission({
  address,
  onAgent: changeAgent,
  onRefused: () => {
    connection.close();
    if (state.connection !== "none") hangUp();
    notices.clear();
    refresh();
  },
  onTrouble: (words) => notices.show(words),
});

function changeAgent() {
  const { name } = admission.agents;
  nameAgent(name);
  if (state.connection === "none") return;
  connection.close();
  hangUp();
  conversation.clear();
  memory = [];
  captions.divide(`From here on with ${name}.`);
  connect();
}

function nameAgent(name) {
  admission.agents.name = name;
  captions.agentName = name;
  byId("trace-agent").textContent = name;
}

// A session keeps its audio format, so another format is another connection that remembers.
function changeFormat(name) {
  session.formatName = name;
  if (state.connection === "none") return;
  const format = byId("format").selectedOptions[0].text;
  remember(`From here on in ${format}. The agent knows what was said.`);
  connection.close();
  hangUp();
  connect();
}

function changeMode(mode) {
  state.isTextOnly = mode === "text";
  session.modality = mode;
  if (state.isTextOnly && microphone.isLive) mute();
  refresh();
}

byId("talk").addEventListener("click", talk);
byId("writing").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("words").value.trim();
  if (text) write(text);
});
byId("modality").addEventListener("change", ({ target }) => changeMode(target.value));
byId("format").addEventListener("change", ({ target }) => changeFormat(target.value));
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && connection.isOpen) session.interrupt();
});

if (address.isTextOnly) byId("modality").querySelector("[value=text]").click();
admission.prepare().then(() => nameAgent(admission.agents.name));
refresh();

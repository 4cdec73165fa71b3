// The page: joins the session to what shows it. Each module is one idea; this one only connects them.

import { Agents } from "./agents.js";
import { Captions } from "./captions.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { EventLog } from "./event-log.js";
import { fragment, keyring } from "./fragment.js";
import { KeyForm } from "./key-form.js";
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

/** What the next connection is to remember. */
let memory = [];

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
  keep: fragment.record,
  onLevel: (rms) => voiceLine.hear("agent", rms),
  onStart: () => {
    latency.answered(performance.now());
    refresh();
  },
  onDrain: refresh,
});

const microphone = new Microphone({
  raw: fragment.raw,
  onChunk: (samples, rms) => {
    if (!connection.isOpen) return;
    session.hear(samples);
    voiceLine.hear("you", rms);
    status.showLevel(rms);
  },
});

const connection = new Connection({
  onConnecting: () => {
    state.connection = "connecting";
    refresh();
  },
  onOpen: () => {
    state.connection = "open";
    notices.clear();
    session.begin(memory);
    if (memory.length > 0) captions.divide("The line was lost and is open again. The agent knows what was said.");
    memory = [];
    refresh();
  },
  onSent: (event, bytes) => eventLog.add("sent", event, bytes),
  onEvent: receive,
  onLost: async (loss) => {
    state.lost();
    player.stop();
    conversation.finish();
    if (loss.wasOpen) memory = conversation.history();
    notices.lost(loss);
    refresh();
    // A refused upgrade has no reason that a page may read; ask in a way that has one.
    if (!loss.wasOpen && (await agents.load(keyring.key)) === "refused") refuseKey();
  },
});

const session = new Session(connection, player);
const testHooks = new TestHooks({ state, player });
window.viva = testHooks;

function receive(event, bytes) {
  eventLog.add("received", event, bytes);
  for (const part of [session, conversation, state, notices, testHooks]) part.apply(event);
  latency.apply(event, performance.now());
  if (event.type === "response.output_text.done") status.announce(event.text);
  refresh();
}

function connect() {
  if (!keyring.key) return keyForm.ask();
  notices.clear();
  connection.open(agents.chosen, keyring.key);
}

// MARK: What the user does

async function talk() {
  if (!keyring.key) return keyForm.ask();
  player.open();
  if (connection.isIdle) connect();
  else if (microphone.isLive) {
    microphone.mute();
    session.hearSilence();
    return refresh();
  }
  try {
    await microphone.open();
    microphone.unmute();
  } catch (error) {
    notices.show(error.message);
  }
  refresh();
}

function write(text) {
  if (!keyring.key) return keyForm.ask();
  player.open();
  if (connection.isIdle) connect();
  conversation.write(session.say(text), text);
  latency.asked(performance.now());
  state.asked();
  byId("words").value = "";
  captions.follow();
  refresh();
}

const agents = new Agents({
  preferred: fragment.agent,
  onChange: () => {
    nameAgent();
    if (state.connection === "none") return;
    connection.close();
    state.lost();
    player.stop();
    conversation.finish();
    conversation.clear();
    memory = [];
    captions.divide(`From here on with ${agents.chosen}.`);
    connect();
  },
});

function nameAgent() {
  captions.agentName = agents.chosen;
  byId("trace-agent").textContent = agents.chosen;
}

const keyForm = new KeyForm({ onKey: open });

function refuseKey() {
  connection.close();
  keyring.forget();
  notices.clear();
  keyForm.ask("The server does not know that key.");
}

async function open(key) {
  if ((await agents.load(key)) === "refused") return refuseKey();
  keyring.key = key;
  keyForm.close();
  nameAgent();
}

byId("talk").addEventListener("click", talk);
byId("writing").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("words").value.trim();
  if (text) write(text);
});
byId("modality").addEventListener("change", ({ target }) => { session.modality = target.value; });
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && connection.isOpen) session.interrupt();
});

if (keyring.key) open(keyring.key);
else keyForm.ask();
refresh();

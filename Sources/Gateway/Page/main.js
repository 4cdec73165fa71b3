// The page: joins the session to what shows it. Each module is one idea; this one only connects them.

import { address } from "./address.js";
import { Admission } from "./admission.js";
import { Captions } from "./captions.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { EventLog } from "./event-log.js";
import { LadderView } from "./ladder-view.js";
import { LatencyChart, seconds, took } from "./latency-chart.js";
import { LatencyLog } from "./latency.js";
import { LineView } from "./line-view.js";
import { NetworkPanel } from "./network-panel.js";
import { Notices, whyLost } from "./notices.js";
import { Session } from "./session.js";
import { Sound } from "./sound.js";
import { StatusView } from "./status-view.js";
import { TalkState } from "./talk-state.js";
import { TestHooks } from "./test-hooks.js";
import { TransportChoice } from "./transport-choice.js";
import { VoiceLine } from "./voice-line.js";
import { WorkersPanel } from "./workers-panel.js";

/** What the next connection is to remember, and what the sheet says above it. */
let memory = [];
let divider = "";

// MARK: What shows the session

const state = new TalkState();
const status = new StatusView();
const voiceLine = new VoiceLine(byId("voice-line"));
const captions = new Captions({ onCorrect: (id, text) => session.correct(id, text) });
const conversation = new Conversation({
  onChange: (entry) => captions.show(entry),
  onRemove: (id) => captions.remove(id),
});
const chart = new LatencyChart();
const latency = new LatencyLog((turn) => {
  chart.draw(latency.turns);
  captions.showLatency(turn.responseId, seconds(took(turn)));
});
const ladder = new LadderView({
  onChoose: (slot) => session.choose(slot),
  onOfferCorrection: (offers) => { captions.offersCorrection = offers; },
});
const eventLog = new EventLog();
const notices = new Notices({ onReconnect: connect });

function refresh() {
  state.isMicrophoneLive = microphone.isLive;
  state.isPlaying = sound.isPlaying;
  byId("epigraph").hidden = !captions.isEmpty;
  status.show(state, microphone);
  lineView.show(connection.isOpen ? choice.describe(connection.transport) : null, state.isTextOnly);
}

// MARK: The session

const sound = new Sound({
  address,
  onMicrophone: (samples, rms) => {
    if (!connection.isOpen) return;
    if (!connection.isCall) session.hear(samples);
    voiceLine.hear("you", rms);
    status.showLevel(rms);
  },
  onAgent: (rms) => voiceLine.hear("agent", rms),
  onStart: () => {
    latency.answered(performance.now());
    refresh();
  },
  onDrain: refresh,
  onBlocked: () => notices.show("The browser holds the agent’s voice back until you press or type something here."),
});
const { microphone, media } = sound;

const choice = new TransportChoice({ forced: address.transport, isTextOnly: () => state.isTextOnly });

const connection = new Connection({
  findTarget: () => admission.target(),
  transport: () => choice.next(),
  media,
  onConnecting: () => {
    state.connection = "connecting";
    refresh();
  },
  onOpen: () => {
    state.connection = "open";
    lineView.isRepairing = false;
    showFormats();
    notices.clear();
    session.begin(memory);
    if (memory.length > 0) captions.divide(divider);
    memory = [];
    refresh();
  },
  onSent: (event, bytes) => eventLog.add("sent", event, bytes),
  onEvent: receive,
  onRefused: (error) => admission.refuse(error),
  onUnavailable: (words) => choice.refuse(words),
  onRepair: (isUnderWay) => {
    lineView.isRepairing = isUnderWay;
    refresh();
  },
  onLost: (loss) => {
    if (loss.wasOpen) remember(`${whyLost(loss)}. From here on in another session. The agent knows what was said.`);
    hangUp();
    notices.lost(loss);
    refresh();
    if (!loss.wasOpen) admission.review();
  },
});

const session = new Session(connection, sound);
const network = new NetworkPanel(() => connection.stats());
const testHooks = new TestHooks({ state, sound, connection, network });
window.viva = testHooks;

function receive(event, bytes) {
  eventLog.add("received", event, bytes);
  if (event.type === "session.created" && event.session.model) nameAgent(event.session.model);
  for (const part of [session, sound.voice, conversation, state, notices, ladder, testHooks]) part.apply(event);
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
  captions.offersCorrection = false;
  sound.stop();
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
  sound.open();
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
  // A muted track is silence already.
  if (connection.isOpen && !connection.isCall) session.hearSilence();
  refresh();
}

function write(text) {
  if (!admission.hasKey()) return;
  if (!state.isTextOnly) sound.open();
  if (connection.isIdle) connect();
  conversation.write(session.say(text), text);
  latency.asked(performance.now());
  state.asked();
  byId("words").value = "";
  captions.follow();
  refresh();
}

/** The user has had enough; what was said stays, and so does what the next session is to know. */
function end() {
  if (state.connection === "none") return;
  remember("From here on in another session. The agent knows what was said.");
  connection.close();
  hangUp();
  refresh();
}

const lineView = new LineView({
  onHangUp: () => {
    microphone.mute();
    end();
  },
  onMute: (isMuted) => { sound.isMuted = isMuted; },
});

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

const workers = new WorkersPanel({ key: () => admission.key, onTrouble: (words) => notices.show(words) });

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
  session.formatName = media.formatName = name;
  if (state.connection === "none") return;
  const format = byId("format").selectedOptions[0].text;
  remember(`From here on in ${format}. The agent knows what was said.`);
  connection.close();
  hangUp();
  connect();
}

/** The first format is the best that the transport has. */
function showFormats() { byId("format").options[0].text = connection.isCall ? "Opus" : "PCM"; }

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
addEventListener("pagehide", end);
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && connection.isOpen) session.interrupt();
});

if (address.isTextOnly) byId("modality").querySelector("[value=text]").click();
admission.prepare().then(() => {
  nameAgent(admission.agents.name);
  workers.begin();
});
refresh();

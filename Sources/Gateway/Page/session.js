// The client's part of the OpenAI Realtime protocol: what is sent, and what an event makes us do.
// What an event makes us show is elsewhere (conversation.js, talk-state.js, latency.js).

import { formatNamed } from "./formats.js";
import { SAMPLE_RATE } from "./pcm.js";

export class Session {
  /** "audio" or "text": how the agent replies. */
  #modality = "audio";
  /** The name of the next connection's audio format. */
  formatName = "audio/pcm";
  #format = null;
  #connection;
  #sound;
  #activeResponse = null;
  #respondAfterwards = false;

  constructor(connection, sound) {
    this.#connection = connection;
    this.#sound = sound;
  }

  /** First on every connection. @param history what to remember from the one before: [{id, role, text}]. */
  begin(history) {
    this.#activeResponse = null;
    this.#respondAfterwards = false;
    this.#format = formatNamed(this.formatName);
    // A call's format is in its SDP.
    const format = this.#connection.isCall ? undefined : this.#format.description;
    this.#update({
      output_modalities: [this.#modality],
      audio: {
        input: { format, transcription: {}, turn_detection: { type: "server_vad" } },
        output: { format },
      },
    });
    for (const { id, role, text } of history) {
      const part = { type: role === "user" ? "input_text" : "output_text", text };
      this.#create({ id, type: "message", role, content: [part] });
    }
    // The connection was lost before the answer.
    if (history.at(-1)?.role === "user") this.#send({ type: "response.create" });
  }

  get modality() { return this.#modality; }

  set modality(modality) {
    this.#modality = modality;
    if (this.#connection.isOpen) this.#update({ output_modalities: [modality] });
  }

  /** A piece of the user's voice, as Int16Array. */
  hear(samples) {
    this.#connection.send({ type: "input_audio_buffer.append", audio: this.#format.encode(samples) });
  }

  /** A second of silence, so that the server's VAD ends a turn that muting would leave open. */
  hearSilence() { this.hear(new Int16Array(SAMPLE_RATE)); }

  /** The user writes. @returns the item's id. */
  say(text) {
    const id = `item_${crypto.getRandomValues(new Uint32Array(3)).join("").slice(0, 24)}`;
    this.interrupt();
    this.#create({ id, type: "message", role: "user", content: [{ type: "input_text", text }] });
    // One response at a time: after a cancel, ask when the old one is done.
    if (this.#activeResponse) this.#respondAfterwards = true;
    else this.#send({ type: "response.create" });
    return id;
  }

  /** The user wants to come back at that time. */
  choose(slot) { this.#send({ type: "viva.callback.choose", slot_id: slot }); }

  /** The user puts right what was heard of them. */
  correct(id, transcript) { this.#send({ type: "viva.transcript.correct", item_id: id, transcript }); }

  /** The user asks the agent to be quiet. */
  interrupt() {
    if (this.#activeResponse) this.#send({ type: "response.cancel", response_id: this.#activeResponse });
    if (this.#connection.isCall && this.#sound.voice.isPlaying) this.#send({ type: "output_audio_buffer.clear" });
    this.#cutOff();
  }

  apply(event) {
    switch (event.type) {
      case "response.created":
        this.#activeResponse = event.response.id;
        break;
      case "response.output_audio.delta":
        this.#sound.player.play(event.item_id, this.#format.decode(event.item_id, event.delta));
        break;
      case "input_audio_buffer.speech_started":
        this.#cutOff();
        break;
      case "response.done":
        this.#activeResponse = null;
        if (this.#respondAfterwards) this.#send({ type: "response.create" });
        this.#respondAfterwards = false;
        break;
    }
  }

  // Over a WebSocket the client owns playback, so only it knows what was heard. In a call the server cuts by itself.
  async #cutOff() {
    for (const { item, milliseconds } of await this.#sound.player.stop()) {
      this.#send({
        type: "conversation.item.truncate", item_id: item, content_index: 0, audio_end_ms: milliseconds,
      });
    }
  }

  #update(session) { this.#send({ type: "session.update", session: { type: "realtime", ...session } }); }
  #create(item) { this.#send({ type: "conversation.item.create", item }); }
  #send(event) { this.#connection.send(event); }
}

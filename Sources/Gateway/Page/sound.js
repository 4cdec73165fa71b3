// All that is heard and said here: the microphone, and the agent's voice by whatever way it comes.

import { CallMedia } from "./call-media.js";
import { CallVoice } from "./call-voice.js";
import { Microphone } from "./microphone.js";
import { Player } from "./player.js";

export class Sound {
  microphone;
  /** The agent's voice over a WebSocket, and in a call. */
  player;
  voice;
  /** What a call sends and plays. */
  media;

  /**
   * @param address  @param onMicrophone(samples, rms) every 20 ms while it is live
   * @param onAgent(rms) how loud the agent is  @param onStart() the first sound of an answer
   * @param onDrain() the last one  @param onBlocked() the browser wants a gesture before it plays
   */
  constructor({ address, onMicrophone, onAgent, onStart, onDrain, onBlocked }) {
    const ear = { keep: address.record, onLevel: onAgent, onStart };
    this.player = new Player({ ...ear, onDrain });
    this.voice = new CallVoice({ ...ear, onBlocked });
    this.media = new CallMedia(this.voice);
    this.microphone = new Microphone({
      raw: address.raw,
      onChunk: onMicrophone,
      onTrack: (track) => { this.media.track = track; },
    });
    // What was blocked begins with whatever the user does next.
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.voice.resume());
  }

  get isPlaying() { return this.player.isPlaying || this.voice.isPlaying; }

  /** Whether the agent is inaudible. */
  set isMuted(isMuted) { this.player.isMuted = this.voice.isMuted = isMuted; }

  /** Call it in a user gesture: browsers start no sound without one. */
  open() {
    this.player.open();
    this.voice.resume();
  }

  /** The agent is silent at once. */
  stop() {
    this.player.stop();
    this.voice.stop();
  }

  recording() { return (this.voice.hasRecording ? this.voice : this.player).recording(); }
}

// What a call sends and what it plays, from one call to the next.

export class CallMedia {
  /** "audio/pcm" is Opus here, which the page cannot put on a WebSocket; "audio/pcmu" is G.711. */
  formatName = "audio/pcm";
  #track = null;
  #sender = null;
  #voice;

  /** @param voice plays the server's track, see CallVoice */
  constructor(voice) { this.#voice = voice; }

  /** The microphone's track, or null: a call needs none. */
  set track(track) {
    this.#track = track;
    this.#sender?.replaceTrack(track).catch(() => {});
  }

  attach(peer) {
    const transceiver = peer.addTransceiver("audio", { direction: "sendrecv" });
    this.#sender = transceiver.sender;
    if (this.formatName === "audio/pcmu") prefer(transceiver, "audio/PCMU");
    if (this.#track) this.track = this.#track;
    peer.ontrack = ({ track }) => this.#voice.play(new MediaStream([track]));
  }

  detach() {
    this.#sender = null;
    this.#voice.stop();
  }
}

function prefer(transceiver, mimeType) {
  const codecs = RTCRtpReceiver.getCapabilities("audio").codecs;
  const is = (codec) => codec.mimeType === mimeType;
  transceiver.setCodecPreferences?.([...codecs.filter(is), ...codecs.filter((codec) => !is(codec))]);
}

// A session as a call over WebRTC: sound on RTP, events on the data channel.
//
// A call whose network changes is looked after with ICE restarts for as long as the server keeps it.

import { CallResource, CallRefused } from "./call-resource.js";

/** Without a way for UDP by then there is none. */
const CONNECT_WITHIN = 7000; // ms
/** A way that is lost may come back by itself. */
const PATIENCE = 1500; // ms
const RESTART_EVERY = 3000; // ms
/** The server lets go of a caller who was not heard of for 45 s. */
const REPAIR_WITHIN = 40_000; // ms
const CHANNEL_WITHIN = 3000; // ms
const NO_UDP = "UDP does not get through to the server";

export class CallLine {
  transport = "webrtc";
  #target;
  #media;
  #handlers;
  #peer = null;
  #channel = null;
  #resource = null;
  #hasOpened = false;
  #isClosed = false;
  #deadline = 0;
  #repair = 0;
  /** When the way was lost, or null. */
  #lostAt = null;

  /**
   * @param target {agent: a name or null, key}  @param media see CallMedia
   * @param handlers onOpen(), again when a lost channel is replaced; onEvent(event, bytes), onUnavailable(words), onRepair(isUnderWay), onLost({code, reason})
   */
  constructor(target, media, handlers) {
    this.#target = target;
    this.#media = media;
    this.#handlers = handlers;
  }

  get isOpen() { return this.#channel?.readyState === "open"; }

  send(text) { this.#channel.send(text); }

  stats() { return this.#peer?.getStats() ?? null; }

  async open() {
    if (!globalThis.RTCPeerConnection) return this.#handlers.onUnavailable("this browser has no WebRTC");
    try {
      this.#peer = new RTCPeerConnection();
      this.#peer.oniceconnectionstatechange = () => this.#pathChanged();
      this.#media.attach(this.#peer);
      this.#openChannel();
      await this.#peer.setLocalDescription();
      const made = await CallResource.create(this.#target, this.#peer.localDescription.sdp);
      this.#resource = made;
      // It was hung up while the server thought about it.
      if (this.#isClosed) return made.delete();
      this.#deadline = setTimeout(() => this.#handlers.onUnavailable(NO_UDP), CONNECT_WITHIN);
      await this.#peer.setRemoteDescription({ type: "answer", sdp: made.answer });
    } catch (error) {
      if (error instanceof CallRefused && !error.isOfWebRTC) this.#lose(error.code, error.message);
      else this.#handlers.onUnavailable(error.message);
    }
  }

  /** Hangs up. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#repair);
    this.#media.detach();
    this.#peer?.getSenders().forEach((sender) => sender.replaceTrack(null));
    const end = () => this.#peer?.close();
    // The other way round the call would be gone before it is deleted.
    if (this.#resource) this.#resource.delete().then(end);
    else end();
  }

  #lose(code, reason = "") { this.#handlers.onLost({ code, reason }); }

  // MARK: Events

  #openChannel() {
    const channel = this.#peer.createDataChannel("oai-events");
    this.#channel = channel;
    channel.onopen = () => {
      clearTimeout(this.#deadline);
      this.#hasOpened = true;
      this.#handlers.onOpen();
    };
    channel.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      this.#handlers.onEvent(event, data.length);
      if (event.type === "viva.session.ended") this.#end(event);
    };
    channel.onclose = () => {
      if (this.#channel === channel && !this.#isClosed) this.#channelClosed();
    };
  }

  /** With its association the session is over; without it, only the channel is, and the session takes another one. */
  #channelClosed() {
    const transport = this.#peer.sctp?.transport;
    if (transport?.state !== "connected") return this.#end();
    this.#deadline = setTimeout(() => {
      if (transport.state === "connected") this.#lose(1006);
      else this.#end();
    }, CHANNEL_WITHIN);
    this.#openChannel();
  }

  /** The server has ended the session, and perhaps said why, as it would have closed a WebSocket. */
  #end({ code = 1000, reason = "" } = {}) {
    this.#resource.isOver = true;
    this.#lose(code, reason);
  }

  // MARK: A network that changes

  #pathChanged() {
    switch (this.#peer.iceConnectionState) {
      case "connected":
      case "completed":
        clearTimeout(this.#repair);
        if (this.#lostAt !== null) this.#handlers.onRepair(false);
        this.#lostAt = null;
        break;
      case "disconnected":
        if (this.#hasOpened && this.#lostAt === null) this.#startRepair(PATIENCE);
        break;
      case "failed":
        if (!this.#hasOpened) this.#handlers.onUnavailable(NO_UDP);
        else this.#startRepair(0);
        break;
    }
  }

  #startRepair(delay) {
    this.#lostAt ??= performance.now();
    this.#handlers.onRepair(true);
    clearTimeout(this.#repair);
    this.#repair = setTimeout(() => this.#restart(), delay);
  }

  async #restart() {
    if (performance.now() - this.#lostAt > REPAIR_WITHIN) return this.#lose(1006, "the network did not come back");
    try {
      await this.#peer.setLocalDescription(await this.#peer.createOffer({ iceRestart: true }));
      const sdp = await this.#resource.restart(this.#peer.localDescription.sdp);
      if (this.#isClosed) return;
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      if (this.#isClosed) return;
      // Anything else is a network that is not there yet.
      if (error instanceof CallRefused) return this.#lose(1006, "the server has given the call up");
    }
    if (this.#lostAt !== null) this.#repair = setTimeout(() => this.#restart(), RESTART_EVERY);
  }
}

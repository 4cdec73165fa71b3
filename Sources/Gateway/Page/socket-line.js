// A session over a WebSocket to /v1/realtime: events and sound both go as messages.

export class SocketLine {
  transport = "websocket";
  #target;
  #handlers;
  #socket = null;

  /** @param target {agent: a name or null, key}  @param handlers onOpen(), onEvent(event, bytes), onLost({code, reason}) */
  constructor(target, handlers) {
    this.#target = target;
    this.#handlers = handlers;
  }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  open() {
    const { agent, key } = this.#target;
    const url = new URL("/v1/realtime", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (agent !== null) url.searchParams.set("model", agent);
    // A browser cannot set a header on a WebSocket; the key rides in the list of subprotocols.
    this.#socket = new WebSocket(url, ["realtime", `openai-insecure-api-key.${key}`]);
    this.#socket.onopen = () => this.#handlers.onOpen();
    this.#socket.onmessage = ({ data }) => this.#handlers.onEvent(JSON.parse(data), data.length);
    this.#socket.onclose = ({ code, reason }) => this.#handlers.onLost({ code, reason });
  }

  send(text) { this.#socket.send(text); }

  close() { this.#socket?.close(1000); }
}

// A call as HTTP knows it (OpenAI's /v1/realtime/calls, and WHIP, RFC 9725): made, mended and ended there.

const PATH = "/v1/realtime/calls";

/** The server said no. */
export class CallRefused extends Error {
  /** Whether a WebSocket may do better: it is not the key and not the crowd. */
  isOfWebRTC;
  /** As a WebSocket would have been closed. */
  code;

  constructor(status, message) {
    super(message);
    this.isOfWebRTC = ![401, 403, 429].includes(status);
    this.code = status === 429 ? 1013 : 1006;
  }
}

export class CallResource {
  /** The server's SDP. */
  answer;
  /** The server has ended it: there is nothing to delete. */
  isOver = false;
  #url;
  #key;

  /** @throws {CallRefused} */
  static async create({ agent, key }, offer) {
    const url = new URL(PATH, location.href);
    if (agent !== null) url.searchParams.set("model", agent);
    const response = await fetch(url, {
      method: "POST", headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/sdp" }, body: offer,
    });
    if (!response.ok) throw new CallRefused(response.status, await explain(response));
    const call = new CallResource();
    call.answer = await response.text();
    call.#url = new URL(response.headers.get("Location"), location.href);
    call.#key = key;
    return call;
  }

  /**
   * An ICE restart (RFC 9725, section 4.3.2).
   * @returns the answer with the server's new credentials and candidates.  @throws {CallRefused} when the call is gone.
   */
  async restart(offer) {
    const response = await fetch(this.#url, {
      method: "PATCH",
      headers: {
        Authorization: `Bearer ${this.#key}`, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*",
      },
      body: fragment(offer),
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) {
      this.isOver = response.status === 404;
      throw new CallRefused(response.status, await explain(response));
    }
    this.answer = merged(this.answer, await response.text());
    return this.answer;
  }

  /** Hangs up; also while the page is being left. Never throws: who cannot be told notices by themselves. */
  async delete() {
    if (this.isOver) return;
    this.isOver = true;
    const headers = { Authorization: `Bearer ${this.#key}` };
    try {
      await (await fetch(this.#url, { method: "DELETE", headers, keepalive: true })).text();
    } catch {
      // The network is gone, or the server.
    }
  }
}

const lines = (sdp) => sdp.split(/\r\n|\n/).filter(Boolean);
const isOf = (...names) => (line) => names.some((name) => line.startsWith(`a=${name}`));

/** The offer's new credentials, as application/trickle-ice-sdpfrag (RFC 8840). */
function fragment(offer) {
  const [ufrag, password] = ["ice-ufrag:", "ice-pwd:"].map((name) => lines(offer).find(isOf(name)));
  const first = ["m=", "a=mid:"].map((start) => lines(offer).find((line) => line.startsWith(start)));
  return [ufrag, password, ...first, ""].join("\r\n");
}

/** The answer, with what the server's fragment says of ICE. */
function merged(answer, reply) {
  const said = lines(reply);
  const [ufrag, password] = ["ice-ufrag:", "ice-pwd:"].map((name) => said.find(isOf(name)));
  const candidates = said.filter(isOf("candidate:", "end-of-candidates"));
  let hasCandidates = false;
  const all = lines(answer).filter((line) => !isOf("candidate:", "end-of-candidates")(line)).flatMap((line) => {
    if (isOf("ice-ufrag:")(line)) return ufrag;
    if (!isOf("ice-pwd:")(line)) return line;
    // One transport has them all: those of the bundle's first section.
    const section = hasCandidates ? [password] : [password, ...candidates];
    hasCandidates = true;
    return section;
  });
  return all.concat("").join("\r\n");
}

async function explain(response) {
  try {
    return (await response.json()).error.message.replace(/\.$/, "");
  } catch {
    return `the server answered ${response.status}`;
  }
}

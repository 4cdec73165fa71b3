// The page's keys. An ephemeral key opens the WebSocket and may stay in this tab's storage; a server key only mints
// ephemeral ones and stays in memory, so that it is gone with the page.

const STORAGE = "viva.key";
const LIFE = 7200; // seconds
const MARGIN = 60; // seconds: a key that ends sooner is not begun with

/** The server does not take the key (any more). */
export class KeyRefused extends Error {
  constructor(message = "The server does not know this key, or it has expired.") { super(message); }
}

export class Keyring {
  #serverKey = null;
  /** {value, expiresAt: Unix seconds | null, agent: of a minted key | null} */
  #ephemeral = null;

  /** @param given the key of the address, or null. */
  constructor(given) {
    if (given) this.take(given);
    else this.#ephemeral = JSON.parse(sessionStorage.getItem(STORAGE));
  }

  get isEmpty() { return this.#serverKey === null && this.#ephemeral === null; }

  /** Whether the ephemeral key was not minted here and now, for the agent that is chosen here. */
  get isGiven() { return this.#serverKey === null; }

  get ephemeral() { return this.#ephemeral?.value ?? null; }

  /** The key that may do most. */
  get widest() { return this.#serverKey ?? this.ephemeral; }

  take(key) {
    this.forget();
    if (key.startsWith("ek_")) this.#keep({ value: key, expiresAt: null, agent: null });
    else this.#serverKey = key;
  }

  /**
   * A key for a session with the agent; minted when there is a server key and none that serves.
   * @throws {KeyRefused} or any error whose message tells what else went wrong.
   */
  async keyFor(agent) {
    const { agent: boundTo, expiresAt, value } = this.#ephemeral ?? {};
    const isFresh = value !== undefined && (expiresAt === null || expiresAt - Date.now() / 1000 > MARGIN);
    if (this.#serverKey === null) {
      if (isFresh) return value;
      throw new KeyRefused("This page’s key has expired.");
    }
    if (!isFresh || boundTo !== agent) this.#keep(await mint(this.#serverKey, agent));
    return this.#ephemeral.value;
  }

  /** The ephemeral key was refused; a server key can still mint another. */
  expire() {
    this.#ephemeral = null;
    sessionStorage.removeItem(STORAGE);
  }

  forget() {
    this.expire();
    this.#serverKey = null;
  }

  #keep(key) {
    this.#ephemeral = key;
    sessionStorage.setItem(STORAGE, JSON.stringify(key));
  }
}

async function mint(serverKey, agent) {
  const response = await fetch("/v1/realtime/client_secrets", {
    method: "POST",
    headers: { Authorization: `Bearer ${serverKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      expires_after: { anchor: "created_at", seconds: LIFE },
      session: { type: "realtime", model: agent },
    }),
  });
  if (response.status === 401 || response.status === 403) throw new KeyRefused();
  const reply = await response.json();
  if (!response.ok) throw new Error(reply.error?.message ?? `The server answered ${response.status}.`);
  return { value: reply.value, expiresAt: reply.expires_at, agent };
}

/** Whether a browser can offer the key in a WebSocket subprotocol (an RFC 9110 token). */
export const isToken = (key) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(key);

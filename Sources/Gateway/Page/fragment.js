// What the address says after '#': key, agent, and the switches that tests use.
// The fragment never reaches a server; the key leaves the visible address at once.

const params = new URLSearchParams(location.hash.slice(1));
const storageName = "viva.key";

if (params.has("key")) {
  sessionStorage.setItem(storageName, params.get("key"));
  params.delete("key");
  const rest = params.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}
// A link with a new key, pasted into this tab, changes only the fragment.
addEventListener("hashchange", () => location.reload());

export const fragment = {
  agent: params.get("agent"),
  /** Microphone as it is: no echo cancellation, noise suppression or gain control. */
  raw: params.get("raw") === "1",
  /** Keep what was played, for `viva.recording()`. */
  record: params.get("record") === "1",
};

export const keyring = {
  get key() { return sessionStorage.getItem(storageName); },
  set key(key) { sessionStorage.setItem(storageName, key); },
  forget() { sessionStorage.removeItem(storageName); },
};

/** Whether a browser can offer the key in a WebSocket subprotocol (an RFC 9110 token). */
export const isToken = (key) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(key);

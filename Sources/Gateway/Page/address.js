// What the address says: the key, the agent, the mode, and the switches that tests use.
// The key comes after '#', which never reaches a server, and leaves the visible address at once.

const query = new URLSearchParams(location.search);
const fragment = new URLSearchParams(location.hash.slice(1));
const key = fragment.get("key");

if (key !== null) {
  fragment.delete("key");
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}
// A link with a new key, pasted into this tab, changes only the fragment.
addEventListener("hashchange", () => location.reload());

const named = (name) => fragment.get(name) ?? query.get(name);

export const address = {
  key,
  agent: named("agent"),
  isTextOnly: named("mode") === "text",
  /** "webrtc" or "websocket", to have that and nothing else; null lets the page choose. */
  transport: ["webrtc", "websocket"].find((name) => name === named("transport")) ?? null,
  /** Microphone as it is: no echo cancellation, noise suppression or gain control. */
  raw: named("raw") === "1",
  /** Keep what was played, for `viva.recording()`. */
  record: named("record") === "1",
};

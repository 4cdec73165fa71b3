// How the agent's tool calls fare: the server's own (HTTP tools of the agent) are told by `viva.tool_call`, the
// client's by their items. One call: {status, milliseconds, error, output}, by call id.

const NONE = { status: "called", milliseconds: null, error: null, output: null };

export class ToolCalls {
  #calls = new Map();

  of(callId) { return this.#calls.get(callId) ?? NONE; }

  /** @returns the call id when the event changed a call. */
  apply(event) {
    if (event.type === "viva.tool_call") {
      const { call_id: id, status, duration_ms: milliseconds = null, error = null } = event;
      return this.#change(id, { status, milliseconds, error: error?.message ?? error });
    }
    if (event.item?.type === "function_call_output") {
      return this.#change(event.item.call_id, { output: event.item.output });
    }
    return null;
  }

  clear() { this.#calls.clear(); }

  #change(id, news) {
    this.#calls.set(id, { ...this.of(id), ...news });
    return id;
  }
}

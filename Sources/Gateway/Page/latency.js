// How long each answer took to begin: the server's account by stages, and what this page measured itself.

/** The stages in their order, by their field in `response.viva`. */
export const STAGES = [
  { field: "endpointing_ms", name: "end of turn" },
  { field: "asr_ms", name: "transcript" },
  { field: "llm_first_token_ms", name: "first token" },
  { field: "first_clause_ms", name: "first clause" },
  { field: "tts_first_byte_ms", name: "first speech" },
  { field: "first_audio_out_ms", name: "sending" },
];

const MAX_TURNS = 20;

export class LatencyLog {
  /** Oldest first: {responseId, number, stages: {field: ms}, total: ms, ear: ms | null}. */
  turns = [];
  /** The turn of the latest response; on record once the response is done and anything of it was measured. */
  #current = null;
  #count = 0;
  #askedAt = null;
  #onChange;

  constructor(onChange) { this.#onChange = onChange; }

  /** The user has finished asking. */
  asked(now) { this.#askedAt = now; }

  /** The first sound or word of the answer has reached the user. */
  answered(now) {
    if (this.#askedAt === null || !this.#current) return;
    this.#current.ear = now - this.#askedAt;
    this.#askedAt = null;
    if (this.#current.isDone) this.#record(this.#current);
  }

  apply(event, now) {
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.#askedAt = null;
        break;
      case "input_audio_buffer.speech_stopped":
        this.asked(now);
        break;
      case "response.created":
        this.#current = { responseId: event.response.id, stages: {}, total: null, ear: null, isDone: false };
        break;
      case "response.output_text.delta":
        this.answered(now);
        break;
      case "response.done":
        if (event.response.id === this.#current?.responseId) this.#complete(this.#current, event.response.viva ?? {});
        break;
    }
  }

  #complete(turn, viva) {
    const given = STAGES.map(({ field }) => [field, viva[field]]);
    turn.stages = Object.fromEntries(given.filter(([, value]) => Number.isFinite(value) && value >= 0));
    turn.isDone = true;
    if (Number.isFinite(viva.response_latency_ms)) {
      turn.total = viva.response_latency_ms;
      // The server's stages leave one gap: from the first token to a clause that can be spoken.
      const sum = Object.values(turn.stages).reduce((total, value) => total + value, 0);
      if (turn.total - sum >= 1) turn.stages.first_clause_ms ??= turn.total - sum;
    }
    if (turn.total !== null || turn.ear !== null) this.#record(turn);
  }

  #record(turn) {
    if (!turn.number) {
      turn.number = ++this.#count;
      this.turns.push(turn);
      if (this.turns.length > MAX_TURNS) this.turns.shift();
    }
    this.#onChange(turn);
  }
}

import Audio
import Realtime
import Runtime
import Workers

/// A response that is being made: what the model has said, what is being spoken, what is still to be sent.
struct ActiveResponse {
  /// Where the words come from.
  enum Source {
    case model
    /// A phrase of the agent's: greeting, apology, or a question of its bank.
    case phrase(String)
  }

  let id: String
  /// Becomes a phrase when the model fails and there is another thing to say.
  var source: Source
  let parameters: ResponseParameters
  let settings: ResponseSettings
  /// Stands in for the conversation as what the model reads.
  var input: [ConversationItem]?
  /// Said to the model for this response only.
  var hint: String?
  /// It says the rest of an answer that was cut off.
  var isContinuation = false
  /// Marks of the user turn that it answers.
  var turn: TurnMarks?

  /// Waits for transcripts of turns that were committed before it.
  var isWaiting = false
  var completion: CallID?
  var completionRetry = Retry()
  /// The newest completion has said something new.
  var hasAdvanced = false
  /// How often a model was asked to go on where another broke off, and which ones did.
  var continuations = 0
  var avoided: [String] = []
  /// Where the newest of them begins.
  var seam: Seam?
  /// Synthesizers that broke off in one of its sentences: the others speak the rest of it.
  var avoidedVoices: [String] = []
  /// The words are all there.
  var generationEnded = false
  var finishReason: FinishReason?
  /// The words are an answer that was given before.
  var isCached = false
  var usage: TokenUsage?
  /// Of models that broke off, about.
  var carriedUsage: TokenUsage?
  /// Of the key's budget, set aside for this response.
  var reservedTokens = 0
  /// What the model was shown, and what came of it.
  var charactersRead = 0
  var charactersWritten = 0
  var failure: WorkerError?

  var splitter = ClauseSplitter()
  var message: MessageOutput?
  var functionCalls: [Int: FunctionCallOutput] = [:]
  var outputCount = 0
  /// Items that are done, in the order of their output index.
  var finished: [Int: ConversationItem] = [:]

  /// Clauses not handed to the synthesizer yet.
  var clauses: [PendingClause] = []
  var speech: SpeechInProgress?
  var spokeAnything = false
  /// Clauses that were spoken before there was no voice, for those that are left.
  var recalled: [EncodedPhrase] = []
  var outgoing: OutgoingAudio
  /// From 24 kHz to what the client reads; made with the first audio.
  var encoder: AudioPayloadEncoder?
  var marks = ResponseMarks()

  /// - Parameters:
  ///   - session: as it is now: what a later `session.update` sets is for later responses.
  ///   - sendAhead: how much of its audio may wait at the client, in 24 kHz samples.
  init(id: String, source: Source, parameters: ResponseParameters, session: RealtimeSession, sendAhead: Int = 0) {
    self.id = id
    self.source = source
    self.parameters = parameters
    settings = ResponseSettings(parameters, session)
    outgoing = OutgoingAudio(sendAhead: sendAhead)
  }

  var modality: Modality { settings.modality }

  /// False for an out-of-band response: it leaves no trace in the conversation and is no part of its sound.
  var joinsConversation: Bool { parameters.joinsConversation }

  /// Whether a worker is at work on it under this name.
  func isServed(by call: CallID) -> Bool { completion == call || speech?.call == call }

  /// Nothing of it is left to make or to send.
  var isExhausted: Bool {
    generationEnded && clauses.isEmpty && speech == nil && outgoing.isEmpty
  }
}

/// What a response is made with, from its beginning to its end.
struct ResponseSettings {
  let modality: Modality
  let format: AudioFormat
  let voice: Voice?
  let speed: Double
  let maxOutputTokens: TokenLimit
  /// The client set `maxOutputTokens`, for the session or for this response.
  let isLimitedByClient: Bool

  init(_ parameters: ResponseParameters, _ session: RealtimeSession) {
    modality = parameters.modality ?? session.modality
    format = parameters.outputFormat ?? session.outputFormat
    voice = parameters.voice ?? session.voice
    speed = session.speed
    maxOutputTokens = parameters.maxOutputTokens ?? session.maxOutputTokens
    isLimitedByClient = parameters.maxOutputTokens != nil || session.limitsTokens
  }
}

/// The assistant's message.
struct MessageOutput {
  let address: ContentAddress
  let format: AudioFormat
  let voice: Voice?
  /// Everything the model said.
  var text = ""
  /// The model has said all of it.
  var isTextWhole = false
  /// Where its audio begins on the session's playout, in samples.
  var playoutStart: Int?
  var sentSamples = 0
  var spoken = SpokenText()
  /// Where playing it stopped before its end, in samples of its audio.
  var truncatedAt: Int?

  /// Where its audio ends on the session's playout, as far as it was sent.
  var playoutEnd: Int { (playoutStart ?? 0) + sentSamples }

  /// The sample of its audio that was being heard when the session's playout was at `played`.
  func position(atPlayed played: Int) -> Int {
    min(sentSamples, max(0, played - (playoutStart ?? played)))
  }
}

struct FunctionCallOutput {
  let itemID: String
  let outputIndex: Int
  let callID: String
  let name: String
  var arguments = ""
}

struct PendingClause {
  var text: String
  /// The second attempt at a clause whose synthesis broke off.
  var isRepeat = false
}

/// The clause that the synthesizer works on.
struct SpeechInProgress {
  let call: CallID
  let clause: PendingClause
  /// It was spoken before, and nobody was asked.
  var isKnown = false
  var resampler: Resampler?
  var stretcher: TimeStretcher?
  /// What has come, in 24 kHz samples as they will be played.
  var samples = 0
}

/// When things happened in a response, for its latency.
struct ResponseMarks {
  var modelAsked: Instant?
  var firstToken: Instant?
  var voiceAsked: Instant?
  var firstAudio: Instant?
  var firstSent: Instant?
}

import Audio
import VivaConfiguration
import Realtime
import Runtime

/// One conversation, sans-IO: takes inputs and `now`, returns actions and names its next deadline.
///
/// The extensions follow a turn from mouth to ear: `Client/` reads what the client says, `Turns/` finds and
/// transcribes the user's turns, `Responses/` makes, speaks and finishes the answers.
public struct SessionCore {
  let agent: Agent
  let limits: LimitSettings
  /// How much agent audio the client may hold, in 24 kHz samples.
  let sendAhead: Int

  /// The effective configuration, as the client sees it.
  var session: RealtimeSession
  /// What is decided. Changes only by `record`.
  public private(set) var state = SessionState()

  var input: InputAudio
  /// Turns being spoken or waiting for their transcript, oldest first.
  var turns: [UserTurn] = []
  /// The answer that the user has a claim to and that nothing of was heard yet.
  var owed: OwedAnswer?
  /// Of the conversation.
  var response: ActiveResponse?
  /// Beside the conversation.
  var outOfBand: [ActiveResponse] = []
  var tools = ToolCalls()
  /// What the user's voice cut off, until it is known whether they meant to.
  var cutOff: CutOffAnswer?
  /// The user is taking the floor just now.
  var isInterrupted = false
  /// The recogniser has shown that it tells words while they are spoken.
  var recogniserStreams = false
  var playout = PlayoutPosition(sampleRate: SpokenText.sampleRate)
  /// Messages that were spoken, by item id, for truncation.
  var spoken: [String: MessageOutput] = [:]
  var retained: RetainedAudio
  /// What the session's key may still use.
  let budget: any ResponseBudget

  /// When the greeting is due: the client gets a moment to configure the session first.
  var greetingDue: Instant?
  /// When silence becomes a turn of its own (`idle_timeout_ms`).
  var idleDue: Instant?
  var expiry: Instant?

  private var actions: [SessionAction] = []
  private var lastCall: UInt64 = 0
  let makeID: @Sendable (_ prefix: String) -> String

  /// - Parameters:
  ///   - makeID: makes ids like `item_…`; injected so that tests are repeatable.
  ///   - detector: makes the voice activity detector for a threshold of 0...1.
  public init(
    session: RealtimeSession, agent: Agent, limits: LimitSettings, audio: AudioSettings,
    budget: any ResponseBudget = UnlimitedBudget(),
    makeID: @escaping @Sendable (String) -> String = { RealtimeID.make($0) },
    detector: @escaping (Double) -> any VoiceActivityDetector = GatedVoiceActivityDetector.init(threshold:)
  ) {
    self.session = session
    self.agent = agent
    self.limits = limits
    sendAhead = audio.sendAheadMilliseconds * SpokenText.sampleRate / 1000
    self.budget = budget
    retained = RetainedAudio(seconds: limits.retainedAudioSeconds)
    input = InputAudio(session, maximumTurnMilliseconds: limits.turnSeconds * 1000, detector: detector)
    self.makeID = makeID
  }

  /// Takes one input; returns what is to be done, in order.
  mutating func handle(_ input: SessionInput, at now: Instant) -> [SessionAction] {
    switch input {
    case .opened: open(at: now)
    case .client(let event): handle(event, at: now)
    case .badMessage(let error): act(.reply(.error(error)))
    case .recognition(let call, .partial(let text)): transcriptGrew(call, text, at: now)
    case .recognition(let call, .final(let transcript)): transcribed(call, transcript, at: now)
    case .recognitionFailed(let call, let error): recognitionFailed(call, error, at: now)
    case .completion(let call, let event):
      inResponse(servedBy: call) { $0.completionAdvanced(call, event, at: now) }
    case .completionFailed(let call, let error):
      inResponse(servedBy: call) { $0.completionFailed(call, error, at: now) }
    case .speech(let call, let chunk): inResponse(servedBy: call) { $0.spoke(call, chunk, at: now) }
    case .speechEnded(let call): inResponse(servedBy: call) { $0.clauseEnded(call, at: now) }
    case .speechFailed(let call, let error):
      inResponse(servedBy: call) { $0.clauseFailed(call, error, at: now) }
    case .endOfTurn(let call, let probability): endOfTurnJudged(call, probability)
    case .endOfTurnFailed(let call): endOfTurnJudged(call, nil)
    case .toolReturned(let call, let outcome): toolReturned(call, outcome, at: now)
    case .deadline: break
    case .disconnected: end(reason: "disconnected", at: now)
    }
    if !state.isEnded { goOn(at: now) }
    defer { actions = [] }
    return actions
  }

  /// When `.deadline` is due.
  func nextDeadline(at now: Instant) -> Instant? {
    guard !state.isEnded else { return nil }
    // Asked for each packet of audio: no array is made for it.
    var next = expiry
    func consider(_ due: Instant?) {
      if let due { next = min(next ?? due, due) }
    }
    consider(greetingDue)
    consider(idleDue)
    consider(response?.completionRetry.due)
    consider(nextSendDeadline(at: now))
    consider(cutOff?.due)
    if !tools.running.isEmpty { consider(nextFillerDeadline(at: now)) }
    for response in outOfBand { consider(response.completionRetry.due) }
    for turn in turns { consider(turn.retry.due) }
    return next
  }

  // MARK: Life

  private mutating func open(at now: Instant) {
    record(.started(sessionID: session.id, agent: agent.name), then: [.sessionCreated(session)])
    expiry = now + .seconds(limits.sessionMinutes * 60)
    if agent.greeting != nil, session.kind == .realtime { greetingDue = now + .milliseconds(500) }
  }

  mutating func end(reason: String, at now: Instant) {
    guard !state.isEnded else { return }
    stopResponse(.clientCancelled, at: now)
    cancelAllOutOfBand(at: now)
    for turn in turns {
      for call in [turn.call, turn.pause?.call].compactMap({ $0 }) { act(.cancel(call)) }
    }
    for call in tools.running.keys { act(.cancel(call)) }
    turns = []
    tools.running = [:]
    record(.ended(reason: reason), then: [])
  }

  /// Does what is due, and what waited for something that this input has changed.
  private mutating func goOn(at now: Instant) {
    if let expiry, now >= expiry {
      send(
        .error(
          .invalidRequest(
            code: "session_expired",
            message: "Your session hit the maximum duration of \(limits.sessionMinutes) minutes.", param: nil)
        ))
      end(reason: "expired", at: now)
      act(.close(code: 1001, reason: "session expired"))
      return
    }
    if let due = greetingDue, now >= due { greet(at: now) }
    if let due = idleDue, now >= due { idleTimedOut(at: now) }
    resumeIfWordless(at: now)
    retryRecognitions(at: now)
    retryCompletion(at: now)
    startWaitingResponse(at: now)
    sendAudio(at: now)
    continueOutOfBand(at: now)
    answerOwed(at: now)
    answerFromTools(at: now)
    sayFiller(at: now)
    watchSilence(at: now)
  }

  mutating func greet(at now: Instant) {
    greetingDue = nil
    guard let greeting = agent.greeting, response == nil, turns.isEmpty, state.items.isEmpty else { return }
    startResponse(.phrase(greeting), at: now)
  }

  // MARK: Actions

  mutating func act(_ action: SessionAction) {
    actions.append(action)
  }

  mutating func send(_ event: ServerEvent) {
    actions.append(.send(event))
  }

  /// Changes the state; `events` go to the client once the change is safe.
  mutating func record(_ event: SessionEvent, then events: [ServerEvent]) {
    state.apply(event)
    actions.append(.commit([event], then: events))
  }

  mutating func observe(_ observation: Observation) {
    actions.append(.observe(observation))
  }

  mutating func newCall() -> CallID {
    lastCall += 1
    return CallID(value: lastCall)
  }
}

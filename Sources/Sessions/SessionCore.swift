import Audio
import VivaConfiguration
import Realtime
import Resilience
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
  /// A person who speaks in the agent's place, and what they said that is not written down yet.
  var floor: TakenFloor?
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
  var playout: VoicePosition
  /// What the session can still offer its user.
  var ladder: SessionLadder
  var spoken = SpokenMessages()
  /// The agent has been heard: from then on its voice is fixed.
  var hasSounded = false
  var retained: RetainedAudio
  /// What the session's key may still use.
  let budget: any ResponseBudget

  /// When the greeting is due: the client gets a moment to configure the session first.
  var greetingDue: Instant?
  /// The silence that is becoming a turn of its own (`idle_timeout_ms`).
  var silence: WatchedSilence?
  var expiry: Instant?
  /// The first input's time, and the same in Unix seconds.
  private(set) var opened: Instant?
  let unixStart: Int
  /// What is offered at level 5.
  let slots: [CallbackSlot]

  private var actions: [SessionAction] = []
  private var lastCall: UInt64 = 0
  let makeID: @Sendable (_ prefix: String) -> String

  /// - Parameters:
  ///   - makeID: makes ids like `item_…`; injected so that tests are repeatable.
  ///   - leg: how sound travels; a socket's session may get a media leg later, by `.mediaConnected`.
  ///   - detector: makes the voice activity detector for a threshold of 0...1.
  public init(
    session: RealtimeSession, agent: Agent, limits: LimitSettings, audio: AudioSettings,
    ladder: LadderSettings = LadderSettings(), slots: [CallbackSlot] = [],
    budget: any ResponseBudget = UnlimitedBudget(), leg: ClientLeg = .socket,
    makeID: @escaping @Sendable (String) -> String = { RealtimeID.make($0) },
    detector: @escaping (Double) -> any VoiceActivityDetector = GatedVoiceActivityDetector.init(threshold:)
  ) {
    self.session = session
    self.agent = agent
    self.limits = limits
    sendAhead = audio.sendAheadMilliseconds * SpokenText.sampleRate / 1000
    self.budget = budget
    self.ladder = SessionLadder(ladder, hasQuestionBank: !agent.questions.isEmpty)
    self.slots = slots
    unixStart = (session.expiresAt ?? 0) - limits.sessionMinutes * 60
    playout = VoicePosition(leg)
    retained = RetainedAudio(seconds: limits.retainedAudioSeconds)
    input = InputAudio(session, maximumTurnMilliseconds: limits.turnSeconds * 1000, detector: detector)
    self.makeID = makeID
  }

  /// Takes one input; returns what is to be done, in order. After the session's end nothing is.
  mutating func handle(_ input: SessionInput, at now: Instant) -> [SessionAction] {
    guard !state.isEnded else { return [] }
    switch input {
    case .opened: open(at: now)
    case .client(let event): handle(event, at: now)
    case .packet(let packet): handle(packet: packet, at: now)
    case .voice(let samples): hear(samples, at: now)
    case .silence(let samples): hearSilence(samples, at: now)
    case .mediaConnected(let takesPackets): mediaConnected(takesPackets: takesPackets, at: now)
    case .mediaLost: mediaLost()
    case .played(let samples):
      // Told of in each tick, and mostly nothing follows from it.
      guard voicePlayed(samples, at: now) else { return [] }
    case .drained: voiceDrained(at: now)
    case .floorTaken(let id): takeFloor(id, at: now)
    case .floorReturned: returnFloor(at: now)
    case .floorVoice(let samples): hearFloor(samples, at: now)
    case .floorSilence(let samples): hearFloorSilence(samples, at: now)
    case .badMessage(let error): act(.reply(.error(error)))
    case .recognition(let call, let event) where isOfFloor(call): floorRecognized(call, event, at: now)
    case .recognitionFailed(let call, let error) where isOfFloor(call): floorFailed(call, error, at: now)
    case .recognition(let call, .partial(let text)): transcriptGrew(call, text, at: now)
    case .recognition(let call, .final(let transcript)): transcribed(call, transcript, at: now)
    case .recognitionFailed(let call, let error): recognitionFailed(call, error, at: now)
    case .completion(let call, let event):
      inResponse(servedBy: call) { $0.completionAdvanced(call, event, at: now) }
    case .completionFailed(let call, let error):
      inResponse(servedBy: call) { $0.completionFailed(call, error, at: now) }
    case .speech(let call, let chunk): inResponse(servedBy: call) { $0.spoke(call, chunk, at: now) }
    case .phrase(let call, let phrase): inResponse(servedBy: call) { $0.spoke(call, phrase, at: now) }
    case .recalled(let call, let phrases): recalled(call, phrases, at: now)
    case .speechEnded(let call): inResponse(servedBy: call) { $0.clauseEnded(call, at: now) }
    case .speechFailed(let call, let error):
      inResponse(servedBy: call) { $0.clauseFailed(call, error, at: now) }
    case .endOfTurn(let call, let probability): endOfTurnJudged(call, probability)
    case .endOfTurnFailed(let call): endOfTurnJudged(call, nil)
    case .toolReturned(let call, let outcome): toolReturned(call, outcome, at: now)
    case .ladder(let input): climb(input, at: now)
    case .callbackKept(let call, let failure): callbackKept(call, failure: failure)
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
    consider(ladder.ladder.nextDeadline(at: now))
    if ladder.notice != nil { consider(nextNoticeDeadline(at: now)) }
    consider(silence?.nextDeadline)
    consider(response?.completionRetry.due)
    consider(nextSendDeadline(at: now))
    consider(cutOff?.due)
    if !tools.running.isEmpty { consider(nextFillerDeadline(at: now)) }
    for response in outOfBand { consider(response.completionRetry.due) }
    for turn in turns { consider(turn.retry.due) }
    for utterance in floor?.utterances ?? [] { consider(utterance.retry.due) }
    return next
  }

  // MARK: Life

  private mutating func open(at now: Instant) {
    var events = [ServerEvent.sessionCreated(session)]
    if session.kind == .realtime { events.append(.conversationCreated(conversationID: session.conversationID)) }
    record(.started(sessionID: session.id, agent: agent.name), then: events)
    opened = now
    expiry = now + .seconds(limits.sessionMinutes * 60)
    // Over a media leg somebody has to be able to hear it first.
    if !playout.isServed { prepareGreeting(at: now) }
  }

  /// The client gets a moment to configure the session before it is greeted.
  mutating func prepareGreeting(at now: Instant) {
    guard agent.greeting != nil, session.kind == .realtime, state.items.isEmpty, response == nil else { return }
    greetingDue = now + .milliseconds(500)
  }

  mutating func end(reason: String, at now: Instant) {
    guard !state.isEnded else { return }
    clearPlayout(at: now)
    stopResponse(.clientCancelled, at: now)
    cancelAllOutOfBand(at: now)
    for turn in turns {
      for call in [turn.call, turn.pause?.call].compactMap({ $0 }) { act(.cancel(call)) }
    }
    for call in tools.running.keys { act(.cancel(call)) }
    for call in floor?.utterances.compactMap(\.call) ?? [] { act(.cancel(call)) }
    turns = []
    floor = nil
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
    climbIfDue(at: now)
    if let due = greetingDue, now >= due { greet(at: now) }
    listenToSilence(at: now)
    resumeIfWordless(at: now)
    retryRecognitions(at: now)
    retryFloor(at: now)
    retryCompletion(at: now)
    startWaitingResponse(at: now)
    sendAudio(at: now)
    continueOutOfBand(at: now)
    answerOwed(at: now)
    answerFromTools(at: now)
    sayFiller(at: now)
    sayNotice(at: now)
    watchSilence(at: now)
  }

  mutating func greet(at now: Instant) {
    greetingDue = nil
    guard let greeting = agent.greeting, response == nil, !isSilenced, turns.isEmpty, state.items.isEmpty else {
      return
    }
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

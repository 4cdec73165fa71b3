import Audio
import Checkpoints
import Realtime
import Runtime
import Synchronization
import VivaConfiguration
import Workers

/// One conversation, alive: the thin shell around `SessionCore`. Runs on the thread of its shard.
public actor Session {
  public nonisolated let id: String
  public nonisolated let agentName: String
  public nonisolated let kind: RealtimeSession.Kind
  /// The server key that it was opened with, or that its ephemeral key came from.
  public nonisolated let owner: String
  public nonisolated let began = Instant.now
  public nonisolated let shard: Shard
  public nonisolated var unownedExecutor: UnownedSerialExecutor { shard.asUnownedSerialExecutor() }

  var core: SessionCore
  let workers: SessionWorkers
  private let store: any CheckpointStore
  let observer: any SessionObserver
  let phrases: PhraseStore
  /// Phrases are spoken ahead.
  let preparesPhrases: Bool
  private let probes: any LadderProbes
  let callbacks: any CallbackStore

  private var outbox = Outbox()
  var participants: [ParticipantID: Participant]
  /// Of a caller over RTP.
  var media: (any MediaChannel)?
  /// Where others hear and speak, too.
  var room: (any RoomHandler)?
  /// How many have joined so far, and how many of them are there.
  nonisolated let sidebands = Mutex((joined: 0, present: 0))
  nonisolated let maximumSidebands: Int
  /// Whose input is being handled.
  private var sender = ParticipantID.client

  var input: InputQueue
  var inputTimer: (token: Shard.TimerToken, due: Instant)?
  /// The rest of the queue waits for its turn on the shard.
  var isDraining = false
  var calls = WorkerCalls()
  private var timer: (token: Shard.TimerToken, deadline: Instant)?
  private var eventCount: UInt64 = 0
  private(set) var isOver = false
  /// What the client is told at the end; nil when it is the client that has left.
  private var farewell: (code: UInt16, reason: String)?

  init(
    core: SessionCore, owner: String, shard: Shard, channel: (any ClientChannel)?, workers: SessionWorkers,
    store: any CheckpointStore, observer: any SessionObserver, phrases: PhraseStore = PhraseStore(),
    preparesPhrases: Bool = false,
    probes: any LadderProbes = NoLadderProbes(), callbacks: any CallbackStore = NoCallbackStore()
  ) {
    id = core.session.id
    agentName = core.agent.name
    kind = core.session.kind
    self.core = core
    self.owner = owner
    self.shard = shard
    participants = [.client: Participant(channel: channel)]
    maximumSidebands = core.limits.sidebands
    input = InputQueue(core.limits)
    self.workers = workers
    self.store = store
    self.observer = observer
    self.phrases = phrases
    self.preparesPhrases = preparesPhrases
    self.probes = probes
    self.callbacks = callbacks
  }

  // MARK: From any thread

  /// The client is connected: sends `session.created`.
  public nonisolated func open() {
    onShard { $0.take(.opened) }
  }

  /// The client is gone: ends the session and all its worker calls.
  public nonisolated func disconnected() {
    onShard { $0.take(.disconnected) }
  }

  /// Ends the session by word of somebody else than its client, which is told why.
  ///
  /// - Parameters:
  ///   - code: A WebSocket close code (RFC 6455, section 7.4).
  ///   - reason: Words without a full stop, at most 123 bytes.
  public nonisolated func end(code: UInt16, reason: String) {
    onShard { session in
      session.farewell = (code, reason)
      session.take(.disconnected)
    }
  }

  /// The conversation as it is now.
  public var state: SessionState { core.state }

  nonisolated func onShard(_ body: @escaping @Sendable (isolated Session) -> Void) {
    shard.post { self.assumeIsolated(body) }
  }

  // MARK: On the shard

  func take(_ input: SessionInput, from sender: ParticipantID = .client) {
    guard !isOver else { return }
    let now = Instant.now
    self.sender = sender
    for action in core.handle(input, at: now) { perform(action) }
    flush()
    if core.state.isEnded {
      finish()
    } else {
      arm(core.nextDeadline(at: now))
    }
  }

  private func perform(_ action: SessionAction) {
    switch action {
    case .send(let event): outbox.append(message(event))
    case .reply(let event): outbox.append(message(event, to: sender))
    case .playVoice(let samples): media?.play(samples)
    case .playPhrase(let phrase): media?.play(phrase)
    case .playPacket(let packet, let samples): media?.play(packet: packet, lasting: samples)
    case .endVoice: media?.endAnswer()
    case .clearVoice: media?.clear()
    case .sendPacket(let packet): outbox.append(OutgoingMessage(bytes: packet, kind: .packet))
    case .commit(let events, let then): commit(events, then)
    case .recognize(let call, let request): recognize(call, request)
    case .feed(let call, let audio): calls.feed(call, audio)
    case .endAudio(let call): calls.endAudio(call)
    case .complete(let call, let request): complete(call, request)
    case .speak(let call, let request): speak(call, request)
    case .speakPhrase(let call, let request): speakPhrase(call, request)
    case .preparePhrases(let requests): preparePhrases(requests)
    case .recallPhrases(let call, let requests): recallPhrases(call, requests)
    case .judgeTurn(let call, let audio): judgeTurn(call, audio)
    case .callTool(let call, let request): callTool(call, request)
    case .hasten(let call): calls.hasten(call)
    case .cancel(let call): calls.cancel(call)
    case .wantProbes(let capabilities): probes.want(capabilities, for: self)
    case .keepCallback(let call, let slot): keepCallback(call, slot)
    case .observe(let observation): observer.observed(observation, agent: agentName)
    case .close(let code, let reason):
      flush()
      close(code: code, reason: reason)
    }
  }

  private func finish() {
    isOver = true
    calls.cancelAll()
    if !core.ladder.probed.isEmpty { probes.want([], for: self) }
    arm(nil)
    if let inputTimer { shard.cancel(inputTimer.token) }
    store.ended(session: id)
    if farewell == nil { participants[.client] = nil }
    let (code, reason) = farewell ?? (1000, "the session has ended")
    close(code: code, reason: reason)
    observer.ended(self)
  }

  private func close(code: UInt16, reason: String) {
    for participant in participants.values { participant.channel?.close(code: code, reason: reason) }
    participants = [:]
    media?.close(reason: reason)
    media = nil
  }

  private func arm(_ deadline: Instant?) {
    guard deadline != timer?.deadline else { return }
    if let timer { shard.cancel(timer.token) }
    timer = deadline.map { deadline in
      let token = shard.schedule(at: deadline) { [weak self] in
        self?.assumeIsolated { session in
          session.timer = nil
          session.take(.deadline)
        }
      }
      return (token, deadline)
    }
  }

  // MARK: To the participants

  func message(_ event: ServerEvent, to receiver: ParticipantID? = nil) -> OutgoingMessage {
    eventCount += 1
    var message = OutgoingMessage(
      bytes: event.encoded(eventID: "event_\(id.dropFirst(5))_\(eventCount)"), receiver: receiver)
    if case .responseOutputAudioDelta = event { message.kind = .audio }
    return message
  }

  private func commit(_ events: [SessionEvent], _ then: [ServerEvent]) {
    let number = outbox.append(then.map { message($0) }, awaitingCommit: ())
    let records: [CheckpointRecord]
    do {
      records = try events.map { try $0.record() }
    } catch {
      return committed(number, events, .failed(reason: String(describing: error)))
    }
    store.commit(records, session: id) { [weak self] result in
      guard let self else { return }
      if shard.isIsolatingCurrentContext() == true {
        assumeIsolated { $0.committed(number, events, result) }
      } else {
        onShard { session in
          session.committed(number, events, result)
          session.flush()
        }
      }
    }
  }

  private func committed(_ number: UInt64, _ events: [SessionEvent], _ result: CommitResult) {
    switch result {
    case .committed:
      outbox.committed(number)
      observer.committed(events, state: core.state, in: self)
    case .failed(let reason):
      // What is not safe must not be called final: better no session than one that lies.
      let failure = message(
        .error(
          .serverError(code: "checkpoint_failed", message: "The conversation could not be kept: \(reason)")))
      for participant in participants.values { participant.channel?.send(failure.bytes) }
      close(code: 1011, reason: "checkpoint failed")
    }
  }

  /// Sends an event that is not the conversation's, in its order among those.
  func publish(_ event: ServerEvent, to receiver: ParticipantID? = nil) {
    guard !isOver else { return }
    outbox.append(message(event, to: receiver))
    flush()
  }

  private func flush() {
    for message in outbox.takeReady() { deliver(message) }
  }

  func deliver(_ message: OutgoingMessage) {
    if let receiver = message.receiver {
      participants[receiver]?.send(message)
    } else {
      // By index, since a participant without a channel keeps what it is sent.
      for index in participants.values.indices where participants.values[index].receives(message) {
        participants.values[index].send(message)
      }
    }
  }
}

/// The workers of one session, as its agent chose them.
public struct SessionWorkers: Sendable {
  public var recognizer: any SpeechRecognizer
  public var languageModel: any LanguageModel
  public var synthesizer: any SpeechSynthesizer
  /// Of `semantic_vad`; without one the transcript alone decides.
  public var endOfTurn: (any EndOfTurnDetector)?
  /// For agents that have tools.
  public var tools: (any ToolCaller)?

  public init(
    recognizer: any SpeechRecognizer, languageModel: any LanguageModel, synthesizer: any SpeechSynthesizer,
    endOfTurn: (any EndOfTurnDetector)? = nil, tools: (any ToolCaller)? = nil
  ) {
    self.recognizer = recognizer
    self.languageModel = languageModel
    self.synthesizer = synthesizer
    self.endOfTurn = endOfTurn
    self.tools = tools
  }
}

/// Watches sessions. Called on their shards; must be quick.
public protocol SessionObserver: AnyObject, Sendable {
  func observed(_ observation: Observation, agent: String)
  /// These are safe, in this order. `state` has them, and perhaps later ones.
  func committed(_ events: [SessionEvent], state: SessionState, in session: Session)
  func ended(_ session: Session)
}

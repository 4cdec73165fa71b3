import Checkpoints
import Realtime
import Runtime
import Workers

/// One conversation, alive: the thin shell around `SessionCore`. Runs on the thread of its shard.
public actor Session {
  public nonisolated let id: String
  public nonisolated let agentName: String
  private nonisolated let shard: Shard
  public nonisolated var unownedExecutor: UnownedSerialExecutor { shard.asUnownedSerialExecutor() }

  private var core: SessionCore
  private let channel: any ClientChannel
  private let workers: SessionWorkers
  private let store: any CheckpointStore
  private let observer: any SessionObserver

  private var outbox = Outbox()
  private var calls = WorkerCalls()
  private var timer: (token: Shard.TimerToken, deadline: Instant)?
  private var eventCount: UInt64 = 0
  private var isOver = false

  init(
    core: SessionCore, shard: Shard, channel: any ClientChannel, workers: SessionWorkers,
    store: any CheckpointStore, observer: any SessionObserver
  ) {
    id = core.session.id
    agentName = core.agent.name
    self.core = core
    self.shard = shard
    self.channel = channel
    self.workers = workers
    self.store = store
    self.observer = observer
  }

  // MARK: From any thread

  /// The client is connected: sends `session.created`.
  public nonisolated func open() {
    onShard { $0.take(.opened) }
  }

  /// One text message of the client. `done` is called when it was dealt with.
  public nonisolated func receive(_ message: [UInt8], done: @escaping @Sendable () -> Void) {
    onShard { session in
      session.take(Self.decode(message))
      done()
    }
  }

  /// A message that was decoded elsewhere, because it is large.
  public nonisolated func receive(_ input: SessionInput, done: @escaping @Sendable () -> Void) {
    onShard { session in
      session.take(input)
      done()
    }
  }

  /// The client is gone: ends the session and all its worker calls.
  public nonisolated func disconnected() {
    onShard { $0.take(.disconnected) }
  }

  /// Decodes a client's message; a bad one becomes an error event, never more.
  public static nonisolated func decode(_ message: [UInt8]) -> SessionInput {
    do throws(RealtimeError) {
      return .client(try ClientEvent.decode(message))
    } catch {
      return .badMessage(error)
    }
  }

  /// The conversation as it is now.
  public var state: SessionState { core.state }

  private nonisolated func onShard(_ body: @escaping @Sendable (isolated Session) -> Void) {
    shard.post { self.assumeIsolated(body) }
  }

  // MARK: On the shard

  private func take(_ input: SessionInput) {
    guard !isOver else { return }
    let now = Instant.now
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
    case .send(let event): outbox.append(encode(event))
    case .commit(let events, let then): commit(events, then)
    case .recognize(let call, let request): recognize(call, request)
    case .feed(let call, let audio): calls.feed(call, audio)
    case .endAudio(let call): calls.endAudio(call)
    case .complete(let call, let request): complete(call, request)
    case .speak(let call, let request): speak(call, request)
    case .cancel(let call): calls.cancel(call)
    case .observe(let observation): observer.observed(observation, agent: agentName)
    case .close(let code, let reason):
      flush()
      channel.close(code: code, reason: reason)
    }
  }

  private func finish() {
    isOver = true
    calls.cancelAll()
    arm(nil)
    store.remove(session: id)
    observer.ended(self)
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

  // MARK: To the client

  private func encode(_ event: ServerEvent) -> [UInt8] {
    eventCount += 1
    return event.encoded(eventID: "event_\(id.dropFirst(5))_\(eventCount)")
  }

  private func commit(_ events: [SessionEvent], _ then: [ServerEvent]) {
    let number = outbox.append(then.map(encode), awaitingCommit: ())
    let records: [CheckpointRecord]
    do {
      records = try events.map { try $0.record() }
    } catch {
      return committed(number, .failed(reason: String(describing: error)))
    }
    store.commit(records, session: id) { [weak self] result in
      guard let self else { return }
      if shard.isIsolatingCurrentContext() == true {
        assumeIsolated { $0.committed(number, result) }
      } else {
        onShard { session in
          session.committed(number, result)
          session.flush()
        }
      }
    }
  }

  private func committed(_ number: UInt64, _ result: CommitResult) {
    switch result {
    case .committed:
      outbox.committed(number)
    case .failed(let reason):
      // What is not safe must not be called final: better no session than one that lies.
      channel.send(
        encode(
          .error(
            .serverError(code: "checkpoint_failed", message: "The conversation could not be kept: \(reason)"))
        ))
      channel.close(code: 1011, reason: "checkpoint failed")
    }
  }

  private func flush() {
    for event in outbox.takeReady() { channel.send(event) }
  }

  // MARK: Worker calls

  private func recognize(_ call: CallID, _ request: RecognitionRequest) {
    let (audio, feed) = AsyncStream.makeStream(of: [Int16].self)
    let events = workers.recognizer.recognize(request, audio: audio)
    let task = run(call, workers.recognizer.name, failed: SessionInput.recognitionFailed) { session in
      for try await event in events { session.take(.recognition(call, event)) }
    }
    calls.began(call, task: task, audio: feed)
  }

  private func complete(_ call: CallID, _ request: CompletionRequest) {
    let events = workers.languageModel.complete(request)
    let task = run(call, workers.languageModel.name, failed: SessionInput.completionFailed) { session in
      for try await event in events { session.take(.completion(call, event)) }
    }
    calls.began(call, task: task)
  }

  private func speak(_ call: CallID, _ request: SpeechRequest) {
    let chunks = workers.synthesizer.synthesize(request)
    let task = run(call, workers.synthesizer.name, failed: SessionInput.speechFailed) { session in
      for try await chunk in chunks { session.take(.speech(call, chunk)) }
      if !Task.isCancelled { session.take(.speechEnded(call)) }
    }
    calls.began(call, task: task)
  }

  /// Reads a worker's results on the shard until they end; the core ignores those of a call that is over.
  private func run(
    _ call: CallID, _ worker: String, failed: @escaping @Sendable (CallID, WorkerError) -> SessionInput,
    _ body: @escaping @Sendable (isolated Session) async throws -> Void
  ) -> Task<Void, Never> {
    Task {
      do {
        try await body(self)
        if !Task.isCancelled {
          take(failed(call, WorkerError(.malformed, worker: worker, message: "ended without a result")))
        }
      } catch let error as WorkerError {
        take(failed(call, error))
      } catch is CancellationError {
      } catch {
        take(failed(call, WorkerError(.connection, worker: worker, message: String(describing: error))))
      }
      calls.ended(call)
    }
  }
}

/// The workers of one session, as its agent chose them.
public struct SessionWorkers: Sendable {
  public var recognizer: any SpeechRecognizer
  public var languageModel: any LanguageModel
  public var synthesizer: any SpeechSynthesizer

  public init(
    recognizer: any SpeechRecognizer, languageModel: any LanguageModel, synthesizer: any SpeechSynthesizer
  ) {
    self.recognizer = recognizer
    self.languageModel = languageModel
    self.synthesizer = synthesizer
  }
}

/// Watches sessions. Called on their shards; must be quick.
public protocol SessionObserver: AnyObject, Sendable {
  func observed(_ observation: Observation, agent: String)
  func ended(_ session: Session)
}

import Audio
import Realtime
import Runtime
import VivaConfiguration
import Workers

@testable import Sessions

/// A session core under virtual time, with a client and workers that are this object.
final class Conversation {
  /// Of conversations that are not told which.
  @TaskLocal static var leg = ClientLeg.socket

  private(set) var core: SessionCore
  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  /// What the client got, in order.
  private(set) var events: [ServerEvent] = []
  /// The binary messages that the client got.
  private(set) var packets: [[UInt8]] = []
  /// The server's playout, of a media leg.
  private(set) var playout = ScriptedPlayout()
  /// Told of each piece of audio, in any form, as it comes.
  var onAudio: ((_ payload: [UInt8], _ now: Instant) -> Void)?
  /// Everything else the session wanted, in order.
  private(set) var actions: [SessionAction] = []
  /// What the store of phrases has for any notice.
  var storedPhrase: EncodedPhrase?
  /// Every committed event.
  private(set) var log: [SessionEvent] = []
  private(set) var order = ResponseOrder()

  init(
    agent: Agent = .forTests, kind: RealtimeSession.Kind = .realtime, limits: LimitSettings = LimitSettings(),
    audio: AudioSettings = AudioSettings(), slots: [CallbackSlot] = [], budget: any ResponseBudget = UnlimitedBudget(),
    leg: ClientLeg = Conversation.leg,
    isConnected: Bool = true
  ) {
    let counter = Counter()
    core = SessionCore(
      session: .starting(id: "sess_test", agent: agent, kind: kind, limits: limits), agent: agent, limits: limits,
      audio: audio, slots: slots, budget: budget, leg: leg, makeID: { "\($0)_\(counter.next())" },
      detector: { _ in LevelDetector() })
    give(.opened)
    if leg == .media, isConnected { connect() }
  }

  // MARK: The media leg

  func connect(takesPackets: Bool = false) {
    playout.isConnected = true
    give(.mediaConnected(takesPackets: takesPackets))
  }

  func loseMedia() {
    playout.isConnected = false
    give(.mediaLost)
  }

  // MARK: Time and input

  func give(_ input: SessionInput) {
    var recalls: [(CallID, [SpeechRequest])] = []
    for action in core.handle(input, at: now) {
      switch action {
      case .send(let event), .reply(let event): receive(event)
      case .playVoice(let samples): playout.enqueue(samples.count)
      case .playPhrase(let phrase): playout.enqueue(phrase.samples)
      case .playPacket(let packet, let samples):
        packets.append(packet)
        playout.enqueue(samples)
      case .endVoice: playout.ends += 1
      case .clearVoice: playout.clear()
      case .sendPacket(let packet):
        packets.append(packet)
        onAudio?(packet, now)
      case .commit(let events, let then):
        log += events
        then.forEach(receive)
      case .recallPhrases(let call, let requests): recalls.append((call, requests))
      default: actions.append(action)
      }
    }
    for (call, requests) in recalls {
      give(.recalled(call, storedPhrase.map { Array(repeating: $0, count: requests.count) }))
    }
  }

  func client(_ body: ClientEvent.Body, eventID: String? = nil) {
    give(.client(ClientEvent(body, eventID: eventID)))
  }

  /// Lets time pass, meeting each deadline on its way.
  func advance(milliseconds: Int) {
    let end = now + .milliseconds(milliseconds)
    while true {
      let deadline = core.nextDeadline(at: now)
      let tick = core.playout.isServed ? playout.nextTick(after: now) : nil
      guard let next = [deadline, tick].compactMap({ $0 }).min(), next <= end else { break }
      now = max(now, next)
      if next == tick, let played = playout.tick() { give(.played(samples: played)) }
      if next == deadline { give(.deadline) }
    }
    now = end
  }

  /// The user speaks, or is silent, in real time.
  func hear(milliseconds: Int, voiced: Bool) {
    for _ in 0..<milliseconds / 20 {
      guard !core.playout.isServed else {
        give(voiced ? .voice(Array(repeating: 8000, count: 320)) : .silence(samples: 320))
        advance(milliseconds: 20)
        continue
      }
      client(.inputAudioBufferAppend(audio: PCM16.encode(Array(repeating: voiced ? 8000 : 0, count: 480))))
      advance(milliseconds: 20)
    }
  }

  private func receive(_ event: ServerEvent) {
    events.append(event)
    if case .responseOutputAudioDelta(_, let audio) = event { onAudio?(audio, now) }
    if let violation = order.check(event) { violations.append(violation.description) }
  }

  /// Breaches of the protocol's order of events.
  private(set) var violations: [String] = []

  func forgetViolations() {
    violations = []
  }

  // MARK: The workers' side

  var recognitions: [CallID] {
    actions.compactMap { if case .recognize(let call, _) = $0 { call } else { nil } }
  }
  var completions: [(call: CallID, request: CompletionRequest)] {
    actions.compactMap { if case .complete(let call, let request) = $0 { (call, request) } else { nil } }
  }
  var speeches: [(call: CallID, text: String)] {
    actions.compactMap {
      switch $0 {
      case .speak(let call, let request), .speakPhrase(let call, let request): (call, request.text)
      default: nil
      }
    }
  }
  var cancelled: [CallID] { actions.compactMap { if case .cancel(let call) = $0 { call } else { nil } } }

  /// The recogniser's answer to the newest turn.
  func transcribe(_ text: String) {
    guard let call = recognitions.last else { return }
    give(.recognition(call, .final(Transcript(text: text, confidence: 0.9))))
  }

  /// The model's whole answer to the newest request.
  func answer(_ text: String, reason: FinishReason = .stop) {
    guard let call = completions.last?.call else { return }
    for word in text.split(separator: " ", omittingEmptySubsequences: false).map({ $0 + " " }) {
      give(.completion(call, .text(String(word))))
    }
    give(.completion(call, .usage(TokenUsage(inputTokens: 20, outputTokens: 10))))
    give(.completion(call, .finished(reason)))
  }

  /// The voice for the newest clause.
  func speak(milliseconds: Int, ends: Bool = true) {
    guard let call = speeches.last?.call else { return }
    give(
      .speech(
        call, .pcm(Array(repeating: 6000, count: milliseconds * 24), sampleRate: 24_000)))
    if ends { give(.speechEnded(call)) }
  }

  /// A whole spoken turn of the user, up to its transcript.
  func say(_ text: String, milliseconds: Int = 1000) {
    hear(milliseconds: milliseconds, voiced: true)
    hear(milliseconds: 600, voiced: false)
    transcribe(text)
  }

  // MARK: What the client saw

  var types: [String] { events.map(\.type) }
  var audioMilliseconds: Int {
    events.reduce(playout.enqueued / 24) {
      if case .responseOutputAudioDelta(_, let audio) = $1 { $0 + audio.count / 48 } else { $0 }
    }
  }
  var errors: [RealtimeError] { events.compactMap { if case .error(let error) = $0 { error } else { nil } } }
  var responses: [Response] {
    events.compactMap { if case .responseDone(let response) = $0 { response } else { nil } }
  }

  func clear() {
    events = []
    actions = []
  }

  private final class Counter: @unchecked Sendable {
    // Used by one test on one thread.
    private var value = 0
    func next() -> Int {
      value += 1
      return value
    }
  }
}

/// Voice is what is loud.
private struct LevelDetector: VoiceActivityDetector {
  func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    frame.contains { abs(Int($0)) > 2000 }
  }
}

extension Agent {
  static var forTests: Agent {
    var agent = Agent(name: "assistant")
    agent.instructions = "Be brief."
    return agent
  }
}

extension ConversationItem {
  /// The words of a message.
  var transcriptText: String? {
    guard case .message(_, let parts) = content else { return nil }
    return parts.compactMap(\.text).joined()
  }
}

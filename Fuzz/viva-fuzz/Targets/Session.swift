import Audio
import Realtime
import Runtime
import VivaConfiguration
import Workers

@testable import Sessions

extension FuzzTarget {
  /// A whole session, in virtual time: a line is an event of the client's, or a command of `FuzzedSession`.
  static let session = FuzzTarget("session", cost: 20) { input in
    let (kind, rest) = input.firstLine
    var session = FuzzedSession(
      kind: kind == "transcription" ? .transcription : .realtime, leg: kind == "media" ? .media : .socket)
    for line in rest.bytes.split(separator: UInt8(ascii: "\n")).prefix(200) {
      if line.first == UInt8(ascii: "{") {
        session.receive(Array(line))
      } else {
        session.perform(String(decoding: line, as: UTF8.self))
      }
    }
    session.end()
  }
}

/// A session core, its client and its workers. The client and the workers do what they are told; the core must keep the
/// protocol's order of events, come to rest, and end.
struct FuzzedSession {
  private var core: SessionCore
  private var now = Instant(nanoseconds: 1_000_000_000)
  private var order = ResponseOrder()
  /// Open and closed calls of every kind, so that late answers are tried, too.
  private var recognitions: [CallID] = []
  private var completions: [CallID] = []
  private var speeches: [CallID] = []
  private var judgements: [CallID] = []
  private var toolCalls: [CallID] = []
  /// What a scenario may still cost, in milliseconds of audio.
  private var audioLeft = 60_000

  init(kind: RealtimeSession.Kind, leg: ClientLeg) {
    var agent = Agent(name: "assistant")
    agent.instructions = "Be brief."
    agent.greeting = "Hello."
    var tool = HTTPTool(name: "look_up", url: "http://tools.test")
    tool.filler = ToolFiller(phrases: ["One moment."], afterMilliseconds: 500)
    agent.tools = [tool]
    var limits = LimitSettings()
    limits.items = 50
    limits.inputBufferSeconds = 20
    limits.retainedAudioSeconds = 2
    let ids = Counter()
    core = SessionCore(
      session: .starting(id: "sess_1", agent: agent, kind: kind, limits: limits), agent: agent, limits: limits,
      audio: AudioSettings(), leg: leg, makeID: { "\($0)_\(ids.next())" }, detector: { _ in LevelDetector() })
    give(.opened)
  }

  // MARK: The client

  mutating func receive(_ message: [UInt8]) {
    do throws(RealtimeError) {
      give(.client(try ClientEvent.decode(message)))
    } catch {
      give(.badMessage(error))
    }
  }

  /// The client is gone, and with it everything.
  mutating func end() {
    give(.disconnected)
    expect(order.openResponses.isEmpty, "responses without an end: \(order.openResponses)")
    expect(core.nextDeadline(at: now) == nil, "a deadline after the end")
    for call in completions { expectNothing(of: .completion(call, .text("Late."))) }
    for call in speeches { expectNothing(of: .speech(call, .pcm([1, 2, 3], sampleRate: 24_000))) }
    for call in recognitions { expectNothing(of: .recognition(call, .final(Transcript(text: "Late.")))) }
  }

  // MARK: Commands

  /// `wait MS`, `hear MS`, `hush MS`, `binary TEXT` of the client; `connect`, `lose`, `drained` of its media leg;
  /// `takeover`, `handback`, `person MS` of who speaks in the agent's place; the others are of the workers. `final@2 TEXT` answers
  /// the last recognition but two.
  mutating func perform(_ line: String) {
    let words = line.split(separator: " ", maxSplits: 1)
    let head = (words.first ?? "").split(separator: "@", maxSplits: 1)
    let text = words.count > 1 ? String(words[1]) : ""
    let age = head.count > 1 ? Int(head[1]) ?? 0 : 0
    let number = Int(text) ?? 0
    // The reader of completions gives every call a name and an id of the usual length.
    let id = text.isEmpty || text.utf8.count > 128 ? "call_x" : text
    let failure = WorkerError(
      number == 1 ? .emptyReply : .connection, worker: "worker", message: text, status: number == 2 ? 400 : nil)
    switch head.first ?? "" {
    case "wait": wait(milliseconds: min(max(number, 0), 100_000))
    case "hear": hear(milliseconds: number, level: 8000)
    case "hush": hear(milliseconds: number, level: 0)
    case "binary": give(.client(ClientEvent(.inputAudioBufferAppend(audio: Array(text.utf8)))))
    case "connect": give(.mediaConnected(takesPackets: number == 1))
    case "lose": give(.mediaLost)
    case "drained": give(.drained)
    case "takeover": give(.floorTaken(participantID: id))
    case "handback": give(.floorReturned)
    case "person": speakAsPerson(milliseconds: number, level: 8000)
    case "person-hush": speakAsPerson(milliseconds: number, level: 0)
    case "partial": give(recognitions, age) { .recognition($0, .partial(text)) }
    case "final": give(recognitions, age) { .recognition($0, .final(Transcript(text: text, confidence: 0.9))) }
    case "asr-failed": give(recognitions, age) { .recognitionFailed($0, failure) }
    case "say": give(completions, age) { .completion($0, .text(text)) }
    case "call": give(completions, 0) { .completion($0, .toolCallStarted(index: age, callID: id, name: "look_up")) }
    case "client-call": give(completions, 0) { .completion($0, .toolCallStarted(index: age, callID: id, name: "f")) }
    case "arguments": give(completions, 0) { .completion($0, .toolCallArguments(index: age, delta: text)) }
    case "usage":
      give(completions, age) { .completion($0, .usage(TokenUsage(inputTokens: number, outputTokens: .max))) }
    case "stop": give(completions, age) { .completion($0, .finished(.stop)) }
    case "length": give(completions, age) { .completion($0, .finished(.length)) }
    case "tools": give(completions, age) { .completion($0, .finished(.toolCalls)) }
    case "filter": give(completions, age) { .completion($0, .finished(.contentFilter)) }
    case "llm-failed": give(completions, age) { .completionFailed($0, failure) }
    case "sound": speak(milliseconds: number, rate: 24_000, age)
    case "sound-22050": speak(milliseconds: number, rate: 22_050, age)
    case "sound-4000": speak(milliseconds: number, rate: 4000, age)
    case "packet": give(speeches, age) { .speech($0, .opus(Array(text.utf8))) }
    case "spoken": give(speeches, age) { .speechEnded($0) }
    case "tts-failed": give(speeches, age) { .speechFailed($0, failure) }
    case "judge": give(judgements, age) { .endOfTurn($0, probability: Double(text) ?? .nan) }
    case "judge-failed": give(judgements, age) { .endOfTurnFailed($0) }
    case "result": give(toolCalls, age) { .toolReturned($0, .output(text)) }
    case "tool-failed": give(toolCalls, age) { .toolReturned($0, .failure(text)) }
    default: break
    }
  }

  private mutating func give(_ calls: [CallID], _ age: Int, _ input: (CallID) -> SessionInput) {
    guard calls.indices.contains(calls.count - 1 - max(0, min(age, 1000))) else { return }
    give(input(calls[calls.count - 1 - max(0, min(age, 1000))]))
  }

  /// Audio in real time, in the format that the session expects.
  private mutating func hear(milliseconds: Int, level: Int16) {
    for _ in 0..<min(max(milliseconds, 0), audioLeft) / 20 {
      audioLeft -= 20
      guard !core.playout.isServed else {
        give(level == 0 ? .silence(samples: 320) : .voice(Array(repeating: level, count: 320)))
        wait(milliseconds: 20)
        continue
      }
      let audio: [UInt8]
      switch core.session.inputFormat {
      case .pcm: audio = PCM16.encode(Array(repeating: level, count: 480))
      case .pcmu: audio = G711.encode(Array(repeating: level, count: 160), .mu)
      case .pcma: audio = G711.encode(Array(repeating: level, count: 160), .a)
      case .opus: audio = [0xF8, 0xFF, 0xFE]
      }
      give(.client(ClientEvent(.inputAudioBufferAppend(audio: audio))))
      wait(milliseconds: 20)
    }
  }

  /// What a person says in the agent's place.
  private mutating func speakAsPerson(milliseconds: Int, level: Int16) {
    for _ in 0..<min(max(milliseconds, 0), audioLeft) / 20 {
      audioLeft -= 20
      give(level == 0 ? .floorSilence(samples: 320) : .floorVoice(Array(repeating: level, count: 320)))
      wait(milliseconds: 20)
    }
  }

  private mutating func speak(milliseconds: Int, rate: Int, _ age: Int) {
    let length = min(max(milliseconds, 0), audioLeft)
    audioLeft -= length
    give(speeches, age) { .speech($0, .pcm(Array(repeating: 6000, count: length * rate / 1000), sampleRate: rate)) }
  }

  /// Lets time pass, meeting each deadline on its way.
  private mutating func wait(milliseconds: Int) {
    let end = now + .milliseconds(milliseconds)
    var met = 0
    while let deadline = core.nextDeadline(at: now), deadline <= end {
      met = deadline > now ? 0 : met + 1
      expect(met < 100, "the deadline does not move on")
      now = max(now, deadline)
      give(.deadline)
    }
    now = end
    if core.playout.isServed { give(.played(samples: milliseconds * 24)) }
  }

  // MARK: The core

  private mutating func give(_ input: SessionInput) {
    for action in core.handle(input, at: now) {
      switch action {
      case .send(let event), .reply(let event): check(event)
      case .commit(_, let then): then.forEach { check($0) }
      case .sendPacket(let packet): expect(!packet.isEmpty, "an empty packet")
      case .recognize(let call, _): recognitions.append(call)
      case .complete(let call, _): completions.append(call)
      case .speak(let call, let request), .speakPhrase(let call, let request):
        expect(!request.text.isEmpty, "nothing to speak")
        speeches.append(call)
      case .judgeTurn(let call, _): judgements.append(call)
      case .callTool(let call, _): toolCalls.append(call)
      case .playVoice, .playPacket, .playPhrase, .endVoice, .clearVoice, .feed, .endAudio, .cancel, .observe,
        .wantProbes, .keepCallback, .close, .preparePhrases, .recallPhrases, .hasten:
        break
      }
    }
  }

  private mutating func check(_ event: ServerEvent) {
    if let violation = order.check(event) { fatalError("\(violation)") }
  }

  private mutating func expectNothing(of input: SessionInput) {
    expect(core.handle(input, at: now).isEmpty, "something happens after the end")
  }
}

/// Voice is what is loud.
private struct LevelDetector: VoiceActivityDetector {
  func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    frame.contains { abs(Int($0)) > 2000 }
  }
}

/// Used by one session on one thread, and `Sendable` only because the core wants its maker of ids to be.
private final class Counter: @unchecked Sendable {
  private var value = 0

  func next() -> Int {
    value += 1
    return value
  }
}

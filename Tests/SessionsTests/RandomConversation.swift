import Audio
import Realtime
import Resilience
import VivaConfiguration
import Workers

@testable import Sessions

/// A client and workers that do anything at any time, by a seed, and what must hold whatever they do.
final class RandomConversation {
  let conversation: Conversation
  private var dice: SplitMix
  /// Breaches of what must hold, with the step that they came after.
  private(set) var breaches: [String] = []
  /// Where the client is in the agent's audio, by its own reckoning.
  private var player = PlayoutPosition(sampleRate: 24_000)
  private var recognitions: [CallID] = []
  private var completions: [CallID] = []
  private var speeches: [CallID] = []
  private var judgements: [CallID] = []
  private var toolCalls: [CallID] = []
  private var over: [CallID] = []
  /// Responses that nobody listens to as they come.
  private var outOfBand: Set<String> = []
  private var lastStep = ""
  private var steps = 0

  init(seed: UInt64, leg: ClientLeg = .socket) {
    dice = SplitMix(state: seed)
    var agent = Agent.forTests
    if seed.isMultiple(of: 2) { agent.greeting = "Welcome. How are you?" }
    var tool = HTTPTool(name: "look_up", url: "http://tools.test/look_up")
    tool.filler = ToolFiller(phrases: ["One moment."], afterMilliseconds: 700)
    agent.tools = [tool]
    if seed.isMultiple(of: 3) { agent.questions = Agent.withBank.questions }
    conversation = Conversation(
      agent: agent, slots: [CallbackSlot(id: "mon-9", text: "Monday, 9:00")], leg: leg)
    look()
  }

  func step() {
    steps += 1
    switch dice.below(100) {
    case ..<20: conversation.core.isSilenced && dice.below(2) == 0 ? personSpeaks() : clientSpeaks()
    case ..<45: clientActs()
    case ..<90: workersAct()
    default: timePasses(milliseconds: dice.below(2000))
    }
  }

  private func timePasses(milliseconds: Int) {
    for _ in 0..<milliseconds / 20 { after("time passes") { $0.advance(milliseconds: 20) } }
  }

  /// The client falls silent and the workers do their work: nothing may be left undone.
  func settle() {
    if conversation.core.playout.isServed { after("connected") { $0.connect() } }
    give(.floorReturned, "floor returned")
    client(.sessionUpdate(.json(Self.noIdleTimeout)))
    client(.inputAudioBufferClear)
    for _ in 0..<400 where isBusy {
      for call in recognitions {
        give(.recognition(call, .final(Transcript(text: "Yes."))), "final")
        recognitions.removeAll { $0 == call }
      }
      for call in completions {
        give(.completion(call, .text("Well. ")), "text")
        give(.completion(call, .finished(.stop)), "finished")
        completions.removeAll { $0 == call }
      }
      // Nobody judges the ends of turns any more: silence has to do.
      judgements = []
      for call in toolCalls {
        give(.toolReturned(call, .output("7")), "tool returns")
        toolCalls.removeAll { $0 == call }
      }
      for call in speeches {
        give(.speech(call, Self.chunk(milliseconds: 200)), "speech")
        give(.speechEnded(call), "speech ends")
        speeches.removeAll { $0 == call }
      }
      timePasses(milliseconds: 500)
    }
    timePasses(milliseconds: 1000)
    let core = conversation.core
    check(core.response == nil, "a response hangs")
    check(conversation.core.playout.media?.answers.isEmpty != false, "a voice that neither stops nor is cleared")
    check(core.outOfBand.isEmpty, "an out-of-band response hangs")
    check(core.tools.running.isEmpty, "a tool call hangs")
    check(core.turns.isEmpty, "a turn hangs")
    check(core.floor == nil, "a person's words hang")
    check(core.owed == nil, "an answer is owed for ever")
    check(conversation.order.openResponses.isEmpty, "a response.created without response.done")
    check(SessionState(replaying: conversation.log) == core.state, "the state is not the fold of its log")
  }

  private var isBusy: Bool {
    let core = conversation.core
    return core.response != nil || core.floor != nil || !core.turns.isEmpty || !core.outOfBand.isEmpty
      || !core.tools.running.isEmpty || core.ladder.notice != nil
      || core.ladder.ladder.nextDeadline(at: conversation.now) != nil
  }

  // MARK: The client

  private func clientSpeaks() {
    let milliseconds = 20 * (1 + dice.below(40))
    let isVoiced = dice.below(2) == 0
    for _ in 0..<milliseconds / 20 {
      after("hears voiced \(isVoiced)") { $0.hear(milliseconds: 20, voiced: isVoiced) }
    }
  }

  private func personSpeaks() {
    let isVoiced = dice.below(2) == 0
    for _ in 0..<1 + dice.below(40) {
      give(isVoiced ? .floorVoice(Array(repeating: 8000, count: 320)) : .floorSilence(samples: 320), "person speaks")
      timePasses(milliseconds: 20)
    }
  }

  private func clientActs() {
    switch dice.below(conversation.core.playout.isServed ? 20 : 15) {
    case 18: give(.floorTaken(participantID: "guest_\(dice.below(2))"), "floor taken")
    case 19: give(.floorReturned, "floor returned")
    case 15: client(.outputAudioBufferClear)
    case 16: after("media is lost") { $0.loseMedia() }
    case 17: after("media is there") { $0.connect(takesPackets: $0.playout.ends.isMultiple(of: 2)) }
    case 0: client(.inputAudioBufferCommit)
    case 1: client(.inputAudioBufferClear)
    case 2: client(.responseCancel(responseID: nil))
    case 3: client(.sessionUpdate(.json(Self.updates[dice.below(Self.updates.count)])))
    case 4, 5: client(.responseCreate(parameters))
    case 6:
      client(
        .conversationItemTruncate(
          itemID: anyItem, contentIndex: dice.below(2), audioEndMilliseconds: dice.below(1500)))
    case 7: client(.conversationItemDelete(itemID: anyItem))
    case 8: client(.conversationItemRetrieve(itemID: anyItem))
    case 9: createItem(.message(id: nil, role: .user, parts: [.inputText("Hello.")]))
    case 10: createItem(ConversationItem(content: .functionCallOutput(callID: "call_0", output: "7")))
    case 11: client(.responseCreate(outOfBandParameters))
    case 12: client(.responseCancel(responseID: conversation.core.outOfBand.first?.id ?? "resp_none"))
    case 13: client(.inputAudioBufferAppend(audio: (0..<1 + dice.below(90)).map { _ in UInt8(dice.below(256)) }))
    default:
      let audio = [UInt8](repeating: 0, count: 960 * dice.below(20))
      createItem(.message(id: nil, role: .user, parts: [.inputAudio(audio: audio, transcript: nil)]))
    }
  }

  private func createItem(_ item: ConversationItem) {
    let previous = [nil, "root", anyItem][dice.below(3)]
    client(.conversationItemCreate(item: item, previousItemID: previous))
  }

  private var parameters: ResponseParameters {
    var parameters = ResponseParameters()
    parameters.modality = [nil, .text, .audio][dice.below(3)]
    return parameters
  }

  private var outOfBandParameters: ResponseParameters {
    var parameters = parameters
    parameters.conversation = .none
    parameters.outputFormat = [nil, .pcmu, .pcma][dice.below(3)]
    if dice.below(2) == 0 { parameters.input = [.reference(itemID: anyItem)] }
    return parameters
  }

  private var anyItem: String {
    let ids = conversation.core.state.items.compactMap(\.id).suffix(4) + ["item_none"]
    return ids[ids.startIndex + dice.below(ids.count)]
  }

  // MARK: The workers

  private func workersAct() {
    switch dice.below(13) {
    case 12: ladderActs()
    case 10: judgeActs()
    case 11: toolActs()
    case ..<3: recognizerActs()
    case ..<6: modelActs()
    case ..<9: voiceActs()
    default:
      // What is over may still have had a word on its way.
      guard let call = any(&over, taking: false) else { return }
      give(.recognition(call, .final(Transcript(text: "late"))), "late final")
      give(.recognition(call, .partial("late")), "late partial")
      give(.endOfTurn(call, probability: 1), "late judgement")
      give(.toolReturned(call, .output("late")), "late tool")
      give(.completion(call, .text("late")), "late text")
      give(.speech(call, Self.chunk(milliseconds: 100)), "late speech")
      give(.speechEnded(call), "late end")
    }
  }

  private func ladderActs() {
    let capability = Ladder.Capability.allCases[dice.below(Ladder.Capability.allCases.count)]
    let inputs: [Ladder.Input] = [
      .fails(capability), .works(capability), .works(capability, by: .backup), .confidence(Double(dice.below(11)) / 10),
      .floor(Ladder.Level.allCases[dice.below(5)], by: .operator), .floor(.full, by: .operator),
      .network(up: dice.below(4) == 0 ? .unusable : .good, down: dice.below(4) == 0 ? .degraded : .good),
    ]
    give(.ladder(inputs[dice.below(inputs.count)]), "the ladder")
    if dice.below(8) == 0 { client(.transcriptCorrect(itemID: anyItem, transcript: "One two.")) }
    if dice.below(8) == 0 { client(.callbackChoose(slotID: "mon-9")) }
  }

  private func recognizerActs() {
    let isDone = dice.below(3) > 0
    guard let call = any(&recognitions, taking: isDone) else { return }
    if !isDone { return give(.recognition(call, .partial(["", "mhm", "One two"][dice.below(3)])), "partial") }
    if dice.below(4) > 0 {
      let text = ["", "Mhm.", "One two three."][dice.below(3)]
      give(.recognition(call, .final(Transcript(text: text))), "final")
    }
    give(.recognitionFailed(call, error), "recognition ends")
  }

  private func judgeActs() {
    guard let call = any(&judgements, taking: true) else { return }
    let probability = [0, 0.5, 1, -7, .nan, .infinity][dice.below(6)]
    give(dice.below(4) == 0 ? .endOfTurnFailed(call) : .endOfTurn(call, probability: probability), "judgement")
  }

  private func toolActs() {
    guard let call = any(&toolCalls, taking: true) else { return }
    give(.toolReturned(call, dice.below(3) == 0 ? .failure("no") : .output("7")), "tool returns")
  }

  private func modelActs() {
    let isDone = dice.below(4) == 0
    guard let call = any(&completions, taking: isDone) else { return }
    let texts = ["Well, ", "this is so. ", "And 3.5 is more", "** ", "Is it?\n"]
    switch (isDone, dice.below(6)) {
    case (true, 0): give(.completionFailed(call, error), "model fails")
    case (true, 1): give(.completion(call, .finished(.length)), "length")
    case (true, _): give(.completion(call, .finished(.stop)), "finished")
    case (false, 0):
      let index = dice.below(2)
      give(
        .completion(
          call, .toolCallStarted(index: index, callID: "call_\(index)", name: dice.below(2) == 0 ? "f" : "look_up")),
        "call")
    case (false, 1): give(.completion(call, .toolCallArguments(index: dice.below(2), delta: "{")), "arguments")
    default: give(.completion(call, .text(texts[dice.below(texts.count)])), "text")
    }
  }

  private func voiceActs() {
    let isDone = dice.below(3) == 0
    guard let call = any(&speeches, taking: isDone) else { return }
    switch (isDone, dice.below(3)) {
    case (true, 0): give(.speechFailed(call, error), "voice fails")
    case (true, _): give(.speechEnded(call), "voice ends")
    default: give(.speech(call, Self.chunk(milliseconds: dice.below(1500))), "speech")
    }
  }

  private var error: WorkerError {
    dice.below(3) == 0
      ? WorkerError(.refused, worker: "w", message: "no", status: 400)
      : WorkerError(.connection, worker: "w", message: "lost")
  }

  private func any(_ calls: inout [CallID], taking: Bool) -> CallID? {
    guard !calls.isEmpty else { return nil }
    let index = dice.below(calls.count)
    return taking ? calls.remove(at: index) : calls[index]
  }

  // MARK: What must hold

  private func client(_ body: ClientEvent.Body) {
    after("\(body)") { $0.client(body) }
  }

  private func give(_ input: SessionInput, _ name: String) {
    after(name) { $0.give(input) }
  }

  private func after(_ name: String, _ body: (Conversation) -> Void) {
    lastStep = String(name.prefix(80))
    body(conversation)
    look()
  }

  private func check(_ holds: Bool, _ what: String) {
    if !holds { breaches.append("step \(steps), \(lastStep): \(what)") }
  }

  private func look() {
    for action in conversation.actions { take(action) }
    for event in conversation.events { take(event) }
    conversation.clear()
    let core = conversation.core
    if let media = core.playout.media {
      check(media.sent - media.played == conversation.playout.waiting, "the playout holds something else")
      check(conversation.playout.waiting <= 400 * 24, "\(conversation.playout.waiting / 24) ms in the playout")
    }
    for violation in conversation.violations { check(false, violation) }
    conversation.forgetViolations()
    let open = ([core.response?.id] + core.outOfBand.map(\.id)).compactMap { $0 }
    check(conversation.order.openResponses.sorted() == open.sorted(), "open responses differ")
    check(core.turns.count <= 17, "\(core.turns.count) turns")
    check(core.turns.count(where: \.isSpeaking) <= 1, "two turns are being spoken")
    check(
      core.nextDeadline(at: conversation.now).map { $0 > conversation.now } != false,
      "a deadline is due and was not met")
    check(core.owed == nil || core.response != nil || core.floor != nil || !core.turns.isEmpty, "not answered")
    check(!core.isSilenced || core.response == nil, "the agent speaks while a person has its place")
  }

  private func take(_ action: SessionAction) {
    switch action {
    case .recognize(let call, _): recognitions.append(call)
    case .complete(let call, _): completions.append(call)
    case .speak(let call, _), .speakPhrase(let call, _): speeches.append(call)
    case .judgeTurn(let call, _): judgements.append(call)
    case .callTool(let call, _): toolCalls.append(call)
    case .cancel(let call):
      over = over.suffix(7) + [call]
      recognitions.removeAll { $0 == call }
      completions.removeAll { $0 == call }
      speeches.removeAll { $0 == call }
      judgements.removeAll { $0 == call }
      toolCalls.removeAll { $0 == call }
    default: break
    }
  }

  private func take(_ event: ServerEvent) {
    let now = conversation.now.nanoseconds
    switch event {
    case .responseOutputAudioDelta(let address, let audio) where !outOfBand.contains(address.responseID):
      player.sent(samples: audio.count / 2, at: now)
      // 20 ms pass before anybody looks.
      check(player.ahead(at: now) <= (400 + 100 + 20) * 24, "\(player.ahead(at: now) / 24) ms ahead")
    case .responseCreated(let response) where response.conversationID == nil: outOfBand.insert(response.id)
    case .responseDone(let response) where response.status == .cancelled && !outOfBand.contains(response.id):
      player.stop(at: now)
    case .inputAudioBufferSpeechStarted, .conversationItemTruncated: player.stop(at: now)
    default: break
    }
  }

  private static func chunk(milliseconds: Int) -> SpeechChunk {
    .pcm(Array(repeating: 6000, count: milliseconds * 22), sampleRate: 22_000)
  }

  private static let noIdleTimeout =
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":null}}}}"#
  private static let updates = [
    #"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","interrupt_response":true}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","interrupt_response":false}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":false}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":true}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","threshold":0.9,"prefix_padding_ms":0,"silence_duration_ms":0}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"low"}}}}"#,
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"high"}}}}"#,
    #"{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"}}}}"#,
    #"{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcm","rate":24000}}}}"#,
    #"{"type":"realtime","output_modalities":["text"]}"#,
    #"{"type":"realtime","output_modalities":["audio"],"max_output_tokens":7}"#,
    #"{"type":"realtime","audio":{"input":{"transcription":null}}}"#,
    #"{"type":"realtime","audio":{"output":{"voice":"other"}}}"#,
  ]
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0..<bound.
  mutating func below(_ bound: Int) -> Int {
    Int(next() % UInt64(bound))
  }
}

import Audio
import Realtime
import Runtime
import VivaConfiguration
import Workers

/// The agent's own functions, which are HTTP services: the model calls one, Viva asks the service, and the model
/// answers with what it said. Functions that the client declares stay the client's, those with the same name too.
extension SessionCore {
  /// Answers in a row that come of tools alone. The last of them has to do without: else a model that never stops
  /// calling would never speak.
  private static let longestChain = 8

  /// A function call of the model's is complete.
  mutating func runTool(for call: FunctionCallOutput, at now: Instant) {
    guard let response, response.joinsConversation else { return }
    guard response.parameters.tools == nil, !session.tools.contains(where: { $0.name == call.name }),
      let tool = agent.tools.first(where: { $0.name == call.name })
    else {
      tools.clientIsAsked = true
      return
    }
    let id = newCall()
    tools.parameters = response.parameters
    let fillerDue = tool.filler.map { now + .milliseconds($0.afterMilliseconds) }
    tools.running[id] = RunningTool(tool: tool, callID: call.callID, started: now, fillerDue: fillerDue)
    let request = ToolRequest(
      tool: tool, callID: call.callID, arguments: call.arguments, sessionID: session.id, agent: agent.name)
    act(.callTool(id, request))
    send(
      .vivaToolCall(
        callID: call.callID, name: tool.name, status: "in_progress", durationMilliseconds: nil, error: nil))
  }

  mutating func toolReturned(_ id: CallID, _ outcome: ToolOutcome, at now: Instant) {
    guard let running = tools.running.removeValue(forKey: id) else { return }
    let failure: String? = if case .failure(let error) = outcome { error } else { nil }
    send(
      .vivaToolCall(
        callID: running.callID, name: running.tool.name, status: failure == nil ? "completed" : "failed",
        durationMilliseconds: Int((now - running.started).inSeconds * 1000), error: failure))
    // The client may have deleted the call meanwhile.
    guard state.hasFunctionCall(running.callID), state.items.count < limits.items else { return }
    var item = ConversationItem(
      id: makeID("item"), content: .functionCallOutput(callID: running.callID, output: outcome.text))
    item.status = .completed
    add(item, after: state.items.last?.id)
    tools.hasNews = true
    // The agent has something newer to say than what a noise cut off.
    cutOff = nil
  }

  /// Lets the model answer with what its tools have found out, once nobody else has the floor.
  mutating func answerFromTools(at now: Instant) {
    guard tools.hasNews, tools.running.isEmpty, !tools.clientIsAsked, response == nil, floor == nil, owed == nil,
      turns.isEmpty,
      tools.chain < Self.longestChain
    else { return }
    tools.chain += 1
    // The answer goes on as it was asked for; only, a call that the client insists on has just been made.
    var parameters = tools.parameters
    parameters.input = nil
    if tools.chain == Self.longestChain {
      parameters.toolChoice = RealtimeSession.ToolChoice.none
    } else if (parameters.toolChoice ?? session.toolChoice) != .none {
      parameters.toolChoice = .auto
    }
    startResponse(.model, parameters: parameters, turn: TurnMarks(), at: now)
  }

  // MARK: Filler

  /// When somebody who waits for a tool should be told so; nil while the agent or the user has the floor.
  func nextFillerDeadline(at now: Instant) -> Instant? {
    guard response == nil, floor == nil, turns.isEmpty, let due = tools.running.values.compactMap(\.fillerDue).min()
    else {
      return nil
    }
    return playout.end(at: now).map { max(due, $0) }
  }

  mutating func sayFiller(at now: Instant) {
    guard let due = nextFillerDeadline(at: now), due <= now else { return }
    guard let id = tools.running.first(where: { $0.value.fillerDue.map { $0 <= now } == true })?.key,
      let filler = tools.running[id]?.tool.filler
    else { return }
    tools.running[id]?.fillerDue = nil
    let phrase = filler.phrases[tools.fillersSaid % filler.phrases.count]
    tools.fillersSaid += 1
    startResponse(.phrase(phrase), at: now)
  }
}

/// The agent's tools at work in one conversation.
struct ToolCalls {
  var running: [CallID: RunningTool] = [:]
  /// There are results that the model has not seen.
  var hasNews = false
  /// The model has also called functions of the client's: the client asks for the next response itself.
  var clientIsAsked = false
  /// Answers in a row that came of tools alone.
  var chain = 0
  var fillersSaid = 0
  /// Of the response that called the newest of them.
  var parameters = ResponseParameters()

  /// The model is shown everything that is there.
  mutating func answerBegins() {
    hasNews = false
    clientIsAsked = false
  }

  /// Somebody wants another answer.
  mutating func chainEnds() {
    chain = 0
  }
}

struct RunningTool {
  let tool: HTTPTool
  let callID: String
  let started: Instant
  /// When a filler phrase is due; nil when none is, or it was said.
  var fillerDue: Instant?
}

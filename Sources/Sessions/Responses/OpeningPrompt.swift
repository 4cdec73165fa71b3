import Realtime
import VivaConfiguration
import Workers

extension CompletionRequest {
  /// What every conversation with `agent` begins with, answered with one token: a local model that has been asked
  /// this keeps it in its prompt cache, and the first turn need not wait for it to be read.
  public static func opening(of agent: Agent) -> CompletionRequest {
    let session = RealtimeSession.starting(id: "sess_opening", agent: agent, limits: LimitSettings())
    let prompt = Prompt(
      agent: agent, session: session, items: [.message(id: nil, role: .user, parts: [.inputText("Hello.")])])
    var request = prompt.request(
      for: ActiveResponse(id: "resp_opening", source: .model, parameters: ResponseParameters(), session: session))
    request.sampling.maxTokens = 1
    return request
  }
}

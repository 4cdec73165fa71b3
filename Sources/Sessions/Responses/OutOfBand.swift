import Realtime
import Runtime

/// Responses beside the conversation (`conversation: "none"`): they run along the same path as its own response, and
/// several may run at once.
///
/// The path is written for one response, `response`. An out-of-band one takes that place while an input that concerns
/// it is handled, and gives it back.
extension SessionCore {
  /// Handles a worker's result in the place of the response that asked for it.
  mutating func inResponse(servedBy call: CallID, _ body: (inout SessionCore) -> Void) {
    if let index = outOfBand.firstIndex(where: { $0.isServed(by: call) }) {
      inOutOfBand(index, body)
    } else {
      body(&self)
    }
  }

  /// Handles something in the place of an out-of-band response; when that is over then, it is gone from the list.
  mutating func inOutOfBand(_ index: Int, _ body: (inout SessionCore) -> Void) {
    let own = response
    response = outOfBand.remove(at: index)
    body(&self)
    if let response { outOfBand.insert(response, at: index) }
    response = own
  }

  mutating func startOutOfBand(
    _ parameters: ResponseParameters, input: [ConversationItem]?, at now: Instant
  ) throws(RealtimeError) {
    guard outOfBand.count < limits.outOfBandResponses else {
      throw .invalidRequest(
        code: "too_many_responses",
        message:
          "\(limits.outOfBandResponses) out-of-band responses are in progress already. Wait for one to finish, or cancel it.",
        param: "response.conversation")
    }
    let own = response
    response = nil
    startResponse(.model, parameters: parameters, input: input, at: now)
    if let response { outOfBand.append(response) }
    response = own
  }

  /// Does what is due for each of them.
  mutating func continueOutOfBand(at now: Instant) {
    for index in outOfBand.indices.reversed() {
      inOutOfBand(index) { session in
        session.startWaitingResponse(at: now)
        session.retryCompletion(at: now)
        session.sendAudio(at: now)
      }
    }
  }

  mutating func cancelOutOfBand(_ id: String, at now: Instant) -> Bool {
    guard let index = outOfBand.firstIndex(where: { $0.id == id }) else { return false }
    inOutOfBand(index) { $0.stopResponse(.clientCancelled, at: now) }
    return true
  }

  mutating func cancelAllOutOfBand(at now: Instant) {
    while let last = outOfBand.last { _ = cancelOutOfBand(last.id, at: now) }
  }
}

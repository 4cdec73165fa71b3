import Realtime
import Runtime

/// At level 5 the user is offered to come back at another time; the choice is kept before they are told that it is.
extension SessionCore {
  /// The offer, the first time that the session cannot go on.
  mutating func offerCallback() -> ServerEvent? {
    guard !slots.isEmpty, state.callback == nil else { return nil }
    ladder.offersCallback = true
    return .vivaCallbackOffered(slots)
  }

  mutating func chooseCallback(_ slotID: String) throws(RealtimeError) {
    guard ladder.offersCallback else {
      throw .invalidRequest(
        code: "callback_not_offered", message: "No slots were offered in this session: viva.callback.offered does.",
        param: nil)
    }
    guard let slot = slots.first(where: { $0.id == slotID }) else {
      throw .invalidRequest(
        code: "callback_unknown_slot", message: "There is no slot '\(slotID)' among those that were offered.",
        param: "slot_id")
    }
    guard state.callback == nil, ladder.callback == nil else {
      throw .invalidRequest(
        code: "callback_already_chosen", message: "A slot was chosen before in this session.", param: "slot_id")
    }
    let call = newCall()
    ladder.callback = (call, slot)
    act(.keepCallback(call, slot))
  }

  mutating func callbackKept(_ call: CallID, failure: String?) {
    guard let (asked, slot) = ladder.callback, asked == call else { return }
    ladder.callback = nil
    if let failure {
      return send(
        .error(
          .serverError(
            code: "callback_not_kept", message: "The choice could not be kept: \(failure). Choose again later.")))
    }
    record(.callbackChosen(slot), then: [.vivaCallbackChosen(slot)])
  }
}

import Foundation
import Realtime
import Resilience

/// What a session's ladder is told from outside, and what it wants kept.
extension Session {
  /// Something is known of what the session is served by: see `Ladder.Input`. From any thread.
  public nonisolated func ladder(_ input: Ladder.Input) {
    onShard { $0.take(.ladder(input)) }
  }

  func keepCallback(_ call: CallID, _ slot: CallbackSlot) {
    let callback = Callback(
      sessionID: id, agent: agentName, slotID: slot.id, slot: slot.text, chosenAt: Int(Date().timeIntervalSince1970))
    callbacks.keep(callback) { [weak self] failure in
      self?.onShard { $0.take(.callbackKept(call, failure: failure)) }
    }
  }
}

import Realtime
import Runtime

/// The user takes the floor.
extension SessionCore {
  /// The user speaks: the agent falls silent, and its history ends where the user stopped hearing it.
  mutating func bargeIn(at now: Instant) {
    guard response != nil || playout.ahead(at: now) > 0 else { return }
    observe(.bargeIn)
    cutOff = nil
    isInterrupted = true
    clearPlayout(at: now)
    stopResponse(.turnDetected, at: now)
    truncateUnplayed(at: now)
    isInterrupted = false
  }

  /// The client stops playing: cuts every message that was sent whole and not played to its end.
  ///
  /// A message is cut once: what comes after the cut on the session's playout is no longer its own.
  mutating func truncateUnplayed(at now: Instant) {
    let played = playout.stop(at: now)
    for message in spoken.unplayed(after: played) {
      truncate(itemID: message.address.itemID, message: message, to: message.position(atPlayed: played))
    }
  }

  /// Cuts the history of a spoken message to what had been heard at `position`, in samples of its audio.
  mutating func truncate(itemID: String, message: MessageOutput, to position: Int) {
    spoken.truncate(itemID, to: position)
    retained.limit(itemID, toSample: position)
    let heard = message.spoken.heard(at: position)
    noteCutOff(message, heard: heard)
    let milliseconds = position * 1000 / SpokenText.sampleRate
    record(
      .itemTruncated(itemID: itemID, heard: heard, audioEndMilliseconds: milliseconds),
      then: [
        .conversationItemTruncated(
          itemID: itemID, contentIndex: message.address.contentIndex, audioEndMilliseconds: milliseconds,
          heard: heard)
      ])
  }
}

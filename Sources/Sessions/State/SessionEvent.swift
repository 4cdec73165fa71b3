import Realtime

/// A fact of a conversation. The same events are the checkpoint, the transcript and the test's assertion:
/// `SessionState` changes by `apply` of these and by nothing else.
public enum SessionEvent: Codable, Sendable, Equatable {
  case started(sessionID: String, agent: String)
  /// A new item stands after `previousItemID`, or in front of all for nil.
  case itemAdded(ConversationItem, previousItemID: String?)
  /// The user's turn has been heard.
  case itemTranscribed(itemID: String, transcript: String, confidence: Double?)
  /// The user has put right what was heard of them.
  case itemCorrected(itemID: String, transcript: String)
  /// The item got its final form.
  case itemCompleted(ConversationItem)
  /// Of an assistant's item only this was heard.
  case itemTruncated(itemID: String, heard: String, audioEndMilliseconds: Int)
  case itemDeleted(itemID: String)
  /// A person speaks in the agent's place.
  case floorTaken(participantID: String)
  /// The agent has its place again.
  case floorReturned
  case responseDone(responseID: String, status: String, itemIDs: [String])
  /// The session offers its user less, or more again.
  case ladderChanged(LadderStatus)
  /// A question of the agent's bank.
  case questionAsked(AskedQuestion)
  /// The user's item answers the question that was asked last.
  case questionAnswered(itemID: String)
  /// When the user comes back.
  case callbackChosen(CallbackSlot)
  case ended(reason: String)
}

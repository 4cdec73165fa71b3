import Realtime
import Runtime

/// What a key is good for.
enum Scope: String, Sendable, CaseIterable {
  /// Opens sessions and talks in them.
  case caller
  /// Joins a session and hears it.
  case listener
  /// Joins a session as a person who takes the agent's part.
  case human
  /// Joins a session beside its client: sees its events, sends its own.
  case sideband
  /// All of it, and makes keys. Server keys have this scope.
  case admin
}

/// What a key that was presented lets its holder do.
struct Grant: Sendable {
  var scope: Scope
  /// `KeyID` of the server key that it comes from: whose sessions these are.
  var owner: String
  /// What sessions opened with it start from.
  var session: SessionPatch?
  /// How large that was as JSON.
  var sessionBytes = 0
  /// The one session that it may join; nil is any of its owner.
  var callID: String?
  /// nil for a server key, which is good until the server forgets it.
  var expires: Instant?

  var isEphemeral: Bool { expires != nil }
}

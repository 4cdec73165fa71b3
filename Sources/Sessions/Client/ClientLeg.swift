/// The way that the caller's voice comes and the agent's goes.
public enum ClientLeg: Sendable, CaseIterable {
  /// In the events and binary frames of the client's WebSocket. The client plays: where it is, is an estimate.
  case socket
  /// Over RTP: WebRTC, or SRTP with keys of SDES. The server plays, and is told what was really sent.
  case media
}

import ArgumentParser

/// How bots talk to the server.
enum Transport: String, ExpressibleByArgument, CaseIterable {
  case websocket, webrtc
  /// With keys in the SDP, beside a WebSocket.
  case srtp
}

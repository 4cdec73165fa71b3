import Runtime

/// The server's end of all calls, whose costs are measured: the floor, or Viva.
protocol CallServer: ~Copyable {
  var port: UInt16 { get }

  mutating func add(_ pairs: [CallPair], at now: Instant)

  /// Takes what has come.
  mutating func receive(_ costs: inout Costs, at now: Instant)

  /// 20 ms of a session.
  ///
  /// - Parameter isSpeaking: whether it is the agent's turn.
  mutating func serve(_ session: Int, isSpeaking: Bool, tick: Int, _ costs: inout Costs, at now: Instant)

  /// Sends what has not gone out yet.
  mutating func send(_ costs: inout Costs)
}

import Audio
import Media
import Runtime

/// The same conversation for the floor and for Viva, tick by tick, in virtual time.
struct Run {
  /// In seconds: both sides have spoken, every buffer has its size.
  static let warmUp = 8
  private static let start = Instant(nanoseconds: 1_000_000_000)

  let sessions: Int
  let seconds: Int
  private let samples: [Int16]
  private let packets: [[UInt8]]

  init(sessions: Int, seconds: Int) throws {
    self.sessions = sessions
    self.seconds = seconds
    samples = Voice.samples(seconds: 20, at: 24_000)
    packets = try Voice.packets(of: samples)
  }

  /// Those that are counted.
  var sessionSeconds: Int { sessions * (seconds - Self.warmUp) }

  func floor(_ mode: Mode, _ profile: SRTPProfile) throws -> Costs {
    try costs(of: Floor(mode, samples: samples, packets: packets), profile)
  }

  func server(_ mode: Mode, _ profile: SRTPProfile) throws -> Costs {
    try costs(of: Server(mode, samples: samples, packets: packets), profile)
  }

  private func costs(of server: consuming some CallServer & ~Copyable, _ profile: SRTPProfile) throws -> Costs {
    let port = server.port
    let pairs = (0..<sessions).map { CallPair($0, profile: profile, serverPort: port, at: Self.start) }
    server.add(pairs, at: Self.start)
    var callers = try Callers(pairs.map(\.caller), voice: packets, at: Self.start)
    var costs = Costs()
    for tick in 0..<seconds * 50 {
      if tick == Self.warmUp * 50 { costs = Costs() }
      let now = Self.start + .milliseconds(20 * Int64(tick))
      for range in groups {
        callers.speak(range, tick: tick, at: now)
        server.receive(&costs, at: now)
      }
      for session in 0..<sessions {
        let isSpeaking = Turns.agentSpeaks(session, of: sessions, tick: tick)
        server.serve(session, isSpeaking: isSpeaking, tick: tick, &costs, at: now)
      }
      server.send(&costs)
      _ = callers.listen()
    }
    return costs
  }

  /// As many callers as a batch holds.
  private var groups: [Range<Int>] {
    stride(from: 0, to: sessions, by: DatagramBatch.capacity).map {
      $0..<min(sessions, $0 + DatagramBatch.capacity)
    }
  }
}

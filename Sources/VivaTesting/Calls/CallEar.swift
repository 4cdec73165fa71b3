import Runtime

/// What a bot makes of what it hears in a call: the agent's packets, and the events of the sideband. Sans-IO.
struct CallEar {
  /// An answer that does not begin, or does not end, within this is a failure.
  private static let patience = Duration.seconds(20)
  /// After the agent's last packet.
  private static let breath = Duration.milliseconds(200)

  /// The sideband is there.
  private(set) var isReady = false
  /// Responses that are done.
  private(set) var answers = 0
  private var spokeAt: Instant?
  private var responseIsOpen = false
  private var isPlaying = false
  private var lastVoice: Instant
  private var hasComplained = false
  private let began: Instant
  private var stream: AgentStream

  init(clockRate: Int64, at now: Instant) {
    began = now
    lastVoice = now
    stream = AgentStream(clockRate: clockRate)
  }

  /// Whether the agent is silent and owes no answer.
  func isSilent(at now: Instant) -> Bool {
    isReady && spokeAt == nil && !responseIsOpen && !isPlaying && now - lastVoice > Self.breath
  }

  mutating func finishedSpeaking(lastVoiced: Instant) { spokeAt = lastVoiced }

  /// A packet of the agent's, be there sound in it or not.
  mutating func count(_ index: Int64, into report: inout BotReport) { stream.count(index, into: &report.calls) }

  /// A packet of the agent's that holds sound.
  mutating func heard(
    index: Int64, timestamp: UInt32, marker: Bool, at now: Instant, into report: inout BotReport
  ) {
    lastVoice = now
    stream.received(index: index, timestamp: timestamp, marker: marker, at: now, into: &report.calls)
    report.audioMilliseconds += 20
    guard let spoke = spokeAt else { return }
    spokeAt = nil
    report.responseLatencies.append(now - spoke)
  }

  mutating func heard(_ event: CallEvent, at now: Instant, into report: inout BotReport) {
    switch event {
    case .joined: isReady = true
    case .responseBegan: responseIsOpen = true
    case .responseDone(let status):
      responseIsOpen = false
      answers += 1
      report.add(.responded(status: status))
      if status != "completed", status != "cancelled" { report.add(.failed("response \(status)")) }
    case .playing(let isPlaying):
      self.isPlaying = isPlaying
      lastVoice = now
    case .transcribed: report.add(.transcribed)
    case .failed(let kind): report.add(.failed(kind))
    }
  }

  /// What should have come by now.
  mutating func overdue(at now: Instant, into report: inout BotReport) {
    if !isReady, now - began > Self.patience, !hasComplained {
      hasComplained = true
      report.add(.failed("no session.created within 20 s"))
    }
    if let spoke = spokeAt, now - spoke > Self.patience {
      spokeAt = nil
      report.add(.failed("no answer within 20 s"))
    }
    if responseIsOpen || isPlaying, spokeAt == nil, now - lastVoice > Self.patience {
      (responseIsOpen, isPlaying) = (false, false)
      report.add(.failed("no end of an answer within 20 s"))
    }
  }
}

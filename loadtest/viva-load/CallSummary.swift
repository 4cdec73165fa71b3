import Foundation
import Runtime
import VivaTesting

/// What bots measured of their calls' media, as it is printed and written.
struct CallSummary: Encodable {
  struct Spread: Encodable {
    var p50: Int
    var p95: Int
    var p99: Int
    var max: Int

    var text: String { "p50 \(p50)   p95 \(p95)   p99 \(p99)   max \(max) ms" }
  }

  var connects: Int
  /// `POST` → media may flow.
  var connectMilliseconds: Spread?
  /// Between packets of the agent's that are 20 ms of speech apart.
  var gapMilliseconds: Spread?
  var gapsFrom40Milliseconds: Int
  var gapsFrom60Milliseconds: Int
  var voicePackets: Int
  var latePackets: Int
  /// Of the agent's speech, what a player with 20 ms in stock would have had to make up.
  var concealedPercent: Double?
  var packetsSent: Int
  var packetsReceived: Int
  var packetsLost: Int
  var remotePacketsLost: Int
  var jitterMilliseconds: Double?
  var roundTripMilliseconds: Double?
  var botReceiveDrops: Int
  var botSendDrops: Int

  /// nil without calls.
  init?(_ figures: CallFigures) {
    guard !figures.connectTimes.isEmpty || figures.voicePackets > 0 else { return nil }
    connects = figures.connectTimes.count
    connectMilliseconds = Self.spread { figures.connectTimes.quantile($0)?.milliseconds }
    gapMilliseconds = Self.spread { $0 == 1 ? figures.gaps.longest.milliseconds : figures.gaps.quantile($0) }
    gapsFrom40Milliseconds = figures.gaps.count(from: 40)
    gapsFrom60Milliseconds = figures.gaps.count(from: 60)
    voicePackets = figures.voicePackets
    latePackets = figures.latePackets
    if figures.spoken > .zero {
      concealedPercent = figures.concealed.inSeconds / figures.spoken.inSeconds * 100
    }
    packetsSent = figures.packetsSent
    packetsReceived = figures.packetsReceived
    packetsLost = figures.packetsLost
    remotePacketsLost = figures.remotePacketsLost
    jitterMilliseconds = figures.jitters.quantile(0.5).map { $0.inSeconds * 1000 }
    roundTripMilliseconds = figures.roundTripTimes.quantile(0.5).map { $0.inSeconds * 1000 }
    botReceiveDrops = figures.receiveDrops
    botSendDrops = figures.sendDrops
  }

  private static func spread(_ quantile: (Double) -> Int?) -> Spread? {
    guard let p50 = quantile(0.5), let p95 = quantile(0.95), let p99 = quantile(0.99), let max = quantile(1) else {
      return nil
    }
    return Spread(p50: p50, p95: p95, p99: p99, max: max)
  }

  var gapText: String {
    "\(gapMilliseconds?.text ?? "–"), \(gapsFrom40Milliseconds) of 40 ms and more, \(gapsFrom60Milliseconds) of 60"
  }

  var lines: [String] {
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "–" }
    return [
      row("connect time", "\(connectMilliseconds?.text ?? "–"), \(connects) calls"),
      row("agent packet gaps", gapText),
      row(
        "agent packets",
        "\(voicePackets) with a voice, \(latePackets) late, \(packetsLost) lost; "
          + "made up with 20 ms in stock: \(number(concealedPercent, "%.3f %%"))"),
      row(
        "packets", "\(packetsSent) sent, \(remotePacketsLost) of them lost, \(packetsReceived) received"),
      row(
        "network",
        "jitter \(number(jitterMilliseconds, "%.2f ms"))   RTT \(number(roundTripMilliseconds, "%.2f ms"))   (medians)"),
      row("bots' UDP drops", "\(botReceiveDrops) received, \(botSendDrops) sent"),
    ]
  }
}

/// What the kernel dropped over a run.
struct DropReport: Encodable {
  /// Of all sockets of this machine.
  var machineReceived: Int?
  var machineSent: Int?
  /// Of the server's sockets.
  var server: Int?

  /// As of now.
  init(pid: Int32?) {
    let machine = UDPDrops.ofMachine()
    machineReceived = machine?.received
    machineSent = machine?.sent
    server = pid.flatMap(UDPDrops.ofProcess)
  }

  func since(_ before: DropReport) -> DropReport {
    var copy = self
    copy.machineReceived = machineReceived.map { $0 - (before.machineReceived ?? 0) }
    copy.machineSent = machineSent.map { $0 - (before.machineSent ?? 0) }
    copy.server = server.map { $0 - (before.server ?? 0) }
    return copy
  }

  var lines: [String] {
    func text(_ count: Int?) -> String { count.map(String.init) ?? "–" }
    return [
      row(
        "kernel UDP drops",
        "server \(text(server)); whole machine \(text(machineReceived)) received, \(text(machineSent)) sent")
    ]
  }
}

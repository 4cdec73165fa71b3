import Media
import Testing

struct DCEPMessageTests {
  /// Type 3, ordered and reliable, priority 256, label "oai-events", no sub-protocol, as Chromium sends it.
  private static let open: [UInt8] =
    [3, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0] + Array("oai-events".utf8)

  private static let samples: [[UInt8]] = [
    open, [2],
    DCEPMessage.open(
      DataChannel(
        label: "é", protocol: "json", isOrdered: false, reliability: .lifetime(3000), priority: 1024)
    ).bytes!,
    DCEPMessage.open(DataChannel(label: "", isOrdered: true, reliability: .retransmissions(.max))).bytes!,
  ]

  private func read(_ bytes: [UInt8]) -> DCEPMessage? { DCEPMessage(bytes.span.bytes) }

  @Test
  func anOpenMessageIsRead() {
    #expect(read(Self.open) == .open(DataChannel(label: "oai-events")))
    #expect(read([2]) == .acknowledge)
  }

  @Test
  func typesSayOrderAndReliability() {
    func channel(_ type: UInt8) -> DataChannel? {
      var bytes = Self.open
      bytes[1] = type
      bytes[7] = 5
      if case .open(let channel) = read(bytes) { return channel }
      return nil
    }
    #expect(channel(0x00)?.reliability == .reliable)
    #expect(channel(0x01)?.reliability == .retransmissions(5))
    #expect(channel(0x02)?.reliability == .lifetime(5))
    for type in UInt8(0)...2 {
      #expect(channel(type)?.isOrdered == true)
      #expect(channel(0x80 | type)?.isOrdered == false)
    }
    #expect(channel(3) == nil)
    #expect(channel(0x83) == nil)
  }

  @Test
  func whatIsWrittenIsReadTheSame() {
    for sample in Self.samples {
      let message = read(sample)
      #expect(message != nil)
      #expect(message?.bytes == sample)
    }
  }

  @Test
  func textsAreBounded() {
    let most = String(repeating: "x", count: DCEPMessage.maximumTextLength)
    let message = DCEPMessage.open(DataChannel(label: most, protocol: most))
    #expect(read(message.bytes!) == message)
    #expect(DCEPMessage.open(DataChannel(label: most + "x")).bytes == nil)
    #expect(DCEPMessage.open(DataChannel(label: "", protocol: most + "x")).bytes == nil)
    var long: [UInt8] = [3, 0, 1, 0, 0, 0, 0, 0, 4, 1, 0, 0]
    long += [UInt8](repeating: 65, count: 1025)
    #expect(read(long) == nil)
  }

  @Test
  func whatIsNotWholeOrLongerThanItSaysIsRefused() {
    for sample in Self.samples {
      for length in 0..<sample.count { #expect(read(Array(sample.prefix(length))) == nil) }
      #expect(read(sample + [0]) == nil)
    }
    #expect(read([3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xFF]) == nil)
    for type in UInt8.min ... .max where type != 2 { #expect(read([type]) == nil) }
  }

  @Test
  func tensOfThousandsOfMutationsAreSafe() {
    var generator = DTLSTestGenerator(seed: 21)
    for _ in 0..<50_000 {
      var bytes = Self.samples.randomElement(using: &generator)!
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
      }
      DCEPMessage.exercise(bytes.span.bytes)
    }
  }
}

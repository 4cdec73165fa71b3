import Runtime
import Testing

@testable import Media

struct DTLSRecordTests {
  private static let hello: [UInt8] = {
    var client = DTLSPair().client
    return DTLSPair.run(&client)[0]
  }()

  @Test
  func aClientHelloTellsItsRandom() throws {
    let records = DTLSRecord.records(of: Self.hello)
    #expect(records.count == 1)
    #expect(records[0].bounds == 0..<Self.hello.count)
    #expect(records[0].clientRandom(in: Self.hello) == Array(Self.hello[27..<59]))
  }

  @Test
  func recordsOfADatagramAreToldApart() {
    let alert: [UInt8] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40]
    let datagram = alert + Self.hello + alert
    let records = DTLSRecord.records(of: datagram)
    #expect(records.map(\.type) == [.alert, .handshake, .alert])
    #expect(records[1].clientRandom(in: datagram) == Array(Self.hello[27..<59]))
    #expect(records[0].clientRandom(in: datagram) == nil)
    #expect(DTLSRecord.records(of: datagram.dropLast()).count == 2)
    #expect(DTLSRecord.records(of: [0] + datagram).isEmpty)
  }

  @Test
  func everyTruncationAndTensOfThousandsOfMutationsAreSafe() {
    let sample = Self.hello + [20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1]
    for length in 0...sample.count { exercise(Array(sample.prefix(length))) }
    var generator = DTLSTestGenerator(seed: 3)
    for _ in 0..<50_000 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
      }
      bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator) / 8)
      exercise(bytes)
    }
  }

  private func exercise(_ bytes: [UInt8]) {
    var covered = 0
    for record in DTLSRecord.records(of: bytes) {
      #expect(record.bounds.lowerBound >= covered && record.bounds.upperBound <= bytes.count)
      covered = record.bounds.upperBound
      _ = record.clientRandom(in: bytes)
      _ = record.isExpected(in: bytes, by: .client)
      _ = record.isExpected(in: bytes, by: .server)
    }
  }
}

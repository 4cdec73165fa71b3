import Runtime
import Testing

@testable import Media

/// Bytes from hexadecimal digits; white space is left out.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func milliseconds(_ value: Int) -> Instant { Instant(nanoseconds: Int64(value) * 1_000_000) }

// `#expect` and `#require` take no span and nothing that mutates: these stand between.

func required<Value>(_ value: Value?) throws -> Value { try #require(value) }

func readRTP(_ packet: [UInt8]) throws(RTPError) -> RTPHeader { try RTPHeader(packet.span.bytes) }

func payload(_ packet: [UInt8]) throws(RTPError) -> [UInt8] {
  Array(packet[try readRTP(packet).payload(in: packet.span.bytes)])
}

func extensionValue(_ id: UInt8, _ packet: [UInt8]) throws(RTPError) -> [UInt8]? {
  try readRTP(packet).extensionValue(id, in: packet.span.bytes).map { Array(packet[$0]) }
}

/// A packet without extensions.
func rtpPacket(ssrc: UInt32, _ sequenceNumber: SequenceNumber, payload: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
  let writer = RTPHeaderWriter(ssrc: ssrc, payloadType: 111)
  var header = [UInt8](repeating: 0, count: 12)
  var span = header.mutableSpan
  var bytes = span.mutableBytes
  _ = writer.write(to: &bytes, marker: false, sequenceNumber: sequenceNumber, timestamp: 960)
  return header + payload
}

/// Flips, cuts, grows and splices bytes: what arrives when somebody plays with a sample.
func mutated(_ sample: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
  var bytes = sample
  for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[place] = .random(in: .min ... .max, using: &generator)
    case 2: bytes[place] = Bool.random(using: &generator) ? 0 : 255
    case 3: bytes.removeLast(bytes.count - place)
    case 4: bytes.insert(contentsOf: bytes[place...].prefix(8), at: place)
    default: bytes += [UInt8](repeating: bytes[place], count: Int.random(in: 1...8, using: &generator))
    }
  }
  return bytes
}

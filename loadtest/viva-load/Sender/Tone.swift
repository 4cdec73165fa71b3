import Audio
import Foundation

/// A steady tone as Opus packets of 20 ms.
final class Tone {
  /// What Opus carries well, and an ear tells apart.
  static let hertz = 100...3500
  /// Of a packet, in units of Opus' clock of 48 kHz.
  static let packetUnits: UInt32 = 960
  private static let sampleRate = 24_000
  /// A quarter of full scale.
  private static let amplitude = 8192.0

  let hertz: Int
  private let encoder: OpusEncoder
  private var position = 0

  init(hertz: Int) throws {
    self.hertz = hertz
    encoder = try OpusEncoder(sampleRate: Self.sampleRate)
  }

  func nextPacket() throws -> [UInt8] {
    defer { position += encoder.frameSamples }
    let step = 2 * Double.pi * Double(hertz) / Double(Self.sampleRate)
    return try encoder.encode(
      (position..<position + encoder.frameSamples).map { Int16(Self.amplitude * sin(step * Double($0))) })
  }
}

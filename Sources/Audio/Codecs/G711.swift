/// ITU-T G.711, the codec of telephone networks: 8 kHz, one byte a sample.
///
/// The tables are made with the formulas of ITU-T's reference software (G.191).
public enum G711 {
  public enum Law: Sendable {
    /// North America and Japan; `audio/pcmu`.
    case mu
    /// The rest of the world; `audio/pcma`.
    case a
  }

  public static func encode(_ samples: [Int16], _ law: Law) -> [UInt8] {
    let codes = law == .mu ? muCodes : aCodes
    return codes.withUnsafeBufferPointer { codes in
      samples.map { codes[Int(UInt16(bitPattern: $0) >> 2)] }
    }
  }

  public static func decode(_ bytes: [UInt8], _ law: Law) -> [Int16] {
    let levels = law == .mu ? muLevels : aLevels
    return levels.withUnsafeBufferPointer { levels in bytes.map { levels[Int($0)] } }
  }

  /// As `encode(_:_:)`, into memory for as many bytes as there are samples.
  static func encode(_ samples: UnsafeBufferPointer<Int16>, _ law: Law, into bytes: UnsafeMutablePointer<UInt8>) {
    (law == .mu ? muCodes : aCodes).withUnsafeBufferPointer { codes in
      for index in samples.indices { bytes[index] = codes[Int(UInt16(bitPattern: samples[index]) >> 2)] }
    }
  }

  /// As `decode(_:_:)`, into memory for as many samples as there are bytes.
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ law: Law, into samples: UnsafeMutablePointer<Int16>) {
    (law == .mu ? muLevels : aLevels).withUnsafeBufferPointer { levels in
      for index in bytes.indices { samples[index] = levels[Int(bytes[index])] }
    }
  }

  // The two lowest bits of a sample never count: mu-law looks at 14 bits, A-law at 13.
  private static let muCodes = codes(muCode(of:))
  private static let aCodes = codes(aCode(of:))
  private static let muLevels = (0...255).map { muLevel(of: $0) }
  private static let aLevels = (0...255).map { aLevel(of: $0) }

  private static func codes(_ code: (Int16) -> UInt8) -> [UInt8] {
    (0..<1 << 14).map { code(Int16(bitPattern: $0 << 2)) }
  }

  private static func muCode(of sample: Int16) -> UInt8 {
    let magnitude = min(Int(sample < 0 ? ~sample : sample) >> 2 + 33, 0x1FFF)
    let segment = magnitude.bitWidth - magnitude.leadingZeroBitCount - 5
    let code = (8 - segment) << 4 | (15 - (magnitude >> segment) & 15)
    return UInt8(sample < 0 ? code : code | 0x80)
  }

  private static func muLevel(of code: Int) -> Int16 {
    let segment = ~code >> 4 & 7
    let step = 8 << segment
    let magnitude = 0x80 << segment + step * (~code & 15) + step / 2 - 4 * 33
    return Int16(code < 0x80 ? -magnitude : magnitude)
  }

  private static func aCode(of sample: Int16) -> UInt8 {
    var magnitude = Int(sample < 0 ? ~sample : sample) >> 4
    if magnitude > 15 {
      let segment = magnitude.bitWidth - magnitude.leadingZeroBitCount - 4
      magnitude = segment << 4 | (magnitude >> (segment - 1) & 15)
    }
    return UInt8((sample < 0 ? magnitude : magnitude | 0x80) ^ 0x55)
  }

  private static func aLevel(of code: Int) -> Int16 {
    let segment = (code ^ 0x55) >> 4 & 7
    let mantissa = (code ^ 0x55) & 15
    let magnitude =
      segment == 0 ? mantissa << 4 + 8 : ((mantissa + 16) << 4 + 8) << (segment - 1)
    return Int16(code < 0x80 ? -magnitude : magnitude)
  }
}

import Glibc

/// Raw audio as OpenAI Realtime (`audio/pcm`) and Wyoming carry it: signed 16 bit, little-endian, mono.
public enum PCM16 {
  /// The samples in `bytes`, or `nil` when the last one is cut in half.
  public static func decode(_ bytes: UnsafeRawBufferPointer) -> [Int16]? {
    guard bytes.count.isMultiple(of: 2) else { return nil }
    let count = bytes.count / 2
    return [Int16](unsafeUninitializedCapacity: count) { samples, initialized in
      for index in 0..<count {
        let sample = bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)
        samples.initializeElement(at: index, to: Int16(littleEndian: sample))
      }
      initialized = count
    }
  }

  /// As above, for bytes of any origin; those in one piece (`[UInt8]`, `ByteBufferView`) are not copied first.
  public static func decode(_ bytes: some Collection<UInt8>) -> [Int16]? {
    bytes.withContiguousStorageIfAvailable { decode(UnsafeRawBufferPointer($0)) }
      ?? Array(bytes).withUnsafeBytes { decode($0) }
  }

  public static func encode(_ samples: [Int16]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: samples.count * 2) { bytes, initialized in
      let raw = UnsafeMutableRawBufferPointer(bytes)
      for (index, sample) in samples.enumerated() {
        raw.storeBytes(of: sample.littleEndian, toByteOffset: index * 2, as: Int16.self)
      }
      initialized = samples.count * 2
    }
  }

  /// RMS level in dBFS: 0 for a full-scale square wave, -3 for a full-scale sine, `-infinity` for digital silence.
  public static func level(of samples: UnsafeBufferPointer<Int16>) -> Double {
    var energy: Int64 = 0
    for sample in samples { energy &+= Int64(Int32(sample) &* Int32(sample)) }
    guard energy > 0 else { return -.infinity }
    return 10 * log10(Double(energy) / Double(samples.count) / (32768 * 32768))
  }

  public static func level(of samples: [Int16]) -> Double {
    samples.withUnsafeBufferPointer { level(of: $0) }
  }
}

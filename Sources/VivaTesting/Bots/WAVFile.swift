import Foundation

/// Mono 16-bit PCM from a RIFF/WAVE file, the form in which test speech is kept.
public struct WAVFile: Sendable {
  public var sampleRate: Int
  public var samples: [Int16]

  public struct Malformed: Error, CustomStringConvertible {
    public var description: String
  }

  public init(sampleRate: Int, samples: [Int16]) {
    self.sampleRate = sampleRate
    self.samples = samples
  }

  public init(path: String) throws {
    try self.init(bytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  /// The file.
  public var bytes: [UInt8] {
    func little(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let size = samples.count * 2
    let format = little(16, 4) + little(1, 2) + little(1, 2) + little(sampleRate, 4) + little(sampleRate * 2, 4)
    let header = Array("RIFF".utf8) + little(36 + size, 4) + Array("WAVEfmt ".utf8) + format
    return header + little(2, 2) + little(16, 2) + Array("data".utf8) + little(size, 4)
      + samples.flatMap { little(Int($0), 2) }
  }

  /// - Throws: `Malformed` unless it is 16-bit PCM; of several channels the first is taken. A `data` chunk that
  ///   claims more than is there (espeak-ng writes to a pipe) ends with the file.
  public init(bytes: [UInt8]) throws {
    guard bytes.count > 12, bytes[0..<4].elementsEqual("RIFF".utf8), bytes[8..<12].elementsEqual("WAVE".utf8)
    else {
      throw Malformed(description: "not a WAVE file")
    }
    func integer(_ offset: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    var channels = 0
    sampleRate = 0
    samples = []
    var offset = 12
    while offset + 8 <= bytes.count {
      let size = integer(offset + 4, 4)
      let body = offset + 8
      if bytes[offset..<offset + 4].elementsEqual("fmt ".utf8), body + 16 <= bytes.count {
        guard integer(body, 2) == 1, integer(body + 14, 2) == 16 else {
          throw Malformed(description: "not 16-bit PCM")
        }
        channels = integer(body + 2, 2)
        sampleRate = integer(body + 4, 4)
      } else if bytes[offset..<offset + 4].elementsEqual("data".utf8) {
        guard channels > 0 else { throw Malformed(description: "no format before the data") }
        let end = min(bytes.count, body + size)
        samples = stride(from: body, to: end - 2 * channels + 1, by: 2 * channels).map {
          Int16(truncatingIfNeeded: integer($0, 2))
        }
        return
      }
      offset = body + size + size % 2
    }
    throw Malformed(description: "no audio data")
  }
}

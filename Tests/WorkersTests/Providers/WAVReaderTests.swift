import NIOCore
import Testing

@testable import Workers

@Suite struct WAVReaderTests {
  private var file: [UInt8] {
    var wav = ByteBuffer()
    wav.writeString("RIFF\u{7f}\u{7f}\u{7f}\u{7f}WAVELIST")
    wav.writeInteger(UInt32(3), endianness: .little)
    wav.writeString("abcfmt ")
    wav.writeInteger(UInt32(16), endianness: .little)
    for value: UInt16 in [1, 1] { wav.writeInteger(value, endianness: .little) }
    for value: UInt32 in [16_000, 32_000] { wav.writeInteger(value, endianness: .little) }
    for value: UInt16 in [2, 16] { wav.writeInteger(value, endianness: .little) }
    wav.writeString("data\u{7f}\u{7f}\u{7f}\u{7f}")
    for value: Int16 in [1, -2, 300] { wav.writeInteger(value, endianness: .little) }
    return Array(wav.readableBytesView)
  }

  @Test func readsAStreamHoweverItIsCut() throws {
    for size in 1...file.count {
      var reader = WAVReader(worker: "w")
      var samples: [Int16] = []
      var rest = file[...]
      while !rest.isEmpty {
        if let chunk = try reader.read(ByteBuffer(bytes: rest.prefix(size))) {
          samples += chunk.samples
          #expect(chunk.sampleRate == 16_000)
        }
        rest = rest.dropFirst(size)
      }
      #expect(samples == [1, -2, 300])
    }
  }

  @Test func hostileBytesNeverDoMoreThanFail() {
    var random = Seeded(state: 5)
    var failures = 0
    for _ in 0..<3000 {
      var bytes = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<44, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var reader = WAVReader(worker: "w")
      do {
        _ = try reader.read(ByteBuffer(bytes: bytes.prefix(30)))
        _ = try reader.read(ByteBuffer(bytes: bytes.dropFirst(30)))
      } catch {
        #expect((error as? WorkerError)?.kind == .malformed)
        failures += 1
      }
    }
    #expect(failures > 500)
  }
}

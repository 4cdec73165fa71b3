import Audio
import Foundation
import Testing

@Suite struct PCM16Tests {
  @Test func readsAndWritesLittleEndian() {
    let bytes: [UInt8] = [0x01, 0x00, 0xFF, 0xFF, 0x00, 0x80, 0xFF, 0x7F]
    #expect(PCM16.decode(bytes) == [1, -1, .min, .max])
    #expect(PCM16.encode([1, -1, .min, .max]) == bytes)
    #expect(PCM16.decode([UInt8]()) == [])
    #expect(PCM16.encode([]) == [])
  }

  @Test func readsBytesAtAnOddAddressAndInNoContiguousMemory() {
    let bytes: [UInt8] = [9, 0x34, 0x12, 0x78, 0x56]
    #expect(PCM16.decode(bytes.dropFirst()) == [0x1234, 0x5678])
    #expect(PCM16.decode(bytes.dropFirst().lazy.map { $0 }) == [0x1234, 0x5678])
    bytes.withUnsafeBytes { raw in
      #expect(PCM16.decode(UnsafeRawBufferPointer(rebasing: raw[1...])) == [0x1234, 0x5678])
    }
  }

  @Test func refusesHalfASample() {
    #expect(PCM16.decode([1, 2, 3] as [UInt8]) == nil)
  }

  @Test func measuresTheLevel() {
    #expect(PCM16.level(of: [Int16](repeating: .min, count: 320)) == 0)
    #expect(abs(PCM16.level(of: sine(1000, rate: 16000, amplitude: 32767, count: 320)) + 3.01) < 0.01)
    #expect(abs(PCM16.level(of: noise(-50, seconds: 1)) + 50) < 0.2)
    #expect(PCM16.level(of: [Int16](repeating: 0, count: 320)) == -.infinity)
    #expect(PCM16.level(of: []) == -.infinity)
  }
}

import COgg

@testable import Audio

extension FuzzTarget {
  /// A client's audio: a line with the format, then payloads, each behind two bytes with its length.
  static let audioPayload = FuzzTarget("audio-payload") { input in
    let (line, rest) = input.firstLine
    let encoding: AudioEncoding =
      switch line {
      case "pcmu": .mulaw
      case "pcma": .alaw
      case "opus": .opus
      default: .pcm
      }
    var decoder = AudioPayloadDecoder(encoding, sampleRate: 16_000)
    var reducer = NoiseReducer(strength: 1)
    var joined: [UInt8] = []
    var samples: [Int16] = []
    for payload in rest.bytes.lengthPrefixed {
      guard let decoded = try? decoder.decode(payload) else { continue }
      joined += payload
      samples += decoded
      expect(reducer.process(decoded).count == decoded.count, "noise reduction changes the length")
    }
    guard encoding != .opus else { return }
    var whole = AudioPayloadDecoder(encoding, sampleRate: 16_000)
    expect((try? whole.decode(joined)) == samples, "the audio depends on how it was cut")
  }

  /// An Opus packet of a client's or of a synthesizer's.
  static let opusPacket = FuzzTarget("opus-packet") { input in
    for rate in OpusPacket.sampleRates.sorted() {
      let duration = OpusPacket.duration(input.bytes, at: rate)
      if let duration { expect((1...rate * 120 / 1000).contains(duration), "\(duration) samples at \(rate) Hz") }
      guard rate == 16_000 || rate == 48_000, let decoder = try? OpusDecoder(sampleRate: rate) else { continue }
      // Twice, since the decoder's state is hostile by then.
      for _ in 0..<2 {
        guard let samples = try? decoder.decode(input.bytes) else { continue }
        expect(samples.count == duration, "\(samples.count) samples, not \(String(describing: duration))")
      }
      expect(decoder.conceal(samples: 777).count == 777, "concealment has another length")
    }
    _ = OpusPacket.isStereo(input.bytes)
  }

  /// A stream of Ogg pages, whose checksums are made right so that libogg looks further.
  static let oggOpus = FuzzTarget("ogg-opus") { input in
    let stream = FuzzInput(bytes: input.bytes.withOggChecksums)
    let whole = try? OggOpusReader().read(stream.bytes)
    let reader = OggOpusReader()
    let inPieces = try? stream.pieces.flatMap { try reader.read($0) }
    expect(whole == inPieces, "the packets depend on how the stream was cut")
  }
}

extension [UInt8] {
  /// Payloads, each behind its length in two bytes; the last one may be cut off.
  fileprivate var lengthPrefixed: [[UInt8]] {
    var payloads: [[UInt8]] = []
    var rest = self[...]
    while rest.count >= 2 {
      let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
      rest = rest.dropFirst(2)
      payloads.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return payloads
  }

  /// Every whole page in it with the checksum that it should have (RFC 3533, section 6).
  var withOggChecksums: [UInt8] {
    var bytes = self
    bytes.withUnsafeMutableBufferPointer { bytes in
      var start = 0
      while start + 27 <= bytes.count {
        let lacing = Int(bytes[start + 26])
        guard bytes[start..<start + 4].elementsEqual("OggS".utf8), start + 27 + lacing <= bytes.count else {
          start += 1
          continue
        }
        let header = 27 + lacing
        let body = bytes[start + 27..<start + header].reduce(0) { $0 + Int($1) }
        guard start + header + body <= bytes.count, let base = bytes.baseAddress else { return }
        var page = ogg_page(
          header: base + start, header_len: header, body: base + start + header, body_len: body)
        ogg_page_checksum_set(&page)
        start += header + body
      }
    }
    return bytes
  }
}

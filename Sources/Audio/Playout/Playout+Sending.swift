import Runtime

/// What is sent when something is due.
extension Playout {
  /// Units of 48 kHz for a sample.
  private static let unitsPerSample: Int64 = 2

  /// - Returns: Nil when there is nothing to tell of it.
  mutating func turn(
    _ now: Instant, _ complexity: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    switch queue.first {
    case .pcm?:
      return sendFrame(now, complexity, buffer)
    case .packet(let packet, let samples)?:
      queue.removeFirst(samples: samples)
      return packet.withUnsafeBytes { send($0, samples, samples, PlayoutLevel.ofPacket(packet.count), buffer) }
    case .phrase(let phrase)?:
      guard let packet = queue.takePacket(of: phrase) else { return nil }
      return phrase.bytes.withUnsafeBytes { bytes in
        let payload = UnsafeRawBufferPointer(rebasing: bytes[packet.start..<packet.start + packet.length])
        return send(payload, packet.samples, packet.duration, packet.level, buffer)
      }
    case .phraseBegins?, .phraseEnds?:
      return nil
    case nil:
      return endSpeech(now, complexity, buffer)
    }
  }

  /// Goes past where phrases begin and end, which takes no time.
  mutating func takeMarks() -> PlayoutStep? {
    while true {
      switch queue.first {
      case .phraseBegins(let recorder)?:
        queue.removeFirst()
        self.recorder = recorder
        encoder.restart()
      case .phraseEnds?:
        queue.removeFirst()
        defer { recorder = nil }
        if let recorder, let phrase = recorder.finish() { return .recorded(recorder.key, phrase) }
      case .pcm?, .packet?, .phrase?, nil:
        return nil
      }
    }
  }

  /// Speech is over, or was cut off.
  mutating func stop() {
    isSpeaking = false
    silentSamples = 0
    ending = format.codec == .opus && lastConfiguration == nil ? .none : .silence
  }

  /// Encodes the next samples, filled up with silence.
  private mutating func sendFrame(
    _ now: Instant, _ complexity: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    let frame = self.frame ?? makeFrame()
    let samples = queue.takeSamples(into: frame)
    (frame.baseAddress! + samples).update(repeating: 0, count: frame.count - samples)
    let level = PlayoutLevel.of(UnsafeBufferPointer(frame))
    silentSamples = level < PlayoutLevel.silence ? 0 : silentSamples + frame.count
    // G.711 is cheap, and cannot say that there is nothing to say.
    guard silentSamples <= Self.silenceToSend || format.codec != .opus else {
      // The receiver is told of the first of them.
      let length = hasGap ? 0 : emptyPacket(buffer) ?? 0
      return finish(length, samples, frame.count, PlayoutLevel.none, buffer)
    }
    lastEncoding = now
    if hasGap { encoder.restart() }
    let length = encoder.encode(
      UnsafeBufferPointer(frame), into: buffer.bindMemory(to: UInt8.self), complexity: complexity, adaptation)
    return finish(length, samples, frame.count, level, buffer)
  }

  /// Sends a packet that was encoded before; an empty one stands for silence.
  private mutating func send(
    _ packet: UnsafeRawBufferPointer, _ samples: Int, _ duration: Int, _ level: UInt8,
    _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    let length = packet.count <= buffer.count ? packet.count : 0
    if length > 0 { buffer.copyMemory(from: packet) }
    return finish(length, samples, duration, level, buffer)
  }

  /// Nothing is left.
  private mutating func endSpeech(
    _ now: Instant, _ complexity: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    if isSpeaking {
      stop()
      return .drained(played: played)
    }
    let wasLive = !encoder.isReleased && now - lastEncoding < .milliseconds(500) && !hasGap
    switch ending {
    case .silence where wasLive:
      ending = format.codec == .opus ? .empty : .none
      let frame = self.frame ?? makeFrame()
      frame.update(repeating: 0)
      let length = encoder.encode(
        UnsafeBufferPointer(frame), into: buffer.bindMemory(to: UInt8.self), complexity: complexity, adaptation)
      return finish(length, 0, frame.count, PlayoutLevel.none, buffer)
    case .silence, .empty:
      ending = .none
      guard !hasGap, let length = emptyPacket(buffer) else {
        hasGap = true
        return nil
      }
      let step = finish(length, 0, encoder.frameSamples, PlayoutLevel.none, buffer)
      hasGap = true
      return step
    case .none:
      return nil
    }
  }

  /// A packet or its silence has its time; the next is due after it.
  ///
  /// - Parameters:
  ///   - samples: Audio in it.
  ///   - duration: Of all of it; both at 24 kHz.
  private mutating func finish(
    _ length: Int, _ samples: Int, _ duration: Int, _ level: UInt8, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    let payload = UnsafeRawBufferPointer(rebasing: buffer[..<length])
    if samples > 0 { recorder?.append(payload, samples: samples, duration: duration, level: level) }
    let units = Int64(duration) * Self.unitsPerSample
    let packet = PlayoutPacket(
      length: length, timestamp: rtpTimestamp(timestamp), duration: duration * format.codec.clockRate / 24_000,
      marker: hasGap, audioLevel: level)
    timestamp += units
    due = due + .nanoseconds(units * 125_000 / 6)
    played += samples
    hasGap = length == 0
    guard length > 0 else { return nil }
    if format.codec == .opus {
      lastConfiguration = payload[0]
      // An empty packet: no more is expected.
      if length <= 2 { hasGap = true }
    }
    return .packet(packet)
  }

  /// A packet which says that there is nothing to say: a header alone, of the same kind as the packet before.
  /// - Returns: Its length; nil when the codec has none.
  private func emptyPacket(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let lastConfiguration, !buffer.isEmpty else { return nil }
    // One frame in the packet, and mono.
    buffer[0] = lastConfiguration & 0xf8
    return 1
  }

  private mutating func makeFrame() -> UnsafeMutableBufferPointer<Int16> {
    let made = UnsafeMutableBufferPointer<Int16>.allocate(capacity: encoder.frameSamples)
    made.initialize(repeating: 0)
    frame = made
    return made
  }
}

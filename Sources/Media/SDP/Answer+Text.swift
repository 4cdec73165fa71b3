extension Answer {
  /// For the body of the reply, `application/sdp`.
  public var text: String { description.text }

  var description: SessionDescription {
    let address = local.defaultAddress
    var description = SessionDescription()
    description.add("v", "0")
    description.add("o", "- \(sessionID) \(version) \(address.connection)")
    description.add("s", "-")
    description.add("t", "0 0")
    if transport.remoteCredentials != nil { description.add("ice-lite") }
    if !bundle.isEmpty { description.add("group:BUNDLE \(bundle.joined(separator: " "))") }
    if !audio.isEmpty { description.add("msid-semantic: WMS *") }
    for (index, offered) in offer.sections.enumerated() {
      switch sections[index] {
      case .audio(let audio): description.sections.append(text(audio, offered))
      case .data(let data): description.sections.append(text(data, offered))
      case .idle: description.sections.append(idle(offered))
      case .rejected: description.sections.append(rejection(of: offered))
      }
      guard transport.remoteCredentials != nil, isTagged(index) else { continue }
      // All that we have is in the answer: nothing is trickled from here.
      for candidate in local.candidates { description.sections[index].add(candidate.description) }
      description.sections[index].add("end-of-candidates")
    }
    return description
  }

  private func text(_ audio: NegotiatedAudio, _ offered: MediaSection) -> SessionDescription.Section {
    let codecs = [audio.codec] + (audio.telephoneEvent.map { [$0] } ?? [])
    var section = accepted(offered, formats: codecs.map { String($0.payloadType) })
    for known in audio.extensions { section.add("extmap:\(known.text)") }
    section.add(audio.direction.rawValue)
    if audio.direction.sends, let track = audio.track { section.add("msid:\(track.text)") }
    section.add("rtcp-mux")
    if audio.reducedSizeRTCP { section.add("rtcp-rsize") }
    section.add("rtpmap:\(audio.codec.mapping)")
    if audio.nack { section.add("rtcp-fb:\(audio.codec.payloadType) nack") }
    let format = audio.codec.encoding == .opus ? policy.opus.format : ""
    if !format.isEmpty { section.add("fmtp:\(audio.codec.payloadType) \(format)") }
    if let event = audio.telephoneEvent {
      section.add("rtpmap:\(event.mapping)")
      if event.format != nil { section.add("fmtp:\(event.payloadType) 0-15") }
    }
    return section
  }

  private func text(_ data: NegotiatedData, _ offered: MediaSection) -> SessionDescription.Section {
    var section = accepted(offered, formats: [DataChannelTransport.format])
    section.add("sctp-port:\(data.localPort)")
    section.add("max-message-size:\(policy.maximumMessageSize)")
    return section
  }

  private func accepted(_ offered: MediaSection, formats: [String]) -> SessionDescription.Section {
    let address = local.defaultAddress
    var section = SessionDescription.Section(
      media: offered.kind.media, port: address.port, proto: offered.proto, formats: formats)
    section.lines.append(SDPLine("c", address.connection))
    if let mid = offered.mid { section.add("mid:\(mid)") }
    addTransport(&section)
    return section
  }

  private func addTransport(_ section: inout SessionDescription.Section) {
    if transport.remoteCredentials != nil {
      section.add("ice-ufrag:\(local.credentials.ufrag)")
      section.add("ice-pwd:\(local.credentials.password)")
      if transport.iceOptions.contains("trickle") { section.add("ice-options:trickle") }
    }
    switch transport.keying {
    case .dtls(let role, _):
      section.add("fingerprint:\(local.fingerprint)")
      section.add("setup:\(role == .server ? SetupRole.passive.rawValue : SetupRole.active.rawValue)")
    case .sdes(let crypto, _):
      section.add("crypto:\(crypto.text)")
    }
  }

  private func idle(_ offered: MediaSection) -> SessionDescription.Section {
    var section = accepted(offered, formats: Array(offered.formats.prefix(1)))
    section.add(MediaDirection.inactive.rawValue)
    section.add("rtcp-mux")
    for attribute in offered.firstFormat { section.add(attribute) }
    return section
  }

  private func rejection(of offered: MediaSection) -> SessionDescription.Section {
    // One format has to stand there (RFC 3264, section 6), and means nothing.
    var section = SessionDescription.Section(
      media: offered.kind.media, port: 0, proto: offered.proto, formats: Array(offered.formats.prefix(1)))
    section.lines.append(SDPLine("c", "IN IP4 0.0.0.0"))
    if let mid = offered.mid { section.add("mid:\(mid)") }
    // Of no use, but aiortc wants credentials in every section.
    if transport.role != nil { addTransport(&section) }
    section.add(MediaDirection.inactive.rawValue)
    return section
  }
}

extension MediaSection.Kind {
  /// The word of the `m=` line.
  var media: String {
    switch self {
    case .audio: "audio"
    case .data: "application"
    case .other(let media): media
    }
  }
}

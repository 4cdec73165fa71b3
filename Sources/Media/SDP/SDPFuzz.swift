extension Offer {
  /// For fuzzing: any bytes are read, and answered. What is printed has to read the same again.
  public static func exercise(_ bytes: RawSpan) {
    let bytes = bytes.withUnsafeBytes { Array($0) }
    let offer: Offer
    do throws(SDPError) {
      let lines = try SDPReader.read(bytes)
      let again = try? SDPReader.read(Array(lines.text.utf8))
      precondition(again == nil || again?.text == lines.text, "a printed description reads otherwise")
      offer = try Offer(lines)
    } catch {
      return _ = error.description
    }
    guard let call = FuzzedCall() else { return }
    var policy = AnswerPolicy(tracks: call.tracks)
    policy.requiresAudio = false
    do throws(OfferRefusal) {
      let answer = try Answer(to: offer, policy: policy, local: call.local, sessionID: .max)
      precondition(answer.sections.count == offer.sections.count, "a section without an answer")
      _ = try OfferChange(to: answer, by: offer)
      let next = try answer.next(to: offer, policy: policy, local: call.local)
      let text = next.text
      precondition((try? Offer(text)) != nil || text.utf8.count > SDPLimits.bytes, "an answer that cannot be read")
      _ = answer.audio.map { ($0.remoteOpus, $0.identifier(of: .mid)) }
      _ = (answer.data, answer.fragment.text)
      _ = try? ReceivedAnswer(offer, to: OfferBuilder(local: call.local, sessionID: 1))
    } catch {
      _ = (error.code, error.description)
    }
  }
}

extension TrickleFragment {
  /// For fuzzing: any bytes are read, and everything that can be asked is asked.
  public static func exercise(_ bytes: RawSpan) {
    guard let fragment = try? TrickleFragment(bytes.withUnsafeBytes { Array($0) }) else { return }
    _ = (fragment.candidates, fragment.endOfCandidates, fragment.purpose(under: nil), fragment.text)
  }
}

/// What the answers are made of.
private struct FuzzedCall {
  let tracks: [MediaTrack]
  let local: LocalTransport

  init?() {
    guard let track = MediaTrack(stream: "viva", track: "agent"),
      let other = MediaTrack(stream: "viva", track: "human"),
      let credentials = IceCredentials(ufrag: "fuzz", password: String(repeating: "p", count: 22)),
      let fingerprint = DTLSFingerprint(algorithm: .sha256, digest: Array(repeating: 0xAB, count: 32))
    else { return nil }
    tracks = [track, other]
    local = LocalTransport(
      credentials: credentials, fingerprint: fingerprint,
      candidates: Candidate.hosts(at: [TransportAddress(ipv4: 0x7F00_0001, port: 0)], port: 3478),
      sdesKeys: SRTPProfile.allCases.compactMap {
        SRTPMasterKey(profile: $0, keyAndSalt: Array(repeating: 0xCD, count: $0.keyLength + $0.saltLength))
      })
  }
}

extension Candidate: CustomStringConvertible {
  /// Of a line, whose longest sensible form has some 200.
  static let maximumByteCount = 1024

  /// - Parameter text: `candidate:…`, also with `a=` before it. Extensions are passed over. Nil for what breaks the
  ///   grammar, names a transport, kind or host that is of no use here (a name that is not mDNS), or is too long.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count <= Self.maximumByteCount else { return nil }
    var rest = Substring(text)
    if rest.hasPrefix("a=") { rest = rest.dropFirst(2) }
    guard rest.hasPrefix("candidate:") else { return nil }
    let fields = rest.dropFirst("candidate:".count).split(separator: " ")

    guard fields.count >= 8,
      (1...32).contains(fields[0].utf8.count), fields[0].utf8.allSatisfy(IceCharacter.isValid),
      let component = number(fields[1]), (1...256).contains(component),
      let transport = Transport(rawValue: fields[2].lowercased()),
      let priority = number(fields[3]),
      let port = number(fields[5]).flatMap(UInt16.init(exactly:)),
      let address = Address(fields[4], port),
      fields[6] == "typ", let kind = Kind(rawValue: String(fields[7]))
    else { return nil }

    var related: TransportAddress?
    if fields.count >= 12, fields[8] == "raddr", fields[10] == "rport" {
      guard let port = number(fields[11]).flatMap(UInt16.init(exactly:)) else { return nil }
      related = TransportAddress(host: String(fields[9]), port: port)
    }
    self.init(
      foundation: String(fields[0]), component: Int(component), transport: transport, priority: priority,
      address: address, kind: kind, relatedAddress: related)
  }

  /// `candidate:…`, without `a=`: the value that trickling carries.
  public var description: String {
    let (host, port) =
      switch address {
      case .ip(let address): (address.host, address.port)
      case .mdns(let name, let port): (name, port)
      }
    var text = "candidate:\(foundation) \(component) \(transport) \(priority) \(host) \(port) typ \(kind.rawValue)"
    if let relatedAddress { text += " raddr \(relatedAddress.host) rport \(relatedAddress.port)" }
    return text
  }

  /// For fuzzing: any bytes are read, and what is read prints to the same again.
  public static func exercise(_ bytes: RawSpan) {
    let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    guard let candidate = Candidate(text) else { return }
    guard Candidate(candidate.description) == candidate else { fatalError("not what was printed: \(candidate)") }
  }
}

extension Candidate.Address {
  private static let suffix = ".local"

  fileprivate init?(_ host: Substring, _ port: UInt16) {
    if let address = TransportAddress(host: String(host), port: port) {
      self = .ip(address)
      return
    }
    let label = host.utf8.dropLast(Self.suffix.utf8.count)
    guard host.lowercased().hasSuffix(Self.suffix), (1...63).contains(label.count),
      label.allSatisfy({ $0 == UInt8(ascii: "-") || IceCharacter.isValid($0) && !"+/".utf8.contains($0) })
    else { return nil }
    self = .mdns(name: String(host), port: port)
  }
}

/// One to ten digits and no more than 32 bits.
private func number(_ text: Substring) -> UInt32? {
  guard (1...10).contains(text.utf8.count),
    text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
  else { return nil }
  return UInt32(text)
}

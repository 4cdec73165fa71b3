import Foundation

/// `server:`, who may come in and how.
struct ServerReader {
  let paths: ConfigurationPaths

  func read(_ section: Section, into server: inout ServerSettings) {
    listener("listen", of: section, into: &server.listen)
    listener("admin", of: section, into: &server.admin)
    section.boolean("admin_public", into: &server.adminPublic)
    section.section("tls") { tls in
      server.tlsCertificate = existingFile("certificate", of: tls)
      server.tlsKey = existingFile("key", of: tls)
    }
    if let keys = section.present("keys")?.list() { server.keys = keys.compactMap(key) }
    section.text("key_file", into: &server.keyFile)
    if let origins = section.present("allowed_origins")?.list() {
      server.allowedOrigins = origins.compactMap(origin)
    }
    if let proxies = section.present("trusted_proxies")?.list() {
      server.trustedProxies = proxies.compactMap(proxy)
    }
    section.integer("max_ephemeral_keys", 1...1_000_000, into: &server.maximumEphemeralKeys)
    section.integer("shards", 0...1024, into: &server.shards)
    section.boolean("development", into: &server.development)
    checkExposure(of: server, in: section)
  }

  /// What no single value shows: whether strangers could come in. The defaults are safe, so a file without
  /// `server:` needs no check.
  private func checkExposure(of server: ServerSettings, in section: Section) {
    let hasKey = !server.keys.isEmpty || server.keyFile != nil
    if !server.listen.isLoopback, !hasKey || section.present("tls") == nil {
      section.report(
        "listen",
        """
        \(server.listen) can be reached from other machines, which needs both TLS and a key: set \
        server.tls.certificate and server.tls.key, and a key in server.keys or server.key_file; \
        or listen on 127.0.0.1
        """)
    } else if !hasKey {
      section.report(
        "keys", "no key is left, so nobody could come in; give a key here, or a file in server.key_file")
    }
    if !server.admin.isLoopback, !server.adminPublic {
      section.report(
        "admin",
        """
        \(server.admin) can be reached from other machines, and this listener has neither TLS nor keys; \
        listen on 127.0.0.1, or set server.admin_public: true where a firewall guards it
        """)
    }
    if server.development, !server.listen.isLoopback {
      section.report(
        "development",
        """
        whoever may open sessions may break the workers, and server.listen \(server.listen) can be reached from other \
        machines; listen on 127.0.0.1, or set server.development: false
        """)
    }
    if server.admin == server.listen, server.admin.port != 0 {
      section.report("admin", "\(server.admin) is the same address as server.listen")
    }
  }

  private func listener(_ key: String, of section: Section, into target: inout ListenAddress) {
    guard let value = section.present(key), let text = value.text() else { return }
    if let address = ListenAddress(text) {
      target = address
    } else {
      value.report(
        "\(value.shown) is not an address to listen on",
        allowed: "an IP address or localhost, and a port, such as 127.0.0.1:8080 or [::1]:8080")
    }
  }

  private func existingFile(_ key: String, of section: Section) -> String? {
    guard let value = section.required(key), let path = value.text().map(paths.absolute) else { return nil }
    guard access(path, R_OK) == 0 else {
      value.report("\(value.shown) cannot be read: \(String(cString: strerror(errno)))")
      return nil
    }
    return path
  }

  private func key(_ value: Value) -> String? {
    // A key that the environment may bring: without it there are the others, or the key file.
    guard !value.refersToUnsetVariable, let key = value.text(), !key.isEmpty else { return nil }
    if ServerKeys.isValid(key) { return key }
    value.report("is not a key", allowed: ServerKeys.allowed)
    return nil
  }

  private func proxy(_ value: Value) -> AddressRange? {
    guard let text = value.text() else { return nil }
    guard let range = AddressRange(text) else {
      value.report(
        "\(value.shown) is not the address of a proxy, or a network of them",
        allowed: "an IP address, or a network such as 10.0.0.0/8 or 2001:db8::/32")
      return nil
    }
    guard !range.isEverything else {
      value.report("\(value.shown) would believe everybody who says to be a proxy", allowed: "your own proxies")
      return nil
    }
    return range
  }

  private func origin(_ value: Value) -> String? {
    guard let origin = value.text() else { return nil }
    if origin == "*" || WorkerAddress.isOrigin(origin) { return origin }
    value.report(
      "\(value.shown) is not an origin",
      allowed: "https://HOST, http://HOST:PORT in lower case without a path, or *")
    return nil
  }
}

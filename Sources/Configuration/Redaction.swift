// Settings hold secrets. Printing, interpolating or dumping them shows these instead.

extension ServerSettings: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "listen": listen, "admin": admin, "adminPublic": adminPublic, "tlsCertificate": tlsCertificate as Any,
        "tlsKey": tlsKey as Any, "keys": "\(keys.count) redacted", "keyFile": keyFile as Any,
        "allowedOrigins": allowedOrigins, "shards": shards,
      ], displayStyle: .struct)
  }
}

extension ProviderSettings: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "name": name, "wireProtocol": wireProtocol, "url": url as Any, "model": model as Any,
        "voice": voice as Any,
        "apiKey": apiKey == nil ? "nil" : "redacted", "partials": partials, "deadlines": deadlines,
        "process": process as Any,
      ], displayStyle: .struct)
  }
}

extension ProcessSettings: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "command": command, "environment": environment.mapValues { _ in "redacted" },
        "readyTimeoutSeconds": readyTimeoutSeconds,
      ], displayStyle: .struct)
  }
}

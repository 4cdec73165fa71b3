// Settings hold secrets. Printing, interpolating or dumping them shows these instead.

extension ServerSettings: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "listen": listen, "admin": admin, "adminPublic": adminPublic, "tlsCertificate": tlsCertificate as Any,
        "tlsKey": tlsKey as Any, "keys": "\(keys.count) redacted", "keyFile": keyFile as Any,
        "allowedOrigins": allowedOrigins, "maximumEphemeralKeys": maximumEphemeralKeys, "shards": shards,
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
        "apiKey": apiKey == nil ? "nil" : "redacted", "partials": partials, "streams": streams,
        "responseFormat": responseFormat, "sampleRate": sampleRate, "tools": tools, "deadlines": deadlines,
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

extension WebhookSettings: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "url": HTTPAddress.redacted(url), "secret": "redacted", "events": events,
        "timeoutMilliseconds": timeoutMilliseconds, "retry": retry, "queueLimit": queueLimit,
      ], displayStyle: .struct)
  }
}

extension HTTPTool: CustomReflectable {
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "name": name, "description": description as Any, "parameters": parameters as Any,
        "url": HTTPAddress.redacted(url), "timeoutMilliseconds": timeoutMilliseconds, "retry": retry,
        "secret": secret == nil ? "nil" : "redacted", "headers": headers.mapValues { _ in "redacted" },
        "filler": filler as Any,
      ], displayStyle: .struct)
  }
}

import CWebSockets

/// Copies a request out of libwebsockets' header table, which lives only until the callback returns.
final class RequestReader {
  private let scratch: UnsafeMutableBufferPointer<CChar>
  private let additionalHeaders: [String]

  init(maximumHeaderBytes: Int, additionalHeaders: [String]) {
    scratch = .allocate(capacity: maximumHeaderBytes + 1)
    self.additionalHeaders = additionalHeaders.map { $0.lowercased() }
  }

  deinit { scratch.deallocate() }

  /// The request without its body; nil if libwebsockets holds no method that we know.
  func request(_ wsi: OpaquePointer) -> HTTPRequest? {
    guard let (token, method) = Self.methods.first(where: { lws_hdr_total_length(wsi, $0.token) > 0 }) else {
      return nil
    }
    var request = HTTPRequest(
      method: method,
      // libwebsockets takes "&" and ";" for delimiters in a path too.
      path: fragments(wsi, token).joined(separator: "&"),
      listener: ListenerID(rawValue: lws_get_vhost(wsi).map { String(cString: lws_get_vhost_name($0)) } ?? ""),
      remoteAddress: remoteAddress(wsi))
    request.query = fragments(wsi, WSI_TOKEN_HTTP_URI_ARGS).filter { !$0.isEmpty }.map { parameter in
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
    for (name, token) in Self.headers { request.headers[name] = header(wsi, token) }
    for name in additionalHeaders { request.headers[name] = customHeader(wsi, name) }
    request.subprotocols = commaSeparated(request.headers["sec-websocket-protocol"])
    return request
  }

  /// A header's value, or nil if it is absent or longer than all headers may be.
  func header(_ wsi: OpaquePointer, _ token: lws_token_indexes) -> String? {
    guard lws_hdr_total_length(wsi, token) > 0 else { return nil }
    return text(length: lws_hdr_copy(wsi, scratch.baseAddress, Int32(scratch.count), token))
  }

  private func customHeader(_ wsi: OpaquePointer, _ name: String) -> String? {
    let length = lws_hdr_custom_copy(
      wsi, scratch.baseAddress, Int32(scratch.count), name + ":", Int32(name.utf8.count + 1))
    return text(length: length)
  }

  private func fragments(_ wsi: OpaquePointer, _ token: lws_token_indexes) -> [String] {
    var fragments: [String] = []
    while let fragment = text(
      length: lws_hdr_copy_fragment(
        wsi, scratch.baseAddress, Int32(scratch.count), token, Int32(fragments.count)))
    {
      fragments.append(fragment)
    }
    return fragments
  }

  private func remoteAddress(_ wsi: OpaquePointer) -> String {
    guard lws_get_peer_simple(wsi, scratch.baseAddress, scratch.count) != nil else { return "" }
    let address = String(cString: scratch.baseAddress!)
    // IPv4 on a dual-stack socket.
    return address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
  }

  private func text(length: Int32) -> String? {
    guard length >= 0, length <= scratch.count else { return nil }
    return String(
      decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<Int(length)]),
      as: UTF8.self)
  }

  private static let methods: [(token: lws_token_indexes, method: HTTPRequest.Method)] = [
    (WSI_TOKEN_GET_URI, .get), (WSI_TOKEN_POST_URI, .post), (WSI_TOKEN_HEAD_URI, .head),
    (WSI_TOKEN_OPTIONS_URI, .options), (WSI_TOKEN_DELETE_URI, .delete), (WSI_TOKEN_PUT_URI, .put),
    (WSI_TOKEN_PATCH_URI, .patch),
  ]

  private static let headers: [(name: String, token: lws_token_indexes)] = [
    ("accept", WSI_TOKEN_HTTP_ACCEPT),
    ("access-control-request-headers", WSI_TOKEN_HTTP_AC_REQUEST_HEADERS),
    ("authorization", WSI_TOKEN_HTTP_AUTHORIZATION),
    ("content-length", WSI_TOKEN_HTTP_CONTENT_LENGTH),
    ("content-type", WSI_TOKEN_HTTP_CONTENT_TYPE),
    ("cookie", WSI_TOKEN_HTTP_COOKIE),
    ("host", WSI_TOKEN_HOST),
    ("if-match", WSI_TOKEN_HTTP_IF_MATCH),
    ("if-none-match", WSI_TOKEN_HTTP_IF_NONE_MATCH),
    ("origin", WSI_TOKEN_ORIGIN),
    ("sec-websocket-protocol", WSI_TOKEN_PROTOCOL),
    ("user-agent", WSI_TOKEN_HTTP_USER_AGENT),
    ("x-forwarded-for", WSI_TOKEN_X_FORWARDED_FOR),
  ]
}

/// The elements of a header that is a list (RFC 9110 §5.6.1).
func commaSeparated(_ header: String?) -> [String] {
  (header ?? "").split(separator: ",").compactMap { element in
    var element = element
    while element.first == " " || element.first == "\t" { element.removeFirst() }
    while element.last == " " || element.last == "\t" { element.removeLast() }
    return element.isEmpty ? nil : String(element)
  }
}

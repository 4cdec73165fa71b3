import Foundation

/// The page at `/` and its parts, read once at the start.
struct PageFiles: Sendable {
  private let files: [String: HTTPResponse]

  /// - Throws: when the page is not beside the executable.
  init() throws {
    guard let folder = Bundle.module.url(forResource: "Page", withExtension: nil) else {
      throw CocoaError(.fileNoSuchFile)
    }
    var files: [String: HTTPResponse] = [:]
    for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      guard let type = Self.types[url.pathExtension] else { continue }
      let body = Array(try Data(contentsOf: url))
      files["/" + url.lastPathComponent] = HTTPResponse(
        status: 200, headers: [("Content-Type", type)] + Self.headers, body: body)
    }
    files["/"] = files["/index.html"]
    self.files = files
  }

  func response(for path: String) -> HTTPResponse? { files[path] }

  private static let types = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
  ]

  private static let headers = [
    (
      "Content-Security-Policy",
      "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-cache"),
  ]
}

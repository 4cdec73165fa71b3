import Testing

@testable import Gateway

@Suite("Forms") struct MultipartFormTests {
  private func form(_ text: String, boundary: String = "b") throws(MultipartForm.Malformed) -> [[String]] {
    try MultipartForm(Array(text.utf8), boundary: boundary).parts.map {
      [$0.name, $0.contentType ?? "-", String(decoding: $0.body, as: UTF8.self)]
    }
  }

  private func reason(_ text: String) -> String {
    do throws(MultipartForm.Malformed) {
      _ = try form(text)
      return "none"
    } catch {
      return error.reason
    }
  }

  @Test("are read as browsers, curl and Python's clients write them")
  func reads() throws {
    // Chromium's FormData.
    #expect(
      try form(
        "------WebKitFormBoundaryx\r\nContent-Disposition: form-data; name=\"sdp\"\r\n\r\nv=0\r\na=b\r\n\r\n"
          + "------WebKitFormBoundaryx\r\nContent-Disposition: form-data; name=\"session\"\r\n\r\n{}\r\n"
          + "------WebKitFormBoundaryx--\r\n", boundary: "----WebKitFormBoundaryx")
        == [["sdp", "-", "v=0\r\na=b\r\n"], ["session", "-", "{}"]])
    // curl -F 'sdp=<offer;type=application/sdp', httpx, and one without quotes.
    #expect(
      try form(
        "--b\r\nContent-Disposition: form-data; name=\"sdp\"; filename=\"a;b\\\"=.sdp\"\r\n"
          + "Content-Type: Application/SDP; charset=utf-8\r\n\r\nv=0\r\n--b--")
        == [["sdp", "application/sdp", "v=0"]])
    #expect(
      try form("preamble\r\n--b \t\r\ncontent-disposition:form-data;NAME=sdp\r\n\r\n\r\n--b--epilogue")
        == [["sdp", "-", ""]])
    // What looks like a boundary in the middle of a line, or lacks its line's beginning, is text.
    #expect(
      try form("--b\r\nContent-Disposition: form-data; name=x\r\n\r\nx--b\n--bb\r--b--\r\n--b--")
        == [["x", "-", "x--b\n--bb\r--b--"]])
    #expect(try form("--b--") == [])
  }

  @Test("that are broken are refused, with what is wrong")
  func refuses() {
    let part = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\nv"
    #expect(reason("") == "its boundary is nowhere in it")
    #expect(reason("--c\r\n") == "its boundary is nowhere in it")
    #expect(reason("--b") == "a boundary is followed by something else than the end of the line")
    #expect(reason("--bx\r\n") == "a boundary is followed by something else than the end of the line")
    #expect(reason(part) == "its last part has no end")
    #expect(reason(part + "\r\n--b\r\n--b--") == "a part is empty")
    #expect(reason("--b\r\nX: y\r\n\r\nv\r\n--b--") == "a part has no name in its Content-Disposition")
    #expect(reason("--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\nv\r\n--b--").contains("no name"))
    #expect(reason("--b\r\nContent-Disposition: form-data; name=x\r\nv\r\n--b--").contains("no empty line"))
    let long = String(repeating: "x", count: MultipartForm.maximumHeaderBytes)
    #expect(reason("--b\r\nA: \(long)\r\nContent-Disposition: form-data; name=x\r\n\r\nv\r\n--b--").contains("longer"))
    let many = String(repeating: part + "\r\n", count: MultipartForm.maximumParts + 1)
    #expect(reason(many + "--b--") == "it has more than 16 parts")
  }

  @Test("are read in linear time, whatever is in them")
  func isLinear() throws {
    // Nearly boundaries, over and over.
    let boundary = String(repeating: "a", count: 70)
    let near = "\r\n--" + String(boundary.dropLast())
    let body = String(repeating: near, count: (1 << 20) / near.utf8.count)
    let text = "--\(boundary)\r\nContent-Disposition: form-data; name=x\r\n\r\n\(body)\r\n--\(boundary)--"
    let form = try MultipartForm(Array(text.utf8), boundary: boundary)
    #expect(form["x"]?.body.count == body.utf8.count)
  }

  @Test("have a boundary of 1 to 70 visible characters, quoted or not")
  func boundaries() {
    #expect(MultipartForm.boundary(of: "multipart/form-data; boundary=abc") == "abc")
    #expect(MultipartForm.boundary(of: "Multipart/Form-Data;charset=x; Boundary=\"a b:c\"") == "a b:c")
    #expect(MultipartForm.boundary(of: "multipart/form-data; boundary=abc; boundary=d") == "abc")
    for text in [
      "", "multipart/mixed; boundary=a", "multipart/form-data", "multipart/form-data; boundary=",
      "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a \"",
      "multipart/form-data; boundary=" + String(repeating: "a", count: 71), "multipart/form-data; boundary=ä",
    ] {
      #expect(MultipartForm.boundary(of: text) == nil, "\(text)")
    }
  }
}

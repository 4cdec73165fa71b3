import Realtime

/// What the body of `POST /v1/realtime/calls` holds: an offer, and perhaps the session that it is for.
struct CallBody: Equatable {
  static let sdp = "application/sdp"
  /// For `Accept-Post` (WHIP, RFC 9725, section 4.2).
  static let accepted = "application/sdp, multipart/form-data"

  /// What a `PATCH` of a call carries (RFC 8840).
  static let fragment = "application/trickle-ice-sdpfrag"

  var offer: [UInt8]
  var session: SessionPatch?

  /// - Throws: the answer, 400 or 415.
  init(_ request: HTTPRequest) throws(HTTPResponse) {
    let type = request.header("content-type") ?? ""
    switch HeaderValue(type)?.value {
    case Self.sdp:
      offer = request.body
    case "multipart/form-data":
      guard let boundary = MultipartForm.boundary(of: type) else {
        throw .badCall("The Content-Type multipart/form-data has no usable boundary.", param: nil)
      }
      let form: MultipartForm
      do throws(MultipartForm.Malformed) {
        form = try MultipartForm(request.body, boundary: boundary)
      } catch {
        throw .badCall("The form cannot be read: \(error.reason).", param: nil)
      }
      guard let sdp = form["sdp"] else {
        throw .badCall("The form has no field 'sdp', which is the offer's text.", param: "sdp")
      }
      offer = Array(sdp.body)
      if let session = form["session"] {
        do throws(RealtimeError) {
          self.session = try SessionPatch.decode(Array(session.body))
        } catch {
          throw .error(400, error)
        }
      }
    default:
      throw .error(
        415,
        .invalidRequest(
          code: "unsupported_content_type",
          message:
            "Send the offer as application/sdp, or as the field 'sdp' of multipart/form-data, with a 'session' beside it.",
          param: nil), headers: [("Accept-Post", Self.accepted)])
    }
    guard !offer.isEmpty else { throw .badCall("There is no offer: the SDP is empty.", param: "sdp") }
  }
}

extension HTTPResponse {
  /// What is wrong with a call, or with what is asked of one.
  static func badCall(status: Int = 400, code: String = "invalid_value", _ message: String, param: String?)
    -> HTTPResponse
  {
    error(status, .invalidRequest(code: code, message: message, param: param))
  }
}

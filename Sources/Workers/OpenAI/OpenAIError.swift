/// The error that an OpenAI-compatible server answers with: `{"error": {"message", "code"}}`, or only a text.
struct OpenAIError: Decodable {
  /// As the body of an HTTP response.
  struct Body: Decodable {
    var error: OpenAIError
  }

  var message: String
  /// The code where it is a number, as llama.cpp's server writes it: an HTTP status.
  var status: Int?

  private enum CodingKeys: CodingKey {
    case message, code
  }

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      message = text
      return
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    message = (try? values.decode(String.self, forKey: .message)) ?? "error without a message"
    status = try? values.decode(Int.self, forKey: .code)
  }
}

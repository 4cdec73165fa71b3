import NIOCore
import VivaConfiguration

/// The body of `POST /audio/transcriptions`.
enum TranscriptionForm {
  private static let sampleRate: UInt32 = 16_000
  /// 100 ms. OpenAI refuses what is shorter.
  private static let shortest = Int(sampleRate) / 10

  /// - Parameter pcm: Of one turn, 16-bit little-endian mono of 16 kHz, less than 4 GiB.
  static func encode(_ request: RecognitionRequest, _ pcm: ByteBuffer, settings: ProviderSettings, model: String)
    -> MultipartForm
  {
    var form = MultipartForm()
    form.add("model", model)
    form.add("response_format", "json")
    if settings.streams { form.add("stream", "true") }
    if let language = request.languageCode { form.add("language", language) }
    if let prompt = request.prompt, !prompt.isEmpty { form.add("prompt", prompt) }
    for keyword in request.keywords { form.add("keywords[]", keyword) }
    if tellsProbabilities(model) { form.add("include[]", "logprobs") }
    // Last, as a server may read the fields before the file.
    form.add("file", file: "turn.wav", contentType: "audio/wav", wav(pcm))
    return form
  }

  /// OpenAI's models that have log probabilities; all others refuse to be asked.
  private static func tellsProbabilities(_ model: String) -> Bool {
    model.hasPrefix("gpt-4o") && model.contains("transcribe") && !model.contains("diarize")
  }

  private static func wav(_ pcm: ByteBuffer) -> ByteBuffer {
    let silence = max(0, shortest * 2 - pcm.readableBytes)
    let length = UInt32(pcm.readableBytes + silence)
    var out = ByteBuffer()
    out.reserveCapacity(44 + Int(length))
    out.writeString("RIFF")
    out.writeInteger(36 + length, endianness: .little)
    out.writeString("WAVEfmt ")
    out.writeInteger(16, endianness: .little, as: UInt32.self)
    for value: UInt16 in [1, 1] { out.writeInteger(value, endianness: .little) }
    for value in [sampleRate, sampleRate * 2] { out.writeInteger(value, endianness: .little) }
    for value: UInt16 in [2, 16] { out.writeInteger(value, endianness: .little) }
    out.writeString("data")
    out.writeInteger(length, endianness: .little)
    out.writeImmutableBuffer(pcm)
    out.writeRepeatingByte(0, count: silence)
    return out
  }
}

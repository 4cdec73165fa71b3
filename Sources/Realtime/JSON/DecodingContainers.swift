/// The path of a parameter as OpenAI writes it: `item.content[0].text`.
func parameterPath(_ path: [any CodingKey]) -> String {
  var text = ""
  for key in path {
    if let index = key.intValue {
      text += "[\(index)]"
    } else {
      text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
    }
  }
  return text
}

extension KeyedDecodingContainer {
  func path(_ key: Key) -> String {
    parameterPath(codingPath + [key])
  }

  /// The error for a field whose value is well-formed and still not allowed.
  func refusal(_ key: Key, code: String = "invalid_value", _ message: String) -> RealtimeError {
    .invalidRequest(code: code, message: message, param: path(key))
  }

  /// One of a closed set of strings; nil when absent or null.
  func choice<Choice>(_ key: Key) throws -> Choice?
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    // A long text takes long to compare, and none of them is.
    guard text.utf8.count <= String.longestChoice, let choice = Choice(rawValue: text) else {
      throw refusal(key, .unknownValue(text, allowed: Choice.allCases.map(\.rawValue)))
    }
    return choice
  }

  func requiredChoice<Choice>(_ key: Key) throws -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let choice: Choice = try choice(key) else { throw RealtimeError.missing(path(key)) }
    return choice
  }

  /// nil when absent or null. For a number that does not fit its type, JSONDecoder's own error has no path.
  func number<Number: Decodable>(_ key: Key) throws -> Number? {
    do {
      return try decodeIfPresent(Number.self, forKey: key)
    } catch {
      if case DecodingError.typeMismatch = error { throw error }
      throw refusal(
        key, "Invalid number: expected \(Number.self == Int.self ? "an integer" : "a number") of usual size.")
    }
  }

  /// 0 or more.
  func natural(_ key: Key) throws -> Int {
    guard let value: Int = try number(key) else { throw RealtimeError.missing(path(key)) }
    guard value >= 0 else { throw refusal(key, "Invalid value \(value): expected 0 or more.") }
    return value
  }

  /// A string of 1 to `length` bytes of UTF-8; nil when absent or null.
  func label(_ key: Key, upTo length: Int) throws -> String? {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    guard (1...length).contains(text.utf8.count) else {
      throw refusal(key, "Invalid length \(text.utf8.count): expected 1 to \(length) bytes.")
    }
    return text
  }

  func requiredLabel(_ key: Key, upTo length: Int) throws -> String {
    guard let text = try label(key, upTo: length) else { throw RealtimeError.missing(path(key)) }
    return text
  }

  /// Base64 of audio, whatever its format; nil when absent or null.
  func audio(_ key: Key) throws -> [UInt8]? {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    guard let bytes = Base64.decode(text) else { throw RealtimeError.badBase64(path(key)) }
    return bytes
  }

  /// A string of up to `length` bytes of UTF-8, perhaps empty; nil when absent or null.
  func text(_ key: Key, upTo length: Int) throws -> String? {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    guard text.utf8.count <= length else {
      throw refusal(key, "Invalid length \(text.utf8.count): expected at most \(length) bytes.")
    }
    return text
  }

  func requiredText(_ key: Key, upTo length: Int) throws -> String {
    guard let text = try text(key, upTo: length) else { throw RealtimeError.missing(path(key)) }
    return text
  }

  /// An array of up to `count` elements; nil when absent or null.
  func list<Element: Decodable>(_ key: Key, upTo count: Int) throws -> [Element]? {
    guard contains(key), try !decodeNil(forKey: key) else { return nil }
    // Counted before they are read, which costs time.
    let length = try nestedUnkeyedContainer(forKey: key).count ?? 0
    guard length <= count else { throw refusal(key, "Too many: \(length). Expected at most \(count).") }
    return try decode([Element].self, forKey: key)
  }

  /// Up to `count` strings of up to `length` bytes each; nil when absent or null.
  func texts(_ key: Key, upTo count: Int, each length: Int) throws -> [String]? {
    guard let texts: [String] = try list(key, upTo: count) else { return nil }
    guard texts.allSatisfy({ $0.utf8.count <= length }) else {
      throw refusal(key, "One of them is too long: expected at most \(length) bytes each.")
    }
    return texts
  }

  func patch<Value: Decodable>(_ key: Key) throws -> Patch<Value> {
    guard contains(key) else { return .absent }
    return try decodeNil(forKey: key) ? .null : .value(decode(Value.self, forKey: key))
  }

  /// nil when absent or null.
  func nested<Keys: CodingKey>(_ keys: Keys.Type, _ key: Key) throws -> KeyedDecodingContainer<Keys>? {
    guard contains(key), try !decodeNil(forKey: key) else { return nil }
    return try nestedContainer(keyedBy: keys, forKey: key)
  }
}

extension String {
  /// What the protocol has words for is shorter, in bytes of UTF-8.
  static let longestChoice = 128

  static func unknownValue(_ value: String, allowed: [String]) -> String {
    let allowed = allowed.map { "'\($0)'" }.joined(separator: ", ")
    // By scalars: a character may be as long as the message.
    return "Invalid value: '\(String(value.unicodeScalars.prefix(100)))'. Supported values are: \(allowed)."
  }
}

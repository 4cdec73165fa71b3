/// `tools:` of an agent, functions that Viva calls over HTTP.
enum ToolsReader {
  /// As many as OpenAI's API takes.
  static let maximumCount = 128
  static let maximumPhrases = 50

  static func read(_ value: Value) -> [HTTPTool] {
    guard let list = value.list() else { return [] }
    if list.count > maximumCount { value.report("has more than \(maximumCount) tools") }
    var names: Set<String> = []
    return list.prefix(maximumCount).compactMap { value in
      var result: HTTPTool?
      value.section { section in
        result = tool(section)
        if let name = result?.name, !names.insert(name).inserted {
          section.report("name", "there is already a tool \(name)")
        }
      }
      return result
    }
  }

  private static func tool(_ section: Section) -> HTTPTool? {
    let name = name(section)
    var description: String?
    section.text("description", into: &description)
    let parameters = section.present("parameters").flatMap(parameters)
    let url = CallReader.address(section.required("url"))?.text
    var tool = HTTPTool(name: name ?? "", url: url ?? "")
    tool.description = description
    tool.parameters = parameters
    CallReader.timeout(section, into: &tool.timeoutMilliseconds)
    CallReader.retry(section, into: &tool.retry)
    tool.secret = CallReader.signingSecret(section.present("secret"))
    if let headers = section.present("headers") { tool.headers = HeadersReader.read(headers) }
    tool.filler = section.present("filler").flatMap(filler)
    // A tool without its address still has its name checked against the others'.
    return name == nil ? nil : tool
  }

  private static func name(_ section: Section) -> String? {
    guard let value = section.required("name"), let name = value.text() else { return nil }
    if name.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil { return name }
    value.report("\(value.shown) is not a name of a function", allowed: "1 to 64 letters, digits, '_' and '-'")
    return nil
  }

  private static func parameters(_ value: Value) -> String? {
    guard case .mapping(let mapping) = value.node, mapping["type"]?.scalar?.string == "object" else {
      value.report("is not the JSON Schema of an object", allowed: "keys with values, type: object among them")
      return nil
    }
    return value.json()
  }

  private static func filler(_ value: Value) -> ToolFiller? {
    if case .scalar = value.node {
      guard let phrase = value.text() else { return nil }
      if phrase.isEmpty { value.report("is empty") }
      return ToolFiller(phrases: [phrase])
    }
    var filler = ToolFiller(phrases: [])
    value.section { section in
      if let phrases = section.required("phrases") {
        filler.phrases = phrases.texts() ?? []
        if phrases.list()?.isEmpty == true || filler.phrases.contains("") {
          phrases.report("has nothing to say", allowed: "[PHRASE, ...]")
        } else if filler.phrases.count > maximumPhrases {
          phrases.report("has more than \(maximumPhrases) phrases")
        }
      }
      section.integer("after_ms", 0...60_000, into: &filler.afterMilliseconds)
    }
    return filler
  }
}

import Yams

/// One YAML file being read: what every value in it needs to speak for itself.
final class YAMLFile {
  /// 1 MiB: far above any real configuration.
  static let maximumBytes = 1 << 20

  let path: String
  let environment: [String: String]
  private let log: ProblemLog

  init(path: String, environment: [String: String], log: ProblemLog) {
    self.path = path
    self.environment = environment
    self.log = log
  }

  func report(_ place: Place, _ message: String, allowed: String? = nil) {
    log.add(
      ConfigurationProblem(
        file: path, line: place.line, column: place.column, key: place.key, message: message, allowed: allowed
      ))
  }

  /// Gives `body` the keys of the file's top level, and reports those it does not ask for. An empty file is an
  /// empty section. `body` is not called when the file cannot be parsed.
  func read(_ body: (Section) -> Void) {
    let text: String
    do throws(TextFile.Failure) {
      text = try TextFile.read(path, limit: Self.maximumBytes)
    } catch {
      return report(Place(), error.message)
    }
    if let place = AliasGuard.firstAlias(in: text) {
      return report(place, "YAML aliases are not supported; repeat the value")
    }
    do {
      let root = try compose(text)
      let value = Value(node: root, place: Place(line: 1, column: 1), file: self)
      value.section(body)
    } catch let error as YamlError {
      report(error)
    } catch {
      report(Place(), "cannot be parsed: \(error)")
    }
  }

  private func compose(_ text: String) throws -> Node {
    // The basic resolver leaves every scalar a string: types are judged by the reader that asks for them.
    try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() ?? .mapping(.init([]))
  }

  private func report(_ error: YamlError) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = context.map { "\(problem) \($0.text)" } ?? problem
      report(Place(line: mark.line, column: mark.column), "is not valid YAML: \(detail)")
    case .reader(let problem, let offset, _, let text):
      let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
      report(Place(line: line), "is not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { $0.excerpt() }.joined(separator: ", ")
      report(Place(line: context.mark.line, column: context.mark.column), "\(names) is given more than once")
    default:
      report(Place(), "is not valid YAML, or is nested too deeply")
    }
  }
}

/// Where a value stands in its file.
struct Place {
  var line: Int?
  var column: Int?
  /// Keys and indices from the top, such as `workers.asr[0].url`.
  var key = ""

  func child(_ name: String, at mark: Mark?) -> Place {
    Place(
      line: mark?.line ?? line, column: mark?.column ?? column, key: key.isEmpty ? name : "\(key).\(name)")
  }

  func element(_ index: Int, at mark: Mark?) -> Place {
    Place(line: mark?.line ?? line, column: mark?.column ?? column, key: "\(key)[\(index)]")
  }
}

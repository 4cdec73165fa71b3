import Foundation

/// `GET /v1/models`, as OpenAI shapes it.
struct ModelList: Encodable {
  struct Model: Encodable {
    var id: String
    var object = "model"
    var owned_by = "viva"
  }

  var object = "list"
  var data: [Model]

  init(names: [String]) {
    data = names.map { Model(id: $0) }
  }

  func encoded() -> [UInt8] {
    (try? JSONEncoder().encode(self)).map(Array.init) ?? []
  }
}

/// `callbacks:`.
enum CallbacksReader {
  private static let maximumSlots = 100

  static func read(_ section: Section, into callbacks: inout CallbackSettings) {
    section.text("file", into: &callbacks.file)
    guard let value = section.present("slots"), let list = value.list() else { return }
    if list.count > maximumSlots { value.report("has more than \(maximumSlots) slots") }
    for entry in list {
      entry.section { slot in
        let id = slot.required("id")?.name()
        let text = slot.required("text")?.text()
        if text == "" { slot.report("text", "is empty") }
        guard let id, let text else { return }
        if callbacks.slots.contains(where: { $0.id == id }) { slot.report("id", "there is already a slot \(id)") }
        callbacks.slots.append(CallbackSlotSettings(id: id, text: text))
      }
    }
  }
}

/// `workers:`, lists of providers.
///
/// A name is unique over all of them: logs, metrics and agents use it alone.
final class WorkersReader {
  private enum Kind: String {
    case asr, llm, tts
    case endOfTurn = "end_of_turn"

    var protocols: [ProviderSettings.WireProtocol] {
      switch self {
      case .asr: [.wyoming, .openai]
      case .llm: [.openai]
      case .tts: [.wyoming, .openai, .espeak]
      case .endOfTurn: [.http]
      }
    }
  }

  private var names: Set<String> = []
  private let devices: [String]
  /// MiB that no worker has taken; nil where that is not counted.
  private var memory: [String: Int?]

  init(_ pool: PoolSettings) {
    devices = pool.devices.map(\.name)
    memory = Dictionary(pool.devices.map { ($0.name, $0.memory) }) { first, _ in first }
  }

  func read(_ section: Section, into workers: inout WorkerSettings) {
    workers.asr = providers(.asr, of: section)
    workers.llm = providers(.llm, of: section)
    workers.tts = providers(.tts, of: section)
    workers.endOfTurn = providers(.endOfTurn, of: section)
  }

  private func providers(_ kind: Kind, of section: Section) -> [ProviderSettings] {
    let isOptional = kind == .endOfTurn
    let value = isOptional ? section.present(kind.rawValue) : section.required(kind.rawValue)
    guard let value, let list = value.list() else { return [] }
    if list.isEmpty, !isOptional { value.report("needs at least one worker") }
    var providers: [ProviderSettings] = []
    for element in list {
      element.section { section in
        if let provider = self.provider(kind, section) { providers.append(provider) }
      }
    }
    return providers
  }

  private func provider(_ kind: Kind, _ section: Section) -> ProviderSettings? {
    let name = section.required("name")?.name()
    if let name, !names.insert(name).inserted {
      section.report("name", "there is already a worker \(name)")
    }
    let wireProtocol = section.required("protocol")?.choice(of: kind.protocols)
    // With stand-ins for what is missing, the rest of the entry is checked all the same.
    var provider = ProviderSettings(name: name ?? "?", wireProtocol: wireProtocol ?? kind.protocols[0])
    switch kind {
    case .asr: readRecognizer(section, into: &provider)
    case .llm: readLanguageModel(section, into: &provider)
    case .tts: readSynthesizer(section, into: &provider)
    case .endOfTurn: break
    }
    section.section("deadlines") { read($0, into: &provider.deadlines) }
    // Of those that hear the end of a turn only the first is asked.
    if kind != .endOfTurn {
      if let weight = section.present("weight")?.number(in: 0.001...1000) { provider.weight = weight }
      section.section("breaker") { BreakerReader.read($0, into: &provider.breaker) }
      readSlots(section, into: &provider)
    }
    readConnection(section, of: wireProtocol, into: &provider)
    return name == nil || wireProtocol == nil ? nil : provider
  }

  private func readSlots(_ section: Section, into provider: inout ProviderSettings) {
    section.integer("slots", 1...65_535, into: &provider.slots)
    section.integer("cancel_latency_ms", 0...60_000, into: &provider.cancelLatency)
    section.integer("memory_mb", 0...1_073_741_824, into: &provider.memory)
    section.text("device", into: &provider.device)
    if devices.contains(provider.name) { section.report("name", "there is a device of this name") }
    if let instances = section.present("instances") { return readInstances(instances, into: &provider) }
    if provider.slots == nil {
      for key in ["device", "cancel_latency_ms", "memory_mb"] where section.present(key) != nil {
        section.report(key, "goes with slots")
      }
    }
    place(on: provider.device, provider.memory, section)
  }

  /// Servers of one provider. What they do not say is as the provider has it.
  private func readInstances(_ value: Value, into provider: inout ProviderSettings) {
    guard let list = value.list() else { return }
    if !(1...64).contains(list.count) { value.report("has \(list.count) entries", allowed: "1 to 64") }
    for element in list.prefix(64) {
      element.section { section in
        let url = address(section, of: provider.wireProtocol)
        var slots = provider.slots
        section.integer("slots", 1...65_535, into: &slots)
        if slots == nil {
          section.report("slots", "is missing: the calls that it takes at once, here or once for all beside instances")
        }
        var instance = InstanceSettings(
          url: url ?? "", device: provider.device, slots: slots ?? 1, memory: provider.memory)
        section.text("device", into: &instance.device)
        section.integer("memory_mb", 0...1_073_741_824, into: &instance.memory)
        place(on: instance.device, instance.memory, section)
        if let url, provider.instances.contains(where: { $0.url == url }) {
          section.report("url", "is an instance already: give it more slots instead")
        }
        provider.instances.append(instance)
      }
    }
  }

  /// Takes memory of a device.
  private func place(on device: String?, _ needed: Int, _ section: Section) {
    guard let device else { return }
    guard devices.contains(device) else {
      return section.report(
        "device", "there is no device \(device.excerpt())", allowed: devices.joined(separator: ", "))
    }
    guard let left = memory[device] ?? nil else { return }
    memory[device] = left - needed
    if left < needed { section.report("memory_mb", "is more than \(device) has left") }
  }

  private func readRecognizer(_ section: Section, into provider: inout ProviderSettings) {
    section.text("model", into: &provider.model)
    if provider.wireProtocol == .openai {
      section.text("api_key", into: &provider.apiKey)
      section.boolean("stream", into: &provider.streams)
    } else if let partials = section.present("partials")?.choice(of: ProviderSettings.Partials.allCases) {
      provider.partials = partials
    }
  }

  private func readLanguageModel(_ section: Section, into provider: inout ProviderSettings) {
    section.text("model", into: &provider.model)
    section.text("api_key", into: &provider.apiKey)
    if let tools = section.present("tools")?.choice(of: ProviderSettings.ToolUse.allCases) { provider.tools = tools }
  }

  private func readSynthesizer(_ section: Section, into provider: inout ProviderSettings) {
    section.text("model", into: &provider.model)
    section.text("voice", into: &provider.voice)
    guard provider.wireProtocol == .openai else { return }
    section.text("api_key", into: &provider.apiKey)
    if let format = section.present("response_format")?.choice(of: ProviderSettings.AudioResponse.allCases) {
      provider.responseFormat = format
    }
    section.integer("sample_rate", 8000...48_000, into: &provider.sampleRate)
    if provider.responseFormat != .pcm, section.value("sample_rate") != nil {
      section.report("sample_rate", "goes with response_format: pcm only; the others tell it themselves")
    }
  }

  private func readConnection(
    _ section: Section, of wireProtocol: ProviderSettings.WireProtocol?, into provider: inout ProviderSettings
  ) {
    if wireProtocol == .espeak {
      for key in ["url", "process", "instances"] where section.value(key) != nil {
        section.report(key, "does not go with espeak, which is a command run for each sentence")
      }
      return
    }
    if provider.instances.isEmpty {
      provider.url = address(section, of: wireProtocol)
    } else if section.value("url") != nil {
      section.report("url", "does not go with instances, which have a url each: make it one of them")
    }
    if let value = section.value("process"), !provider.instances.isEmpty {
      value.report("starts one worker, so it goes with url and not with instances: make it a provider of its own")
    }
    section.section("process") { provider.process = process($0) }
  }

  private func address(_ section: Section, of wireProtocol: ProviderSettings.WireProtocol?) -> String? {
    guard let url = section.required("url"), let wireProtocol, let text = url.text() else { return nil }
    if WorkerAddress.isValid(text, for: wireProtocol) { return text }
    // Not shown: an address may hold a password.
    url.report("is not an address of a worker", allowed: WorkerAddress.allowed(for: wireProtocol))
    return nil
  }

  private func read(_ section: Section, into deadlines: inout Deadlines) {
    section.integer("connect_ms", 10...60_000, into: &deadlines.connect)
    section.integer("first_result_ms", 50...300_000, into: &deadlines.firstResult)
    section.integer("gap_ms", 50...300_000, into: &deadlines.gap)
  }

  private func process(_ section: Section) -> ProcessSettings {
    var process = ProcessSettings(command: [])
    if let command = section.required("command"), let words = command.texts() {
      process.command = words
      if words.first?.isEmpty ?? true {
        command.report("has no program", allowed: "[PROGRAM, ARGUMENT, ...]")
      }
      if words.contains(where: { $0.utf8.contains(0) }) { command.report("has a NUL character") }
    }
    section.section("environment") { environment in
      for name in environment.keys {
        guard let value = environment.value(name), let text = value.text() else { continue }
        if name.isEmpty || name.contains("=") || name.utf8.contains(0) || text.utf8.contains(0) {
          value.report("is not an environment variable")
        }
        process.environment[name] = text
      }
    }
    section.integer("ready_timeout_s", 1...3600, into: &process.readyTimeoutSeconds)
    return process
  }
}

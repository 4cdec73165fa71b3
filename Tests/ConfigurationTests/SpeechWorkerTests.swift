import Testing
import VivaConfiguration

/// OpenAI's speech workers, and those that hear the end of a turn.
@Suite struct SpeechWorkerTests {
  let folder = ConfigurationFolder()

  private func workers(asr: String? = nil, tts: String? = nil, endOfTurn: String? = nil) -> String {
    """
    workers:
      llm: [{ name: mind, protocol: openai, url: "http://127.0.0.1:2/v1" }]
      asr: [\(asr ?? "{ name: ear, protocol: wyoming, url: 'tcp://127.0.0.1:1' }")]
      tts: [\(tts ?? "{ name: mouth, protocol: espeak }")]
      \(endOfTurn.map { "end_of_turn: \($0)" } ?? "")
    """
  }

  @Test("a provider may have a weight and a breaker of its own")
  func readsBreakers() throws {
    let ear = "{ name: ear, protocol: wyoming, url: 'tcp://127.0.0.1:1', weight: 0.7, breaker: "
    let asr = try folder.load(
      workers(
        asr: ear + "{ consecutive_failures: 0, wait_duration_in_open_state_s: 5, failure_rate_threshold: 30 } }")
    ).workers.asr[0]
    #expect(asr.weight == 0.7)
    var breaker = BreakerOptions()
    breaker.consecutiveFailures = 0
    breaker.waitDurationInOpenState = 5
    breaker.failureRateThreshold = 30
    #expect(asr.breaker == breaker)
    #expect(folder.problems(workers(asr: ear + "{ failure_rate_threshold: 300 } }")).count == 1)
    #expect(folder.problems(workers(asr: ear + "{ opens: 1 } }")).count == 1)
    #expect(folder.problems(workers(endOfTurn: "[{ name: e, protocol: http, url: 'http://h', weight: 1 }]")).count == 1)
  }

  @Test("workers may have slots, on devices of the pool")
  func readsThePool() throws {
    let pool = """

      pool:
        preemption: false
        devices:
          - { name: gpu0, role: real-time, memory_mb: 8000 }
          - { name: gpu1 }
      """
    let ear = "{ name: ear, protocol: wyoming, url: 'tcp://127.0.0.1:1', "
    let settings = try folder.load(
      workers(asr: ear + "slots: 3, device: gpu0, memory_mb: 8000, cancel_latency_ms: 5 }") + pool)
    #expect(!settings.pool.preemption)
    #expect(settings.pool.devices.map(\.name) == ["gpu0", "gpu1"])
    #expect(settings.pool.devices.map(\.role) == [.realTime, .mixed])
    let asr = settings.workers.asr[0]
    #expect(asr.slots == 3 && asr.device == "gpu0" && asr.memory == 8000 && asr.cancelLatency == 5)
    #expect(
      folder.problems(workers(asr: ear + "slots: 1, device: gpu7 }") + pool) == [
        "viva.yaml:3: workers.asr[0].device: there is no device gpu7; allowed: gpu0, gpu1"
      ])
    for wrong in ["device: gpu0 }", "slots: 1, device: gpu0, memory_mb: 9000 }", "slots: 0 }"] {
      #expect(folder.problems(workers(asr: ear + wrong) + pool).count == 1)
    }
    #expect(folder.problems(workers(asr: ear + "slots: 1 }") + pool.replacing("gpu1", with: "gpu0")).count == 1)
    #expect(folder.problems(workers(asr: ear + "slots: 1 }") + pool.replacing("gpu1", with: "ear")).count == 1)
  }

  @Test("a provider may have several instances, which say what they do not have in common")
  func readsInstances() throws {
    let pool = """

      pool: { devices: [{ name: gpu0, memory_mb: 9000 }, { name: gpu1 }] }
      """
    let ear = "{ name: ear, protocol: wyoming, "
    func settings(_ entry: String) -> String { workers(asr: ear + entry) + pool }
    let shared = "slots: 3, device: gpu0, memory_mb: 4000, instances: [{ url: 'tcp://h:1' }, "
    let asr = try folder.load(settings(shared + "{ url: 'tcp://h:2', slots: 5, device: gpu1 }] }")).workers.asr[0]
    #expect(
      asr.instances == [
        .init(url: "tcp://h:1", device: "gpu0", slots: 3, memory: 4000),
        .init(url: "tcp://h:2", device: "gpu1", slots: 5, memory: 4000),
      ])
    #expect(asr.url == nil && asr.atInstances.map(\.name) == ["ear/1", "ear/2"])
    #expect(asr.atInstances.map(\.settings.url) == ["tcp://h:1", "tcp://h:2"])
    let path = "viva.yaml:3: workers.asr[0]"
    let wrong = [
      "instances: [{ url: 'tcp://h:1' }] }":
        "\(path).instances[0].slots: is missing: the calls that it takes at once, here or once for all beside instances",
      "slots: 1, instances: [] , url: 'tcp://h:1' }": "\(path).instances: has 0 entries; allowed: 1 to 64",
      "slots: 1, url: 'tcp://h:9', instances: [{ url: 'tcp://h:1' }] }":
        "\(path).url: does not go with instances, which have a url each: make it one of them",
      "slots: 1, instances: [{ url: 'tcp://h:1' }], process: { command: [a] } }":
        "\(path).process: starts one worker, so it goes with url and not with instances: make it a provider of its own",
      "slots: 1, instances: [{ url: 'tcp://h:1' }, { url: 'tcp://h:1' }] }":
        "\(path).instances[1].url: is an instance already: give it more slots instead",
      "slots: 1, instances: [{ url: 'http://h' }] }":
        "\(path).instances[0].url: is not an address of a worker; allowed: tcp://HOST:PORT",
      "slots: 1, instances: [{ url: 'tcp://h:1', device: gpu7 }] }":
        "\(path).instances[0].device: there is no device gpu7; allowed: gpu0, gpu1",
      shared + "{ url: 'tcp://h:2', memory_mb: 6000 }] }":
        "\(path).instances[1].memory_mb: is more than gpu0 has left",
    ]
    for (entry, problem) in wrong { #expect(folder.problems(settings(entry)) == [problem]) }
  }

  @Test("recognisers may speak OpenAI's protocol")
  func readsOpenAIRecognizers() throws {
    let url = "url: 'https://h/v1'"
    let asr = try folder.load(
      workers(
        asr: "{ name: a, protocol: openai, \(url), model: m, api_key: key, stream: false }, "
          + "{ name: b, protocol: openai, \(url) }")
    ).workers.asr
    #expect(asr.map(\.wireProtocol) == [.openai, .openai])
    #expect(asr.map(\.model) == ["m", nil] && asr.map(\.apiKey) == ["key", nil])
    #expect(asr.map(\.streams) == [false, true])
  }

  @Test("voices may speak OpenAI's protocol")
  func readsOpenAIVoices() throws {
    let common = "protocol: openai, url: 'https://h/v1'"
    let tts = try folder.load(
      workers(
        tts: "{ name: a, \(common), model: m, voice: v, api_key: key, sample_rate: 8000 }, "
          + "{ name: b, \(common), response_format: opus }, { name: c, \(common), response_format: wav }")
    ).workers.tts
    #expect(tts.map(\.responseFormat) == [.pcm, .opus, .wav])
    #expect(tts.map(\.sampleRate) == [8000, 24_000, 24_000])
    #expect(tts.first?.model == "m" && tts.first?.voice == "v" && tts.first?.apiKey == "key")
  }

  @Test("mistakes in them are named")
  func namesMistakes() {
    let common = "protocol: openai, url: 'https://h/v1'"
    #expect(
      folder.problems(workers(asr: "{ name: a, \(common), stream: maybe, partials: whole }")) == [
        "viva.yaml:3: workers.asr[0].stream: maybe is neither true nor false; allowed: true, false",
        "viva.yaml:3: workers.asr[0].partials: is not a known key; "
          + "allowed: name, protocol, model, api_key, stream, deadlines, weight, breaker, slots, cancel_latency_ms, memory_mb, device, "
          + "instances, url, process",
      ])
    #expect(
      folder.problems(
        workers(
          tts: "{ name: a, \(common), response_format: mp3, sample_rate: 7999 }, "
            + "{ name: b, \(common), response_format: opus, sample_rate: 24000 }")) == [
          "viva.yaml:4: workers.tts[0].response_format: mp3 is not one of the choices; allowed: pcm, opus, wav",
          "viva.yaml:4: workers.tts[0].sample_rate: 7999 is out of range; allowed: 8000 to 48000",
          "viva.yaml:4: workers.tts[1].sample_rate: goes with response_format: pcm only; "
            + "the others tell it themselves",
        ])
    #expect(
      folder.problems(workers(tts: "{ name: a, protocol: wyoming, url: 'tcp://h:1', sample_rate: 16000 }")) == [
        "viva.yaml:4: workers.tts[0].sample_rate: is not a known key; "
          + "allowed: name, protocol, model, voice, deadlines, weight, breaker, slots, cancel_latency_ms, memory_mb, device, "
          + "instances, url, process"
      ])
    #expect(
      folder.problems(workers(tts: "{ name: a, protocol: http, url: 'http://h' }")) == [
        "viva.yaml:4: workers.tts[0].protocol: http is not one of the choices; allowed: wyoming, openai, espeak"
      ])
  }

  @Test("workers for the end of a turn are optional")
  func readsEndOfTurn() throws {
    let settings = try folder.load(
      workers(endOfTurn: "[{ name: end, protocol: http, url: 'http://127.0.0.1:3', process: { command: [run] } }]"))
    let worker = try #require(settings.workers.endOfTurn.first)
    #expect(worker.wireProtocol == .http && worker.url == "http://127.0.0.1:3")
    #expect(worker.process?.command == ["run"])
    #expect(try folder.load(workers()).workers.endOfTurn.isEmpty)
    #expect(try folder.load(workers(endOfTurn: "[]")).workers.endOfTurn.isEmpty)
  }

  @Test(
    "their address is a host and a port",
    arguments: ["http://h/v1", "tcp://h:1", "https://u:p@h", "http://h:0", "h:1"])
  func judgesAddresses(url: String) {
    #expect(
      folder.problems(workers(endOfTurn: "[{ name: end, protocol: http, url: '\(url)' }]")) == [
        "viva.yaml:5: workers.end_of_turn[0].url: is not an address of a worker; "
          + "allowed: http://HOST:PORT or https://HOST"
      ])
  }

  @Test("their names are unique over all kinds, and http is their only protocol")
  func sharesTheNamesOfAll() {
    #expect(
      folder.problems(workers(endOfTurn: "[{ name: ear, protocol: http, url: 'http://h' }]")) == [
        "viva.yaml:5: workers.end_of_turn[0].name: there is already a worker ear"
      ])
    #expect(
      folder.problems(workers(endOfTurn: "[{ name: end, protocol: openai, url: 'http://h' }]")) == [
        "viva.yaml:5: workers.end_of_turn[0].protocol: openai is not one of the choices; allowed: http"
      ])
  }
}

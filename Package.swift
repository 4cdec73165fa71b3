// swift-tools-version: 6.2
import PackageDescription

// The house, floors lowest first (ARCHITECTURE.md). A module imports only floors below its own;
// this file is what enforces it.
let package = Package(
  name: "Viva",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "viva", targets: ["viva"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    // Floor 0: C, as the distribution ships it.
    .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
    .systemLibrary(
      name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
    .systemLibrary(name: "CSpeexDSP", pkgConfig: "speexdsp", providers: [.apt(["libspeexdsp-dev"])]),
    // No pkgConfig: its flags are for headers that are not used here, and SwiftPM warns of them in every build.
    .systemLibrary(name: "CWebRTCVAD", providers: [.apt(["libwebrtc-audio-processing-dev"])]),
    .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(name: "COgg", pkgConfig: "ogg", providers: [.apt(["libogg-dev"])]),
    .systemLibrary(name: "CSonic", providers: [.apt(["libsonic-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
    .systemLibrary(name: "CUsrSCTP", pkgConfig: "usrsctp", providers: [.apt(["libusrsctp-dev"])]),

    // Floor 1: no sessions, no sockets to clients.
    .target(name: "Runtime", dependencies: ["CLinux"]),
    .target(name: "Telemetry", dependencies: [.product(name: "Logging", package: "swift-log")]),
    .target(name: "Audio", dependencies: ["Runtime", "CSpeexDSP", "CWebRTCVAD", "COpus", "COgg", "CSonic"]),
    .target(name: "Media", dependencies: ["Runtime", "COpenSSL", "CSRTP", "CUsrSCTP"]),
    .target(name: "Realtime"),
    .target(  // not plain "Configuration": a dependency of a dependency has that name
      name: "VivaConfiguration", dependencies: [.product(name: "Yams", package: "Yams")],
      path: "Sources/Configuration"),
    .target(name: "Resilience", dependencies: ["Runtime"]),
    .target(name: "Scheduling", dependencies: ["Runtime"]),
    .target(name: "Signing", dependencies: ["COpenSSL"]),

    // Floor 2: what Viva talks to.
    .target(
      name: "Workers",
      dependencies: [
        "CLinux", "Runtime", "Telemetry", "Audio", "VivaConfiguration", "Resilience", "Scheduling", "Signing",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Checkpoints", dependencies: ["Runtime", "Signing", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(
      name: "Webhooks",
      dependencies: [
        "Runtime", "Telemetry", "VivaConfiguration", "Resilience", "Signing",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Floor 3: the conversation.
    .target(
      name: "Sessions",
      dependencies: [
        "Runtime", "Telemetry", "Audio", "Realtime", "Resilience", "VivaConfiguration", "Workers", "Checkpoints",
        "Webhooks",
      ]),

    .target(name: "Rooms", dependencies: ["Runtime", "Realtime", "Sessions"]),

    // Floor 4: the front door.
    .target(
      name: "Gateway",
      dependencies: [
        "CWebSockets", "COpenSSL", "Runtime", "Telemetry", "Audio", "Media", "Realtime", "VivaConfiguration",
        "Resilience", "Scheduling", "Signing", "Workers", "Sessions", "Rooms",
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.copy("Page")]),

    // Floor 5: composition, nothing else.
    .executableTarget(
      name: "viva",
      dependencies: [
        "Gateway", "Sessions", "Workers", "Webhooks", "Checkpoints", "VivaConfiguration", "Resilience", "Telemetry",
        "Runtime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Used by Tests and loadtest only.
    .target(
      name: "VivaTesting",
      dependencies: [
        "Runtime", "Audio", "Media", "Realtime", "Workers",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ]),
    .executableTarget(
      name: "viva-load",
      dependencies: [
        "Audio", "Media", "Realtime", "Runtime", "VivaTesting",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "loadtest/viva-load"),
    .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
    .executableTarget(
      name: "viva-bench",
      dependencies: [
        "CAllocations", "CLinux", "COpus", "CSRTP", "Audio", "Media", "Runtime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/viva-bench"),
    .target(
      name: "SchedulingSimulation", dependencies: ["Runtime", "Scheduling"], path: "Benchmarks/SchedulingSimulation"),
    .executableTarget(
      name: "viva-scheduler",
      dependencies: ["CAllocations", "CLinux", "Runtime", "Scheduling", "SchedulingSimulation"],
      path: "Benchmarks/viva-scheduler"),

    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio", "Runtime"]),
    .testTarget(name: "MediaTests", dependencies: ["Media", "Runtime", "VivaTesting"], exclude: ["SDP/Offers"]),
    .testTarget(name: "RealtimeTests", dependencies: ["Realtime"]),
    .testTarget(name: "ResilienceTests", dependencies: ["Resilience", "Runtime"]),
    .testTarget(name: "SchedulingTests", dependencies: ["Runtime", "Scheduling", "SchedulingSimulation"]),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: ["Checkpoints", "Runtime", .product(name: "GRDB", package: "GRDB.swift")]),
    .testTarget(name: "ConfigurationTests", dependencies: ["VivaConfiguration"]),
    .testTarget(name: "SigningTests", dependencies: ["Signing"]),
    .testTarget(name: "WebhooksTests", dependencies: ["Webhooks", "Signing", "VivaTesting"]),
    .testTarget(name: "LoadTests", dependencies: ["VivaTesting", "Audio", "Media", "Realtime", "Runtime"]),
    .testTarget(
      name: "WorkersTests", dependencies: ["Workers", "Audio", "Resilience", "Runtime", "Scheduling", "VivaTesting"]),
    .testTarget(
      name: "SessionsTests",
      dependencies: ["Sessions", "Workers", "Checkpoints", "Resilience", "VivaConfiguration", "VivaTesting"]),
    .testTarget(
      name: "RoomsTests",
      dependencies: [
        "Rooms", "Sessions", "Workers", "Checkpoints", "Realtime", "Runtime", "Telemetry", "VivaConfiguration",
      ]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "COpenSSL", "Gateway", "Sessions", "Workers", "Checkpoints", "Realtime", "Resilience", "Runtime", "Audio",
        "Media",
        "VivaConfiguration", "VivaTesting",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// MARK: Fuzzing

// scripts/fuzz sets FUZZ to libFuzzer's runtime. Then the package is the modules that read bytes of strangers, without
// their files that need sockets, instrumented for coverage and for AddressSanitizer; and Fuzz/, which feeds them.
if let libFuzzer = Context.environment["FUZZ"] {
  /// A module's files; nil is all of them.
  let fuzzed: [String: [String]?] = [
    "Runtime": nil, "Audio": nil, "Media": nil, "Realtime": nil, "VivaConfiguration": nil, "Resilience": nil,
    "Signing": nil, "Checkpoints": ["CheckpointStore.swift", "VolatileCheckpointStore.swift"],
    "Workers": [
      "LanguageModel.swift", "SpeechRecognizer.swift", "SpeechSynthesizer.swift", "WorkerError.swift",
      "OpenAI/ChatCompletionReader.swift", "OpenAI/MediaType.swift", "OpenAI/OggOpusSpeech.swift",
      "OpenAI/OpenAIError.swift", "OpenAI/ServerSentEvents.swift", "OpenAI/SpeechReplyReader.swift",
      "OpenAI/TranscriptionReader.swift", "Providers/JSONValue.swift", "Providers/PCMReader.swift",
      "Providers/Trimming.swift", "Providers/WAVReader.swift", "Tools/ToolCaller.swift", "Tools/ToolFailure.swift",
      "Tools/ToolMessage.swift",
      "Tools/ToolReply.swift", "Wyoming/WyomingEvent.swift", "Wyoming/WyomingInfo.swift",
      "Wyoming/WyomingParser.swift",
    ],
    "Sessions": [
      "Client", "Ladder", "Responses", "State", "Turns", "Retry.swift", "SessionAction.swift", "SessionCore.swift",
      "Shell/SessionRequest.swift",
    ],
    "Gateway": [
      "Admission", "Keys", "FrontDoor/HTTPRequest.swift", "FrontDoor/HTTPResponse.swift", "FrontDoor/ListenerID.swift",
      "FrontDoor/MessageAssembler.swift", "FrontDoor/OutboundQueue.swift", "FrontDoor/RequestReader.swift",
      "FrontDoor/UpgradeCheck.swift", "HTTP/ErrorResponses.swift", "HTTP/MultipartForm.swift",
      "HTTP/OriginPolicy.swift", "HTTP/Route.swift", "Calls/CallBody.swift",
    ],
  ]
  let libraries: Set = ["NIOCore", "Yams"]
  let instrumentation: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library", "-O"])]

  package.products = []
  package.targets.removeAll { $0.type != .system && $0.name != "CLinux" && fuzzed[$0.name] == nil }
  let names = Set(package.targets.map(\.name))
  for target in package.targets where fuzzed[target.name] != nil {
    target.sources = fuzzed[target.name] ?? nil
    target.resources = nil
    target.swiftSettings = instrumentation
    target.dependencies.removeAll { dependency in
      switch dependency {
      case .byNameItem(let name, _): !names.contains(name)
      case .productItem(let name, _, _, _): !libraries.contains(name)
      default: false
      }
    }
  }
  package.targets.append(
    .executableTarget(
      name: "viva-fuzz",
      dependencies: fuzzed.keys.sorted().map { .byName(name: $0) } + [
        "COgg", .product(name: "NIOCore", package: "swift-nio"),
      ],
      path: "Fuzz/viva-fuzz", swiftSettings: instrumentation,
      linkerSettings: [.unsafeFlags(["-sanitize=address", libFuzzer, "-lstdc++"])]))
}

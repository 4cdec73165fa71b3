// swift-tools-version: 6.1
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
  ],
  targets: [
    // Floor 0: C, as the distribution ships it.
    .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
    .systemLibrary(
      name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
    .systemLibrary(name: "CSpeexDSP", pkgConfig: "speexdsp", providers: [.apt(["libspeexdsp-dev"])]),
    .systemLibrary(
      name: "CWebRTCVAD", pkgConfig: "webrtc-audio-processing",
      providers: [.apt(["libwebrtc-audio-processing-dev"])]),
    .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(name: "COgg", pkgConfig: "ogg", providers: [.apt(["libogg-dev"])]),
    .systemLibrary(name: "CSonic", providers: [.apt(["libsonic-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

    // Floor 1: no sessions, no sockets to clients.
    .target(name: "Runtime", dependencies: ["CLinux"]),
    .target(name: "Telemetry", dependencies: [.product(name: "Logging", package: "swift-log")]),
    .target(name: "Audio", dependencies: ["CSpeexDSP", "CWebRTCVAD", "COpus", "COgg", "CSonic"]),
    .target(name: "Realtime"),
    .target(  // not plain "Configuration": a dependency of a dependency has that name
      name: "VivaConfiguration", dependencies: [.product(name: "Yams", package: "Yams")],
      path: "Sources/Configuration"),
    .target(name: "Resilience", dependencies: ["Runtime"]),
    .target(name: "Signing", dependencies: ["COpenSSL"]),

    // Floor 2: what Viva talks to.
    .target(
      name: "Workers",
      dependencies: [
        "CLinux", "Runtime", "Telemetry", "Audio", "VivaConfiguration", "Resilience", "Signing",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "Checkpoints", dependencies: ["Runtime"]),
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

    // Floor 4: the front door.
    .target(
      name: "Gateway",
      dependencies: [
        "CWebSockets", "COpenSSL", "Runtime", "Telemetry", "Realtime", "VivaConfiguration", "Resilience", "Signing",
        "Sessions",
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.copy("Page")]),

    // Floor 5: composition, nothing else.
    .executableTarget(
      name: "viva",
      dependencies: [
        "Gateway", "Sessions", "Workers", "Webhooks", "Checkpoints", "VivaConfiguration", "Telemetry", "Runtime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Used by Tests and loadtest only.
    .target(
      name: "VivaTesting",
      dependencies: [
        "Runtime", "Audio", "Realtime", "Workers",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ]),
    .executableTarget(
      name: "viva-load",
      dependencies: [
        "Runtime", "VivaTesting", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "loadtest/viva-load"),

    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio"]),
    .testTarget(name: "RealtimeTests", dependencies: ["Realtime"]),
    .testTarget(name: "ResilienceTests", dependencies: ["Resilience", "Runtime"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["VivaConfiguration"]),
    .testTarget(name: "SigningTests", dependencies: ["Signing"]),
    .testTarget(name: "WebhooksTests", dependencies: ["Webhooks", "Signing", "VivaTesting"]),
    .testTarget(name: "WorkersTests", dependencies: ["Workers", "Audio", "VivaTesting"]),
    .testTarget(
      name: "SessionsTests", dependencies: ["Sessions", "Workers", "Checkpoints", "VivaConfiguration", "VivaTesting"]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "COpenSSL", "Gateway", "Sessions", "Workers", "Checkpoints", "Realtime", "Resilience", "Runtime",
        "VivaConfiguration", "VivaTesting",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

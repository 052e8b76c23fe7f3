// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
// Targets in floor order: what stands below never imports what stands above.
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
]

/// The pure floors touch no pointer without saying so; the floors that wrap C would drown in it.
let pure: [SwiftSetting] =
  strict + [
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
  ]

/// libFuzzer's program, for `scripts/fuzz` alone: it links only with the sanitizers.
let fuzzer: [Target] =
  Context.environment["STARLING_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "starling-fuzz", dependencies: ["Fuzzing"], path: "Fuzz/Runner",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

let package = Package(
  name: "starling",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "starling", targets: ["starling"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.5.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(
      name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(
      name: "COpusFile", pkgConfig: "opusfile", providers: [.apt(["libopusfile-dev"])]),
    .systemLibrary(
      name: "COpusEnc", pkgConfig: "libopusenc", providers: [.apt(["libopusenc-dev"])]),
    .systemLibrary(
      name: "CSpeexDSP", pkgConfig: "speexdsp", providers: [.apt(["libspeexdsp-dev"])]),
    .systemLibrary(
      name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
    .systemLibrary(
      name: "CMiniUPnP", pkgConfig: "miniupnpc", providers: [.apt(["libminiupnpc-dev"])]),
    .systemLibrary(name: "CNATPMP", providers: [.apt(["libnatpmp-dev"])]),
    .systemLibrary(name: "CLinux"),

    .target(name: "Wire", swiftSettings: pure),
    .target(name: "Keys", dependencies: ["CSodium", "Wire"], swiftSettings: strict),
    .target(
      name: "Mesh",
      dependencies: [
        "Wire", "Keys",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: pure),
    .target(
      name: "Quantum",
      dependencies: ["Mesh", "Keys", "Wire", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(
      name: "Voice", dependencies: ["COpus", "COpusFile", "COpusEnc", "CSpeexDSP"],
      swiftSettings: strict),
    .target(
      name: "Node",
      dependencies: [
        "Mesh", "Voice", "Keys", "Wire", "CLinux",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(name: "Simulator", dependencies: ["Mesh", "Keys", "Wire"], swiftSettings: pure),
    .target(
      name: "Page",
      dependencies: [
        "Node", "Keys", "Wire",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
      ],
      resources: [.embedInCode("Web")],
      swiftSettings: strict),
    .target(
      name: "Reach",
      dependencies: [
        "Keys", "Wire",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .target(
      name: "Forwarding", dependencies: ["CMiniUPnP", "CNATPMP", "Wire"], swiftSettings: strict),
    .executableTarget(
      name: "starling",
      dependencies: [
        "Page", "Reach", "Forwarding", "Node", "Simulator", "Voice", "Quantum", "Mesh", "Keys",
        "Wire", "CLinux",
        "CQREncode",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: strict),
    .testTarget(name: "KeysTests", dependencies: ["Keys", "Wire"], swiftSettings: strict),
    .testTarget(
      name: "MeshTests",
      dependencies: [
        "Mesh", "Keys", "Wire",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .testTarget(name: "VoiceTests", dependencies: ["Voice"], swiftSettings: strict),
    .testTarget(
      name: "NodeTests",
      dependencies: [
        "Node", "Mesh", "Keys", "Wire", .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: strict),
    .testTarget(
      name: "PageTests",
      dependencies: [
        "Page", "Node", "Mesh", "Keys", "Wire",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReachTests",
      dependencies: [
        "Reach", "Keys", "Wire",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ForwardingTests", dependencies: ["Forwarding", "Wire"], swiftSettings: strict),
    .testTarget(
      name: "SimulatorTests", dependencies: ["Simulator", "Mesh", "Keys", "Wire"],
      swiftSettings: strict),
    .testTarget(
      name: "StarlingTests", dependencies: ["starling", "Node", "Simulator"],
      swiftSettings: strict),
    .testTarget(
      name: "QuantumTests",
      dependencies: [
        "Quantum", "Mesh", "Keys", "Wire", .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),

    // What a fuzzer does with bytes; the tests replay its corpora through the same functions.
    .target(
      name: "Fuzzing", dependencies: ["Node", "Voice", "Mesh", "Keys", "Wire"],
      path: "Fuzz/Fuzzing", swiftSettings: strict),
    .testTarget(
      name: "FuzzingTests", dependencies: ["Fuzzing"], swiftSettings: strict),
  ] + fuzzer
)

// Measuring programs are not part of an ordinary build.
if Context.environment["STARLING_BENCH"] != nil {
  package.targets.append(
    .executableTarget(
      name: "RelayBench",
      dependencies: [
        "Node", "Mesh", "Keys", "Wire", .product(name: "Logging", package: "swift-log"),
      ],
      path: "Benchmarks/relay", swiftSettings: strict))
}

// The protocol and its simulator alone, without SwiftNIO and BoringSSL: built, tested in seconds.
//     STARLING_CORE=1 swift test --scratch-path .build-core
if Context.environment["STARLING_CORE"] != nil {
  let core: Set = [
    "CSodium", "Wire", "Keys", "Mesh", "Simulator", "WireTests", "KeysTests", "MeshTests",
    "SimulatorTests", "TidyTests",
  ]
  package.targets.removeAll { !core.contains($0.name) }
  package.products = []
  package.dependencies = [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
  ]
}

import Foundation

/// What one target may import, and why each of them is worth the arrow.
struct ImportRow {
  let target: String
  let allowed: [String: String]

  static let table = [
    ImportRow(target: "Wire", allowed: [:]),
    ImportRow(
      target: "Keys",
      allowed: [
        "CSodium": "the only place that calls libsodium",
        "Wire": "ids and bytes",
        "Synchronization": "one-time start-up and the arena's lock",
        "Glibc": "mlock, core-dump limits, the identity file",
        "Darwin": "the same on macOS",
      ]),
    ImportRow(
      target: "Mesh",
      allowed: [
        "Wire": "messages and ids",
        "Keys": "sealing and signing",
        "OrderedCollections": "the same order in every process",
      ]),
    ImportRow(
      target: "Quantum",
      allowed: [
        "Crypto": "ML-KEM", "Mesh": "the protocol it answers to",
        "Keys": "secrets in locked memory", "Wire": "sizes",
      ]),
    ImportRow(
      target: "Voice",
      allowed: [
        "COpus": "the codec",
        "COpusFile": "reading Opus files",
        "COpusEnc": "writing Opus files",
        "CSpeexDSP": "resampling",
        "Glibc": "files and pipes",
        "Darwin": "the same on macOS",
        "Musl": "the same on Alpine",
      ]),
    ImportRow(
      target: "Simulator",
      allowed: [
        "Wire": "addresses, and the payload of frames",
        "Keys": "entropy from a seed, room for many secrets",
        "Mesh": "the participants it drives",
      ]),
    ImportRow(target: "Node", allowed: node),
    ImportRow(
      target: "Page",
      allowed: [
        "Node": "the control socket's words",
        "Keys": "entropy for the key",
        "Wire": "addresses, base64url",
        "NIOCore": "channels", "NIOPosix": "sockets", "NIOHTTP1": "HTTP",
        "NIOWebSocket": "WebSockets",
        "NIOSSL": "TLS for other devices",
        "Crypto": "the key of their certificate", "X509": "making it", "SwiftASN1": "writing it",
        "FoundationEssentials": "its dates; never on the voice path",
        "Synchronization": "connections are counted on several threads",
      ]),
    ImportRow(
      target: "Reach",
      allowed: [
        "Wire": "addresses and messages of tunnels", "Keys": "SHA-256",
        "NIOCore": "channels", "NIOPosix": "sockets", "NIOHTTP1": "HTTP",
        "NIOWebSocket": "WebSockets", "NIOSSL": "TLS",
        "Synchronization": "connections are counted on several threads",
        "Glibc": "the files of the web site, the date",
      ]),
    ImportRow(
      target: "Forwarding",
      allowed: [
        "CMiniUPnP": "the only place that speaks UPnP", "CNATPMP": "and NAT-PMP",
        "Wire": "addresses", "Glibc": "waiting for a router's answer",
      ]),
    ImportRow(
      target: "starling",
      allowed: node.merging([
        "Node": "the node it runs", "Page": "its page", "Reach": "its tunnels",
        "Forwarding": "asking the router",
        "ArgumentParser": "the command line",
        "Simulator": "topologies", "Quantum": "ML-KEM for the node",
        "Synchronization": "tunnels that are open",
        "CQREncode": "links as pictures",
      ]) { kept, _ in kept }),
  ]

  private static let node = [
    "Mesh": "the participant it drives",
    "Voice": "samples to frames and back",
    "Keys": "opening the identity, entropy",
    "Wire": "ids in logs and state",
    "Logging": "notes become log lines here",
    "CLinux": "epoll and what else Glibc's own module leaves out",
    "Glibc": "sockets and files",
    "Darwin": "the same on macOS",
    "Foundation": "paths and dates for people; never on the voice path",
    "FoundationEssentials": "JSON of the control socket",
    "Synchronization": "counters read from another thread",
  ]
}

extension Rule {
  /// Arrows point down: a target imports only what its row names.
  static let imports = Rule(
    name: "imports",
    examples: [
      Example(path: "Sources/Wire/A.swift", caught: "import Foundation", passes: "struct A {}"),
      Example(path: "Sources/Mesh/A.swift", caught: "package import Voice", passes: "import Keys"),
      Example(
        path: "Sources/Mesh/A.swift", caught: "import struct Foundation.Date",
        passes: "package import OrderedCollections"),
      Example(path: "Sources/Voice/A.swift", caught: "import Mesh", passes: "import COpus"),
      Example(
        path: "Sources/Node/A.swift", caught: "import ArgumentParser", passes: "import Glibc"),
      Example(path: "Sources/New/A.swift", caught: "import Wire", passes: "struct A {}"),
    ]
  ) { file in
    guard let target = file.target, file.isSwift else { return [] }
    let row = ImportRow.table.first { $0.target == target }
    return importedModules(file).compactMap { line, module in
      guard row?.allowed[module] == nil else { return nil }
      let names = row?.allowed.keys.sorted().joined(separator: ", ") ?? ""
      return Finding(
        path: file.path, line: line, rule: "imports", message: "\(target) imports \(module)",
        replacement: row == nil
          ? "give \(target) a row in Rules/Imports.swift, with reasons"
          : names.isEmpty
            ? "\(target) imports nothing: move this to a floor above"
            : "\(target) may import \(names): move this to a floor above")
    }
  }

  /// `package` access makes `@testable` unnecessary: tests also run against a release build. Keys
  /// is tested from inside, for official vectors name values that no other target should ever
  /// see, and the simulator's parts, which no other target should use.
  static let testImports = Rule(
    name: "test-imports",
    examples: [
      Example(
        path: "Tests/MeshTests/A.swift", caught: "@testable import Mesh", passes: "import Mesh"),
      Example(path: "Tests/MeshTests/A.swift", caught: "import XCTest", passes: "import Testing"),
    ]
  ) { file in
    guard file.isTest, file.isSwift else { return [] }
    let legacy = importedModules(file).filter { $0.module == "XCTest" }.map { line, _ in
      Finding(
        path: file.path, line: line, rule: "test-imports", message: "XCTest",
        replacement: "use Swift Testing: import Testing")
    }
    let testable = file.code.enumerated().filter {
      $0.element.contains("@testable") && !$0.element.contains("import Keys")
        && !$0.element.contains("import Simulator")
    }.map {
      Finding(
        path: file.path, line: $0.offset + 1, rule: "test-imports", message: "@testable",
        replacement: "import plainly and make what the test needs package")
    }
    return legacy + testable
  }

  private static func importedModules(_ file: SourceFile) -> [(line: Int, module: String)] {
    file.code.enumerated().compactMap { offset, line in
      guard line.contains("import ") else { return nil }
      let statement =
        #/
          ^\s* (?: (?: @\w+ (?: \( [^)]* \) )? | package | internal | private | public ) \s+ )*
          import \s+ (?: (?: struct | class | enum | protocol | func | var | let ) \s+ )? (\w+)
        /#
      return line.firstMatch(of: statement).map { (offset + 1, String($0.1)) }
    }
  }
}

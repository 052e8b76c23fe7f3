import Foundation
import Simulator

/// The topologies of the repository, by name.
enum Files {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Topologies")

  static var names: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func topology(_ name: String, replacing: [String: String] = [:]) throws -> Topology {
    let file = folder.appending(path: name + ".json")
    var text = try String(contentsOf: file, encoding: .utf8)
    for (part, other) in replacing { text = text.replacing(part, with: other) }
    return try Topology(Array(text.utf8), file: name)
  }
}

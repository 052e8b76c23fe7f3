import Foundation

/// Published vectors, which are large and lie outside the package.
enum Wycheproof {
  struct Case {
    let fields: [String: Any]
    var isValid: Bool { fields["result"] as? String == "valid" }

    func bytes(_ name: String) -> [UInt8]? {
      guard let text = fields[name] as? String else { return nil }
      let letters = Array(text)
      return stride(from: 0, to: letters.count - 1, by: 2).compactMap {
        UInt8(String(letters[$0...$0 + 1]), radix: 16)
      }
    }
  }

  private static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["STARLING_VECTORS"].map {
      URL(filePath: $0)
    }
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let near = ["../shared/vectors", "../../shared/vectors"].map { package.appending(path: $0) }
    return ([named].compactMap(\.self) + near).map { $0.appending(path: "wycheproof") }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  static var isPresent: Bool { folder != nil }

  static func tests(_ name: String) throws -> [Case] {
    guard let folder else { return [] }
    let data = try Data(contentsOf: folder.appending(path: name))
    let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let groups = file?["testGroups"] as? [[String: Any]] ?? []
    return groups.flatMap { $0["tests"] as? [[String: Any]] ?? [] }.map { Case(fields: $0) }
  }
}

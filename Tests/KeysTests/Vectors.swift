import Foundation
import Testing
import Wire

@testable import Keys

/// The folder of published test vectors; large, so it lives outside the package.
enum Vectors {
  static let folder: URL? = {
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    // Named explicitly, no other place will do.
    let named = ProcessInfo.processInfo.environment["STARLING_VECTORS"].map { URL(filePath: $0) }
    let near = ["../shared/vectors", "../../shared/vectors"].map { package.appending(path: $0) }
    return (named.map { [$0] } ?? near).first {
      FileManager.default.fileExists(atPath: $0.path(percentEncoded: false))
    }
  }()

  static var arePresent: Bool { folder != nil }

  static func load<Content: Decodable>(
    _ path: String, as type: Content.Type = Content.self
  ) throws -> Content {
    let folder = try #require(folder)
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
  }
}

extension Trait where Self == ConditionTrait {
  static var needsVectors: Self {
    .enabled(if: Vectors.arePresent, "the vectors' folder is missing; see STARLING_VECTORS")
  }
}

/// Bytes that stand in JSON as hexadecimal digits.
struct Hex: Decodable, Equatable {
  let bytes: [UInt8]

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    bytes = try #require([UInt8](hex: text))
  }
}

extension [UInt8] {
  init?(hex text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

/// What only tests may do: look at a secret.
func revealed(_ secret: borrowing Secret) -> [UInt8] {
  [UInt8](UnsafeBufferPointer(start: secret.pointer, count: Secret.count))
}

func revealed(_ secret: borrowing Secret64) -> [UInt8] {
  [UInt8](UnsafeBufferPointer(start: secret.pointer, count: Secret64.count))
}

extension Secret {
  init(bytes: [UInt8]) throws(KeysError) { try self.init(copying: bytes.span) }
}

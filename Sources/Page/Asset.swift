// SPDX-License-Identifier: Apache-2.0

/// One file of the page, as it lies inside the program.
package struct Asset: Sendable {
  package let bytes: [UInt8]
  package let type: String
  /// Changes when the bytes do, so that a browser may keep what is still right.
  let tag: String

  private init(_ bytes: [UInt8], _ type: String) {
    self.bytes = bytes
    self.type = type
    // FNV-1a, 64 bits: told apart, not protected.
    let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
    }
    tag = "\"\(String(hash, radix: 16))\""
  }

  /// By path.
  package static let all: [String: Asset] = {
    var all: [String: Asset] = [:]
    for (name, bytes) in files {
      guard let dot = name.lastIndex(of: "."), let type = types[String(name[dot...])] else {
        continue
      }
      all["/" + name] = Asset(bytes, type)
    }
    all["/"] = all["/index.html"]
    return all
  }()

  private static let types = [
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
  ]
}

// SPDX-License-Identifier: Apache-2.0
import Keys
package import Node
import Wire

/// What a page must show before it may use the node: 256 random bits, kept beside the identity so
/// that a page that is open finds its node again after a restart.
package struct PageKey: Sendable {
  /// As it stands in the link.
  package let text: String

  /// The key of this data directory; a new one where there is none.
  package init(folder: String) throws(Failure) {
    self.init(
      text: try KeptSecret(
        folder: folder, file: "page-key", bytes: Self.bytes, name: "The key of the page"
      ).text)
  }

  /// A new one that is not kept.
  package init() {
    var entropy = Entropy.system
    self.init(text: Base64.url.encode(entropy.fill(Self.bytes)))
  }

  private init(text: String) { self.text = text }

  /// Compares in a time that does not depend on what is wrong.
  package func opens(_ offered: String) -> Bool {
    let (left, right) = (Array(text.utf8), Array(offered.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static let bytes = 32
}

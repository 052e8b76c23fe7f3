/// How much work a guess at a passphrase costs: Argon2id's passes and memory.
package struct PassphraseCost: Hashable, Sendable {
  package let passes: UInt32
  package let kibibytes: UInt32

  /// libsodium's MODERATE: 256 MiB, about half a second (measured 458 ms on a server core).
  package static let moderate = PassphraseCost(passes: 3, kibibytes: 256 * 1024)
  /// libsodium's INTERACTIVE, for machines with less than 1 GiB of memory.
  package static let interactive = PassphraseCost(passes: 2, kibibytes: 64 * 1024)
  /// The least that Argon2id accepts: for tests.
  package static let minimal = PassphraseCost(passes: 1, kibibytes: 8)

  /// A file must not be able to ask for more than this before anything is allocated.
  static let passesLimit: UInt32 = 10
  static let kibibytesLimit: UInt32 = 1024 * 1024

  package init(passes: UInt32, kibibytes: UInt32) {
    self.passes = passes
    self.kibibytes = kibibytes
  }

  var isAcceptable: Bool {
    let least = PassphraseCost.minimal
    return (least.passes...PassphraseCost.passesLimit).contains(passes)
      && (least.kibibytes...PassphraseCost.kibibytesLimit).contains(kibibytes)
  }
}

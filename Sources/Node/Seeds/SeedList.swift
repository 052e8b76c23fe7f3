package import Keys
package import Wire

/// A signed list of peers to begin with, made by somebody the reader trusts.
///
/// Text: the line `# starling seeds 1`, then `expires: 2026-12-31T00:00:00Z` and, where lists
/// follow one another, `version: 7`, then one peer address a line; empty lines and lines with `#`
/// are passed over. Beside it lies the signature as the `minisign` tool makes it, named like the
/// list with `.minisig` behind; several one after the other in that file. Where three keys or more
/// are known, two of them must have signed.
package struct SeedList: Hashable, Sendable {
  /// A list is not followed by one with a lower number.
  package var version: UInt32
  /// Milliseconds since 1970.
  package var expires: UInt64
  package var addresses: [PeerAddress]

  package init(version: UInt32 = 0, expires: UInt64, addresses: [PeerAddress]) {
    self.version = version
    self.expires = expires
    self.addresses = addresses
  }

  package var text: String {
    let head = [Self.title, Self.expiryMark + UTC.text(expires)]
    let number = version == 0 ? [] : [Self.versionMark + String(version)]
    let lines = head + number + addresses.map(\.text)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads the text alone, signed or not, expired or not.
  package init(text: String) throws(SeedListError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.last == "\r" ? $0.dropLast() : $0 }
    guard lines.first == Substring(Self.title) else { throw .notASeedList }
    var expires: UInt64?
    var version: UInt32?
    var addresses: [PeerAddress] = []
    for (index, line) in lines.enumerated().dropFirst() {
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix(Self.expiryMark) {
        guard expires == nil,
          let moment = UTC.milliseconds(
            String(line.dropFirst(Self.expiryMark.count)))
        else { throw .badLine(index + 1) }
        expires = moment
        continue
      }
      if line.hasPrefix(Self.versionMark) {
        guard version == nil, let number = Self.number(line.dropFirst(Self.versionMark.count))
        else { throw .badLine(index + 1) }
        version = number
        continue
      }
      guard let address = try? PeerAddress(text: String(line)) else { throw .badLine(index + 1) }
      addresses.append(address)
    }
    guard let expires else { throw .noExpiry }
    guard !addresses.isEmpty else { throw .empty }
    guard addresses.count <= Self.most else { throw .tooLong }
    self.init(version: version ?? 0, expires: expires, addresses: addresses)
  }

  /// One way to write a number.
  private static func number(_ digits: Substring) -> UInt32? {
    guard let number = UInt32(digits), number > 0, String(number) == digits else { return nil }
    return number
  }

  /// How many of so many keys must have signed: no single one of several is enough.
  package static func needed(of keys: Int) -> Int { keys >= 3 ? 2 : 1 }

  /// Reads a list and believes it only if enough of `keys` signed it and its time is not over.
  ///
  /// `now` is in milliseconds since 1970.
  package static func open(
    text: [UInt8], signature: String, keys: [MinisignKey], now: UInt64
  ) throws(SeedListError) -> SeedList {
    var signers: Set<[UInt8]> = []
    for part in try Self.parts(signature) {
      guard let read = try? MinisignSignature(text: part) else { throw .malformedSignature }
      guard let key = keys.first(where: { $0.keyID == read.keyID }) else { continue }
      guard read.verify(text, by: key) else { throw .badSignature }
      signers.insert(Array(key.text.utf8))
    }
    guard !signers.isEmpty else { throw .wrongKey }
    let needed = needed(of: Set(keys.map(\.text)).count)
    guard signers.count >= needed else { throw .tooFewSignatures(needed) }
    guard let text = String(validating: text, as: UTF8.self) else { throw .notASeedList }
    let list = try SeedList(text: text)
    guard list.expires > now else { throw .expired(UTC.text(list.expires)) }
    return list
  }

  /// Four lines are one signature.
  private static func parts(_ text: String) throws(SeedListError) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    guard (1...mostSignatures * 4).contains(lines.count) else { throw .malformedSignature }
    return stride(from: 0, to: lines.count, by: 4).map { start in
      lines[start..<min(start + 4, lines.count)].joined(separator: "\n") + "\n"
    }
  }

  /// The same from files.
  package static func open(
    path: String, signaturePath: String? = nil, keys: [MinisignKey], now: UInt64
  ) throws(SeedListError) -> SeedList {
    guard let text = try? StoredFile.read(path, limit: largest) else { throw .unreadable }
    guard let bytes = try? StoredFile.read(signaturePath ?? path + ".minisig", limit: 4_096),
      let signature = String(validating: bytes, as: UTF8.self)
    else { throw .unsigned }
    return try open(text: text, signature: signature, keys: keys, now: now)
  }

  private static let title = "# starling seeds 1"
  private static let expiryMark = "expires: "
  private static let versionMark = "version: "
  private static let mostSignatures = 8
  /// More than a node dials before it gives up.
  ///
  /// A guess.
  private static let most = 256
  /// 256 addresses of at most 624 characters.
  package static let largest = 192 * 1_024
}

/// Why a seed list is not used.
package enum SeedListError: Error, Hashable, Sendable {
  case unreadable, unwritable, unsigned, malformedSignature, wrongKey, badSignature
  case tooFewSignatures(Int)
  /// A later one was seen before.
  case older(UInt32)
  case notASeedList, noExpiry, empty, tooLong
  case badLine(Int)
  case expired(String)

  /// To be put behind the name of the list.
  package var sentence: String {
    switch self {
    case .unreadable: "cannot be read"
    case .unwritable: "cannot be kept in the data directory"
    case .unsigned: "has no readable signature beside it (.minisig)"
    case .malformedSignature: "has a signature file that is not minisign's"
    case .wrongKey: "is signed with a key that is not among seed-keys"
    case .badSignature: "was changed after it was signed"
    case .tooFewSignatures(let needed): "must be signed with \(needed) of the seed-keys"
    case .older(let version): "is older than version \(version), which was seen before"
    case .notASeedList: "is not a seed list"
    case .noExpiry: "does not say when it expires"
    case .empty: "names no peer"
    case .tooLong: "names too many peers"
    case .badLine(let number): "has something in line \(number) that is no peer address"
    case .expired(let date): "expired on \(date)"
    }
  }
}

package import Keys
package import Wire

/// A signed list of peers to begin with, made by somebody the reader trusts.
///
/// Text: the line `# starling seeds 1`, then `expires: 2026-12-31T00:00:00Z`, then one peer address
/// a line; empty lines and lines with `#` are passed over. Beside it lies the signature as the
/// `minisign` tool makes it, named like the list with `.minisig` behind.
package struct SeedList: Hashable, Sendable {
  /// Milliseconds since 1970.
  package var expires: UInt64
  package var addresses: [PeerAddress]

  package init(expires: UInt64, addresses: [PeerAddress]) {
    self.expires = expires
    self.addresses = addresses
  }

  package var text: String {
    let lines = [Self.title, Self.expiryMark + UTC.text(expires)] + addresses.map(\.text)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads the text alone, signed or not, expired or not.
  package init(text: String) throws(SeedListError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.last == "\r" ? $0.dropLast() : $0 }
    guard lines.first == Substring(Self.title) else { throw .notASeedList }
    var expires: UInt64?
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
      guard let address = try? PeerAddress(text: String(line)) else { throw .badLine(index + 1) }
      addresses.append(address)
    }
    guard let expires else { throw .noExpiry }
    guard !addresses.isEmpty else { throw .empty }
    guard addresses.count <= Self.most else { throw .tooLong }
    self.init(expires: expires, addresses: addresses)
  }

  /// Reads a list and believes it only if one of `keys` signed it and its time is not over.
  ///
  /// `now` is in milliseconds since 1970.
  package static func open(
    text: [UInt8], signature: String, keys: [MinisignKey], now: UInt64
  ) throws(SeedListError) -> SeedList {
    guard let signature = try? MinisignSignature(text: signature) else {
      throw .malformedSignature
    }
    guard let key = keys.first(where: { $0.keyID == signature.keyID }) else { throw .wrongKey }
    guard signature.verify(text, by: key) else { throw .badSignature }
    guard let text = String(validating: text, as: UTF8.self) else { throw .notASeedList }
    let list = try SeedList(text: text)
    guard list.expires > now else { throw .expired(UTC.text(list.expires)) }
    return list
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
  /// More than a node dials before it gives up.
  ///
  /// A guess.
  private static let most = 256
  /// 256 addresses of at most 350 characters.
  private static let largest = 128 * 1_024
}

/// Why a seed list is not used.
package enum SeedListError: Error, Hashable, Sendable {
  case unreadable, unsigned, malformedSignature, wrongKey, badSignature
  case notASeedList, noExpiry, empty, tooLong
  case badLine(Int)
  case expired(String)

  /// To be put behind the name of the list.
  package var sentence: String {
    switch self {
    case .unreadable: "cannot be read"
    case .unsigned: "has no readable signature beside it (.minisig)"
    case .malformedSignature: "has a signature file that is not minisign's"
    case .wrongKey: "is signed with a key that is not among seed-keys"
    case .badSignature: "was changed after it was signed"
    case .notASeedList: "is not a seed list"
    case .noExpiry: "does not say when it expires"
    case .empty: "names no peer"
    case .tooLong: "names too many peers"
    case .badLine(let number): "has something in line \(number) that is no peer address"
    case .expired(let date): "expired on \(date)"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Keys
package import Wire

/// The key in a certificate, found by walking its DER.
///
/// The library would hand it out too, but ends the program when it does not know the kind of key,
/// and which kind it is the other side chooses.
package enum CertificateKey {
  /// SHA-256 of SubjectPublicKeyInfo; nil when these bytes are no certificate (RFC 5280 §4.1).
  package static func hash(ofDER certificate: [UInt8]) -> Bytes32? {
    parts(certificate).map { Digest.sha256(Array($0.key)) }
  }

  /// Whether issuer and subject are the same: then no authority vouches for it.
  package static func isSelfSigned(der certificate: [UInt8]) -> Bool {
    parts(certificate).map { $0.issuer == $0.subject } ?? false
  }

  private static func parts(
    _ certificate: [UInt8]
  ) -> (issuer: ArraySlice<UInt8>, subject: ArraySlice<UInt8>, key: ArraySlice<UInt8>)? {
    guard let (_, whole) = element(certificate[...], tag: sequence),
      let (_, signed) = element(whole, tag: sequence)
    else { return nil }
    var rest = signed
    // The version stands only in certificates of version 2 and later.
    if let version = element(rest, tag: explicitVersion) { rest = rest[version.end...] }
    // Serial number, algorithm, issuer, validity, subject.
    var passed: [ArraySlice<UInt8>] = []
    for tag in [integer, sequence, sequence, sequence, sequence] {
      guard let skipped = element(rest, tag: tag) else { return nil }
      passed.append(skipped.content)
      rest = rest[skipped.end...]
    }
    guard let key = element(rest, tag: sequence) else { return nil }
    return (passed[2], passed[4], rest[..<key.end])
  }

  /// The first element of `bytes`: where it ends, and its content.
  private static func element(
    _ bytes: ArraySlice<UInt8>, tag: UInt8
  ) -> (end: Int, content: ArraySlice<UInt8>)? {
    guard bytes.count >= 2, bytes.first == tag else { return nil }
    var start = bytes.startIndex + 2
    var count = Int(bytes[bytes.startIndex + 1])
    if count >= 0x80 {
      let digits = count & 0x7F
      guard (1...3).contains(digits), bytes.endIndex - start >= digits else { return nil }
      count = bytes[start..<start + digits].reduce(0) { $0 << 8 | Int($1) }
      start += digits
    }
    guard bytes.endIndex - start >= count else { return nil }
    return (start + count, bytes[start..<start + count])
  }

  private static let sequence: UInt8 = 0x30
  private static let integer: UInt8 = 0x02
  private static let explicitVersion: UInt8 = 0xA0
}

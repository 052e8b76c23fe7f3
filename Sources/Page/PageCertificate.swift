// SPDX-License-Identifier: Apache-2.0
import Crypto
package import FoundationEssentials
import Keys
package import NIOSSL
package import Node
import SwiftASN1
import Wire
import X509

/// What the page's server shows other devices: a certificate of the person's own, or one that the
/// node makes and keeps, for no authority vouches for an address at home.
package struct PageCertificate: Sendable {
  package let context: NIOSSLContext
  /// SHA-256 of the certificate, as browsers show it.
  package let fingerprint: String

  /// The person's own, PEM files.
  package init(certificate: String, key: String) throws(Failure) {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(certificate)
      try self.init(chain, try NIOSSLPrivateKey(file: key, format: .pem))
    } catch {
      throw Failure(
        .setup, "page-certificate and page-certificate-key are no certificate with its key.")
    }
  }

  /// The one in `folder`, or a new one when there is none, when it is not for `hosts`, or when it
  /// ends soon.
  package init(folder: String, hosts: [String], now: Date = Date()) throws(Failure) {
    let files = Files(folder)
    do {
      if let kept = files.kept(for: hosts, at: now) {
        try self.init(kept)
        return
      }
      let made = try Self.make(hosts, at: now)
      do throws(SystemError) {
        try StoredFile.makeFolder(folder)
        try StoredFile.write(made.key, to: files.key)
        try StoredFile.write(made.certificate, to: files.certificate)
      } catch {
        throw Failure(.setup, "The page's certificate cannot be written: \(error.sentence).")
      }
      try self.init(made)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.setup, "The page's certificate cannot be made.")
    }
  }

  private init(_ pair: Pair) throws {
    try self.init(
      [try NIOSSLCertificate(bytes: pair.certificate, format: .der)],
      try NIOSSLPrivateKey(bytes: pair.key, format: .der))
  }

  private init(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) throws {
    guard let leaf = try chain.first?.toDERBytes() else { throw Missing() }
    fingerprint = Keys.Digest.sha256(leaf).array.map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.utf8.count == 2 ? digits : "0" + digits
    }.joined(separator: ":")
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    settings.minimumTLSVersion = .tlsv12
    settings.applicationProtocols = ["http/1.1"]
    context = try NIOSSLContext(configuration: settings)
  }

  private struct Missing: Error {}

  /// Both in DER.
  fileprivate struct Pair {
    var certificate: [UInt8]
    var key: [UInt8]
  }

  private static func make(_ hosts: [String], at now: Date) throws -> Pair {
    let key = P256.Signing.PrivateKey()
    let signer = Certificate.PrivateKey(key)
    let name = try DistinguishedName { CommonName("Starling") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey,
      // A phone's clock may be behind.
      notValidBefore: now.addingTimeInterval(-day), notValidAfter: now.addingTimeInterval(life),
      issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(hosts.map(Self.name))
      },
      issuerPrivateKey: signer)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return Pair(certificate: serializer.serializedBytes, key: Array(key.derRepresentation))
  }

  fileprivate static func name(_ host: String) -> GeneralName {
    guard let endpoint = Endpoint(host: host, port: 0) else { return .dnsName(host) }
    let bytes = endpoint.address.array
    return .ipAddress(
      ASN1OctetString(contentBytes: endpoint.ipv4 == nil ? bytes[...] : bytes.suffix(4)))
  }

  fileprivate static let day: TimeInterval = 86_400
  /// Apple's systems take none that is valid for more than 825 days.
  private static let life = 800 * day
  /// Renewed this long before the end, at a start.
  fileprivate static let margin = 30 * day
}

/// Where the node keeps its own.
private struct Files {
  let certificate: String
  let key: String

  init(_ folder: String) {
    certificate = folder + "/page-certificate"
    key = folder + "/page-certificate-key"
  }

  func kept(for hosts: [String], at now: Date) -> PageCertificate.Pair? {
    guard StoredFile.mode(key).map({ $0 & 0o077 == 0 }) == true,
      let secret = try? StoredFile.read(key, limit: Self.longest),
      let bytes = try? StoredFile.read(certificate, limit: Self.longest),
      let known = try? Certificate(derEncoded: bytes),
      let pair = try? P256.Signing.PrivateKey(derRepresentation: secret),
      known.publicKey == Certificate.PublicKey(pair.publicKey),
      known.notValidAfter > now.addingTimeInterval(PageCertificate.margin),
      known.notValidBefore <= now,
      let names = try? known.extensions.subjectAlternativeNames,
      Set(names) == Set(hosts.map(PageCertificate.name))
    else { return nil }
    return PageCertificate.Pair(certificate: bytes, key: secret)
  }

  /// Of P-256 with a few names: 500 bytes.
  private static let longest = 16_384
}

// SPDX-License-Identifier: Apache-2.0
import Keys
import NIOSSL
import Synchronization
import Wire

/// The certificate and key that a server shows, read again when their files change.
final class ServerKeys: Sendable {
  private struct Loaded {
    let chain: [NIOSSLCertificate]
    let context: NIOSSLContext
    let pin: Bytes32
    let isSelfSigned: Bool
  }

  private let certificate: String
  private let key: String
  private let loaded: Mutex<Loaded>

  init(certificate: String, key: String) throws(TunnelServer.Problem) {
    self.certificate = certificate
    self.key = key
    do {
      loaded = Mutex(try Self.load(certificate, key))
    } catch {
      throw .certificate
    }
  }

  var context: NIOSSLContext { loaded.withLock { $0.context } }
  var isSelfSigned: Bool { loaded.withLock { $0.isSelfSigned } }
  var pin: Bytes32 { loaded.withLock { $0.pin } }

  /// Looks at the files.
  ///
  /// Half-written or wrong ones leave what was there. Blocks on the disk.
  func refresh() {
    guard let chain = try? NIOSSLCertificate.fromPEMFile(certificate),
      chain != loaded.withLock({ $0.chain }),
      let fresh = try? Self.load(certificate, key)
    else { return }
    loaded.withLock { $0 = fresh }
  }

  private static func load(_ certificate: String, _ key: String) throws -> Loaded {
    let chain = try NIOSSLCertificate.fromPEMFile(certificate)
    guard let leaf = try chain.first?.toDERBytes(), let pin = CertificateKey.hash(ofDER: leaf)
    else {
      throw TunnelServer.Problem.certificate
    }
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    settings.minimumTLSVersion = .tlsv12
    // What a browser takes for a WebSocket, and a server without HTTP/2 offers.
    settings.applicationProtocols = ["http/1.1"]
    return Loaded(
      chain: chain, context: try NIOSSLContext(configuration: settings), pin: pin,
      isSelfSigned: CertificateKey.isSelfSigned(der: leaf))
  }
}

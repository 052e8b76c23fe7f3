import Foundation
import Node
import Page
import Testing

/// The certificate that the node makes for other devices.
struct CertificateTests {
  @Test func itIsKept() throws {
    try withFolder { folder in
      let first = try PageCertificate(folder: folder, hosts: ["192.168.1.5", "box.example"])
      let second = try PageCertificate(folder: folder, hosts: ["192.168.1.5", "box.example"])
      #expect(first.fingerprint == second.fingerprint)
      #expect(first.fingerprint.utf8.count == 32 * 3 - 1)
      #expect(StoredFile.mode(folder + "/page-certificate-key") == 0o600)
      #expect(StoredFile.mode(folder + "/page-certificate") == 0o600)
    }
  }

  @Test func anotherIsMadeForOtherHostsAndInTime() throws {
    try withFolder { folder in
      let first = try PageCertificate(folder: folder, hosts: ["192.168.1.5"])
      let moved = try PageCertificate(folder: folder, hosts: ["192.168.1.6"])
      #expect(first.fingerprint != moved.fingerprint)
      let later = Date(timeIntervalSinceNow: 780 * 86_400)
      let renewed = try PageCertificate(folder: folder, hosts: ["192.168.1.6"], now: later)
      #expect(renewed.fingerprint != moved.fingerprint)
    }
  }

  @Test func aKeyOthersCanReadIsReplaced() throws {
    try withFolder { folder in
      let first = try PageCertificate(folder: folder, hosts: ["::1"])
      let path = folder + "/page-certificate-key"
      let key = try StoredFile.read(path, limit: 1_000)
      try StoredFile.write(key, to: path, mode: 0o644)
      #expect(try PageCertificate(folder: folder, hosts: ["::1"]).fingerprint != first.fingerprint)
      try StoredFile.write([1, 2, 3], to: path)
      _ = try PageCertificate(folder: folder, hosts: ["::1"])
    }
  }

  @Test func whatIsNoCertificateIsRefused() throws {
    try withFolder { folder in
      let path = folder + "/file.pem"
      try StoredFile.write(Array("-----BEGIN CERTIFICATE-----".utf8), to: path)
      for file in [path, folder + "/nothing"] {
        #expect(throws: Failure.self) { try PageCertificate(certificate: file, key: file) }
      }
    }
  }
}

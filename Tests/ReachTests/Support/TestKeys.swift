import Foundation
import Testing
import Wire

/// A certificate for localhost and 127.0.0.1 that signs itself, and another's; nobody uses them.
enum TestKeys {
  static let pin = "AeM-sujlGJ80fCbCo6IUTydZ-IX8ulKBPmiq87LJuxs"
  static let otherPin = "lzoMB4W3apmXNVexDv8cS60-zEzEr3A4ABuLWAB2Rd4"

  /// Certificate and key as files.
  static func files() throws -> (certificate: String, key: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "reach-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let paths = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
    try certificate.write(toFile: paths.0, atomically: true, encoding: .utf8)
    try key.write(toFile: paths.1, atomically: true, encoding: .utf8)
    return paths
  }

  static func der(_ pem: String) throws -> [UInt8] {
    let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
    return Array(try #require(Data(base64Encoded: lines.joined())))
  }

  static func raw(_ pin: String) throws -> Bytes32 {
    try #require(Bytes32(Base64.url.decode(pin)))
  }

  static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBnDCCAUGgAwIBAgIUICznMu0epfsfe8+Ut3Qjhl/qLSYwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA3MTkxNFoYDzIxMjYxMDMw
    MDcxOTE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAATGBM/2t/1FxFkFzF7OzP2PPCTRNm0jUsBOeMSjMHVL49p4xtAJ6tKi
    PHzZUB0dK6exXuGlS72TJVz1fk9nzW1qo28wbTAdBgNVHQ4EFgQU/d9GqZrU+XEb
    p/fAMeelpGVgImUwHwYDVR0jBBgwFoAU/d9GqZrU+XEbp/fAMeelpGVgImUwDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDSQAwRgIhAJAQU+WaqOl6yXeB/HXwphytQ15rzJKB3A5OAVz220m7AiEA
    jFU8pq4e5zKHqj/6DwAZgtDqKQMy94x2kQY+/LscLAs=
    -----END CERTIFICATE-----

    """

  static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAR9GrAXIhUPcvMDp
    NEUovWj91a9pdBH9etDChmFnEpShRANCAATGBM/2t/1FxFkFzF7OzP2PPCTRNm0j
    UsBOeMSjMHVL49p4xtAJ6tKiPHzZUB0dK6exXuGlS72TJVz1fk9nzW1q
    -----END PRIVATE KEY-----

    """

  static let otherCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIDJzCCAg+gAwIBAgIUQgLEOQMIK1ruBlgd9YLDedWPBHkwDQYJKoZIhvcNAQEL
    BQAwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA3MTkxNFoYDzIxMjYx
    MDMwMDcxOTE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwggEiMA0GCSqGSIb3DQEB
    AQUAA4IBDwAwggEKAoIBAQDsnPJIOrdAUMamF/Y4Mf0AA5Gixb9EpOymhH+DrBul
    clpyG8gwEqJ94yvHUkAucNBdCER2kel7oxm9ODwU16dKS5kBpmlBx2KPOyOtOCLn
    lDdJN9h/6cv5g15xGcLQkmY+aVEU9fqR08ZbSdjGOjuhAK9RyICGeUV8Wez+UFW8
    3ZXLt3h9rCLKxZCRrYoA+TKoG+9qvQLU1g5Lg0Aa2yB1kFGwOBlLHqUbGKxXRqOy
    PQToUPgkTvXltJtl2jUPA9vX+kBhOL8IMxe69jObSZxPBkW//NmkIEb2H1OXKd8X
    iYgJ5BAalzxTPYU7nRqxzN215EB6k0mGxJB38kYdnPC1AgMBAAGjbzBtMB0GA1Ud
    DgQWBBQ8OBdUHfCH/LK29ODrO8vPIbHHJTAfBgNVHSMEGDAWgBQ8OBdUHfCH/LK2
    9ODrO8vPIbHHJTAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9z
    dIcEfwAAATANBgkqhkiG9w0BAQsFAAOCAQEAj36gfTi8KixNnUgL/ZetR4+rwpKV
    a3yECl7gSKpYEiqXRrTEDJL5jNEqJmrlhS3XDOyBr+CoWFn/BARy6kUnHPGfkf1e
    kTqw+YuvIfFTP/IZlBBbtRhW38CebDW6x50omnPaQhposQ9EBfqjyImXuWlTkam2
    Qr0hYG0C/gtIHTN53xTt0OzhSwnNYmynbB+N16AqnclzynvnvpLTpQ8uIeWKiTzF
    LaKLKzY2QGV6/T8NEoc/Hw4RM3E5bSl2gdF36fafLlpBoIpO2Ws7Z+TbHl9qs8oH
    rZeah6cn/jgq3InxO0K5rMTYlbAUXNNyt/xdq45q9FtI0MCbaUDphqhJsg==
    -----END CERTIFICATE-----

    """
}

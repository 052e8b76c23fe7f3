/// CRC-32 as in IEEE 802.3: finds typing mistakes in links.
///
/// It protects nobody from malice; what a link leads to is proven by keys.
package enum Checksum {
  package static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 {
        register = register >> 1 ^ (register & 1 == 1 ? polynomial : 0)
      }
    }
    return ~register
  }

  /// The IEEE 802.3 polynomial, bits reversed.
  private static let polynomial: UInt32 = 0xEDB8_8320
}

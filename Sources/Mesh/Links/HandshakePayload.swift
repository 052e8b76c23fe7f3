import Keys
import Wire

/// What handshake messages carry under their seal.
///
/// Padding is zeros, of a random count.
enum HandshakePayload {
  /// Message 1: `time 8 | version 1 | flags 1 | datagram 2 | zero 4 | padding`.
  static func hello(time: UInt64, padding: Int) -> [UInt8] {
    var writer = Writer(capacity: LinkSpec.payload1 + padding)
    head(time, &writer)
    writer.zeros(padding)
    return writer.bytes
  }

  /// The time said, if this version of the protocol is spoken.
  static func readHello(_ payload: [UInt8]) -> UInt64? {
    readHead(payload, fixed: LinkSpec.payload1)
  }

  /// Message 2: as message 1, then `header key 32 | endpoint 18 | padding`.
  static func answer(
    time: UInt64, headerKey: borrowing Secret, seen: Endpoint, padding: Int
  ) -> [UInt8] {
    var writer = Writer(capacity: LinkSpec.payload2 + padding)
    head(time, &writer)
    headerKey.withBytes { writer.raw($0) }
    writer.endpoint(seen)
    writer.zeros(padding)
    return writer.bytes
  }

  static func readAnswer(_ payload: [UInt8]) -> (headerKey: Bytes32, seen: Endpoint)? {
    guard readHead(payload, fixed: LinkSpec.payload2) != nil else { return nil }
    let key = LinkSpec.payload1..<LinkSpec.payload1 + LinkSpec.key
    guard
      let headerKey = Bytes32(payload[key]),
      let address = Bytes16(payload[key.upperBound..<key.upperBound + Bytes16.count])
    else { return nil }
    let port = payload.integer(at: key.upperBound + Bytes16.count, bytes: 2)
    return (headerKey, Endpoint(address: address, port: UInt16(truncatingIfNeeded: port)))
  }

  /// Message 3: `header key 32 | padding`.
  static func confirm(headerKey: borrowing Secret, padding: Int) -> [UInt8] {
    var writer = Writer(capacity: LinkSpec.key + padding)
    headerKey.withBytes { writer.raw($0) }
    writer.zeros(padding)
    return writer.bytes
  }

  static func readConfirm(_ payload: [UInt8]) -> Bytes32? {
    guard payload.count >= LinkSpec.key, isZero(payload[LinkSpec.key...]) else { return nil }
    return Bytes32(payload[..<LinkSpec.key])
  }

  private static func head(_ time: UInt64, _ writer: inout Writer) {
    writer.u64(time)
    writer.u8(LinkSpec.version)
    writer.u8(0)
    writer.u16(UInt16(Limits.datagram))
    writer.zeros(4)
  }

  private static func readHead(_ payload: [UInt8], fixed: Int) -> UInt64? {
    guard
      payload.count >= fixed, payload[8] == LinkSpec.version, payload[9] == 0,
      payload.integer(at: 10, bytes: 2) >= UInt64(Limits.datagram),
      isZero(payload[12..<16]), isZero(payload[fixed...])
    else { return nil }
    return payload.integer(at: 0, bytes: 8)
  }

  private static func isZero(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 == 0 }
  }
}

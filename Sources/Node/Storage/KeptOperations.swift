package import Keys
package import Mesh
package import Wire

/// What this person signed in rooms that are not over: written before it is sent, because whoever
/// goes on from an older copy contradicts itself and loses every role.
///
/// Sealed, because it says who one is in which room.
package final class KeptOperations {
  package private(set) var keepsakes: [Keepsake]
  private let path: String
  private let key: Secret

  /// A file that is damaged or of another identity is as good as none.
  package init(path: String, key: consuming Secret) {
    let bytes = try? StoredFile.read(path, limit: Self.largest)
    keepsakes = bytes.flatMap { Self.keepsakes(sealed: $0, key: key) } ?? []
    self.path = path
    self.key = key
  }

  /// On the disk when this returns.
  package func keep(_ news: [Keepsake], at now: UInt64) throws(SystemError) {
    for keepsake in news {
      keepsakes.removeAll { $0.room == keepsake.room }
      keepsakes.append(keepsake)
    }
    keepsakes.removeAll { $0.expiry <= now }
    keepsakes = keepsakes.suffix(Self.most)
    var entropy = Entropy.system
    let file = SealedFile.seal(
      Self.plain(keepsakes), label: Self.label, key: key, entropy: &entropy)
    try StoredFile.write(file, to: path)
  }

  /// As they stand behind the seal.
  package static func plain(_ keepsakes: [Keepsake]) -> [UInt8] {
    var writer = Writer(capacity: 4_096)
    writer.u8(version)
    writer.u8(UInt8(keepsakes.count))
    for keepsake in keepsakes {
      writer.bytes16(keepsake.room.raw)
      writer.u48(keepsake.expiry)
      writer.u8(keepsake.nonce == nil ? 0 : 1)
      if let nonce = keepsake.nonce { writer.bytes16(nonce) }
      writer.u16(UInt16(clamping: keepsake.operations.count))
      for operation in keepsake.operations { operation.encode(into: &writer) }
    }
    return writer.bytes
  }

  private static func keepsakes(sealed bytes: [UInt8], key: borrowing Secret) -> [Keepsake]? {
    guard let plain = SealedFile.open(bytes, label: label, key: key) else { return nil }
    return try? keepsakes(in: plain)
  }

  /// What stands behind the seal.
  package static func keepsakes(in plain: [UInt8]) throws(WireError) -> [Keepsake] {
    var reader = Reader(plain.span)
    guard try reader.u8() == version else { throw .unknown }
    var keepsakes: [Keepsake] = []
    for _ in 0..<(try reader.u8()) {
      let room = RoomID(try reader.bytes16())
      let expiry = try reader.u48()
      let flag = try reader.u8()
      guard flag < 2 else { throw .range }
      let nonce = flag == 0 ? nil : try reader.bytes16()
      var operations: [RoomOperation] = []
      for _ in 0..<(try reader.u16()) { operations.append(try RoomOperation(from: &reader)) }
      keepsakes.append(
        Keepsake(room: room, nonce: nonce, operations: operations, expiry: expiry))
    }
    try reader.finish()
    return keepsakes
  }

  private static let version: UInt8 = 1
  private static let label = Array("starling operations".utf8)
  /// As many as rooms at once, twice. A guess.
  private static let most = 32
  /// 32 rooms with full logs of short operations.
  private static let largest = 32 << 20
}

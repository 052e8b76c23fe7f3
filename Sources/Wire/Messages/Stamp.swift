/// What somebody whom nobody knows paid to come into an open room: `hour u32 | nonce u64`. Worth
/// something for one persona, in one room, in one hour.
package struct Stamp: Hashable, Sendable {
  /// Hours since 1970.
  package var hour: UInt32
  /// Found by trial.
  package var nonce: UInt64

  package init(hour: UInt32, nonce: UInt64) {
    self.hour = hour
    self.nonce = nonce
  }

  package func encode(into writer: inout Writer) {
    writer.u32(hour)
    writer.u64(nonce)
  }

  package init(from reader: inout Reader) throws(WireError) {
    hour = try reader.u32()
    nonce = try reader.u64()
  }
}

package import Keys

// Keys that travel inside a link are sealed once more under a key of the link, so that they never
// lie open in its buffers.

extension Links {
  /// Nil when the link is gone.
  package func seal(
    _ secret: borrowing Secret, nonce: Nonce24, on link: LinkID
  ) -> [UInt8]? {
    guard let session = table[link] else { return nil }
    return Box.seal(secret, key: session.exporter, nonce: nonce)
  }

  package func openSecret(
    _ sealed: [UInt8], nonce: Nonce24, on link: LinkID
  ) throws(KeysError) -> Secret {
    guard let session = table[link] else { throw .outOfTurn }
    return try Box.openSecret(sealed, key: session.exporter, nonce: nonce)
  }

  /// Hands over the records of the datagram last opened, against buffers to fill next.
  package mutating func exchange(records: inout [Record], plain: inout [UInt8]) {
    swap(&self.records, &records)
    swap(&self.plain, &plain)
  }

  /// How long a link has been up.
  package func age(of link: LinkID, at now: Instant) -> Duration {
    guard let session = table[link] else { return .zero }
    return now - session.bornAt
  }
}

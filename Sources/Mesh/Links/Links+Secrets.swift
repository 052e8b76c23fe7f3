import Keys

// What the participant takes from its links between two datagrams.

extension Links {
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

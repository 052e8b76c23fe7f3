import Wire

/// Datagrams in flight, each in a slot of one big buffer that is used again.
struct DatagramPool {
  /// What the envelope says.
  struct Envelope {
    var count: Int32 = 0
    /// The node that sent it; -1 for one that no node sent.
    var sender: Int32 = -1
    /// As the receiver sees it, behind NAT boxes.
    var source = Endpoint(ipv4: 0, port: 0)
    var port: UInt16 = 0
  }

  private static let slotBytes = Limits.datagram

  private var bytes: [UInt8] = []
  private(set) var envelopes: [Envelope] = []
  private var free: [Int32] = []

  var inFlight: Int { envelopes.count - free.count }

  /// Copies a datagram of `range` in `source` and says where it lies now.
  mutating func keep(
    _ source: [UInt8], _ start: Int, _ count: Int, _ envelope: Envelope
  ) -> Int {
    if free.isEmpty { grow() }
    let slot = Int(free.removeLast())
    let count = min(count, Self.slotBytes)
    envelopes[slot] = envelope
    envelopes[slot].count = Int32(count)
    let base = slot * Self.slotBytes
    unsafe bytes.withUnsafeMutableBufferPointer { target in
      unsafe source.withUnsafeBufferPointer { source in
        guard let to = target.baseAddress, let from = source.baseAddress else { return }
        unsafe (to + base).update(from: from + start, count: count)
      }
    }
    return slot
  }

  mutating func release(_ slot: Int) { free.append(Int32(slot)) }

  @_lifetime(borrow self)
  func span(_ slot: Int) -> Span<UInt8> {
    let start = slot * Self.slotBytes
    return bytes.span.extracting(start..<start + Int(envelopes[slot].count))
  }

  func copy(_ slot: Int) -> [UInt8] {
    let start = slot * Self.slotBytes
    return Array(bytes[start..<start + Int(envelopes[slot].count)])
  }

  private mutating func grow() {
    let old = envelopes.count
    let new = max(256, old * 2)
    bytes.append(contentsOf: repeatElement(0, count: (new - old) * Self.slotBytes))
    envelopes.append(contentsOf: repeatElement(Envelope(), count: new - old))
    for slot in (old..<new).reversed() { free.append(Int32(slot)) }
  }
}

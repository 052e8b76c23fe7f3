// SPDX-License-Identifier: Apache-2.0

/// The frames that wait for their turn, and a memory of those that had it.
///
/// A fixed number of places; a frame's place is its counter modulo that number. The buffer keeps
/// all waiting counters within one lap, so a waiting frame is never overwritten by another.
struct FrameRing: Sendable {
  private struct Place: Sendable {
    var counter: UInt32
    var arrival: Int64
    var copies: Int
    var payload: [UInt8]?
    var carriesPrevious: Bool
  }

  private var places: [Place?]
  /// Frames that wait.
  private(set) var waiting = 0

  init(capacity: Int) {
    self.places = [Place?](repeating: nil, count: max(capacity, 1))
  }

  /// The earliest frame that waits.
  var lowestWaiting: UInt32? { self.waitingCounters.min() }

  /// The latest frame that waits.
  var highestWaiting: UInt32? { self.waitingCounters.max() }

  /// Whether this frame waits.
  func holds(_ counter: UInt32) -> Bool { self.place(counter)?.payload != nil }

  /// When this frame first came, nil if it is not remembered.
  func arrival(_ counter: UInt32) -> Int64? { self.place(counter)?.arrival }

  /// The frame if it waits and carries a copy of the one before it.
  func copyCarrier(_ counter: UInt32) -> [UInt8]? {
    guard let place = self.place(counter), place.carriesPrevious else { return nil }
    return place.payload
  }

  /// Counts another copy of a remembered frame and says how many there are now.
  mutating func countCopy(_ counter: UInt32) -> Int {
    let index = self.index(counter)
    guard self.places[index]?.counter == counter else { return 0 }
    self.places[index]?.copies += 1
    return self.places[index]?.copies ?? 0
  }

  /// Keeps a frame until `take`.
  mutating func store(
    _ counter: UInt32, _ payload: [UInt8], carriesPrevious: Bool, at now: Int64
  ) {
    let index = self.index(counter)
    if self.places[index]?.payload == nil { self.waiting += 1 }
    self.places[index] = Place(
      counter: counter, arrival: now, copies: 1, payload: payload,
      carriesPrevious: carriesPrevious)
  }

  /// Remembers that a frame came, without keeping it, unless something newer is there.
  mutating func remember(_ counter: UInt32, at now: Int64) {
    let index = self.index(counter)
    if let place = self.places[index], place.payload != nil || place.counter > counter { return }
    self.places[index] = Place(
      counter: counter, arrival: now, copies: 1, payload: nil, carriesPrevious: false)
  }

  /// Hands out a frame that waits; it stays remembered.
  mutating func take(_ counter: UInt32) -> [UInt8]? {
    guard let payload = self.place(counter)?.payload else { return nil }
    self.places[self.index(counter)]?.payload = nil
    self.waiting -= 1
    return payload
  }

  private var waitingCounters: some Sequence<UInt32> {
    self.places.lazy.compactMap { place in place?.payload == nil ? nil : place?.counter }
  }

  private func index(_ counter: UInt32) -> Int { Int(counter) % self.places.count }

  private func place(_ counter: UInt32) -> Place? {
    guard let place = self.places[self.index(counter)], place.counter == counter else { return nil }
    return place
  }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many connections there may be: of strangers, and of those that showed the key.
///
/// A hostile page in the same browser can open as many connections as the browser allows, but not
/// one that counts among the admitted.
package final class Crowd: Sendable {
  /// Thrown to a connection for which there is no room.
  package struct Full: Error {}

  /// One connection's place.
  package final class Entry: Sendable {
    fileprivate let isAdmitted = Atomic<Bool>(false)
  }

  private let strangers = Atomic<Int>(0)
  private let admitted = Atomic<Int>(0)

  private let admittedPlaces: Int

  package init(admitted: Int = Crowd.mostAdmitted) { admittedPlaces = admitted }

  /// A place for a new connection, nil when all are taken.
  package func enter() -> Entry? {
    Self.take(strangers, Self.mostStrangers) ? Entry() : nil
  }

  /// The connection showed the key.
  ///
  /// False when enough have.
  package func promote(_ entry: Entry) -> Bool {
    guard !entry.isAdmitted.load(ordering: .relaxed),
      Self.take(admitted, admittedPlaces)
    else { return false }
    entry.isAdmitted.store(true, ordering: .relaxed)
    strangers.subtract(1, ordering: .relaxed)
    return true
  }

  package func leave(_ entry: Entry) {
    if entry.isAdmitted.load(ordering: .relaxed) {
      admitted.subtract(1, ordering: .relaxed)
    } else {
      strangers.subtract(1, ordering: .relaxed)
    }
  }

  private static func take(_ count: borrowing Atomic<Int>, _ most: Int) -> Bool {
    let (_, now) = count.add(1, ordering: .relaxed)
    if now <= most { return true }
    count.subtract(1, ordering: .relaxed)
    return false
  }

  /// A browser opens six at a time for one page; this is ten pages that load at once.
  package static let mostStrangers = 64
  /// Three for each open page; the control socket takes 64 clients and must have some left.
  package static let mostAdmitted = 32
  /// Of paired devices: five pages that are open at once.
  package static let mostDevices = 20
}

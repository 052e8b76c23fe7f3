// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// How many connections there are, of strangers and of friends.
///
/// Nobody is turned away at the door. When there is no room the stranger who came first goes, of
/// the newcomer's neighbourhood when that has its share: who fills the doorway pushes out itself,
/// and a friend needs one breath to get through. Servers that run out of room do the same.
final class Doorway: Sendable {
  private struct Stranger {
    let neighbourhood: UInt64
    let channel: any Channel
  }

  private struct State {
    var strangers: [UInt64: Stranger] = [:]
    var shares: [UInt64: Int] = [:]
    var friends = 0
    var nextTicket: UInt64 = 0
  }

  private let state = Mutex(State())

  /// A newcomer's ticket.
  func enter(_ channel: any Channel, from address: SocketAddress?) -> UInt64 {
    // Behind a web server everybody comes from this machine, and it has its own limits.
    let home = Self.neighbourhood(address)
    let (ticket, leaving) = state.withLock { state -> (UInt64, (any Channel)?) in
      var leaving: UInt64?
      if let home, state.shares[home, default: 0] >= Self.share {
        leaving = state.strangers.filter { $0.value.neighbourhood == home }.keys.min()
      } else if state.strangers.count >= Self.mostStrangers {
        leaving = state.strangers.keys.min()
      }
      let gone = leaving.flatMap { Self.remove($0, &state) }
      let ticket = state.nextTicket
      state.nextTicket += 1
      state.strangers[ticket] = Stranger(neighbourhood: home ?? 0, channel: channel)
      state.shares[home ?? 0, default: 0] += 1
      return (ticket, gone?.channel)
    }
    leaving?.close(promise: nil)
    return ticket
  }

  /// Who showed the path; false when as many friends are here as may be, or the ticket is void.
  func befriend(_ ticket: UInt64) -> Bool {
    state.withLock { state in
      guard state.friends < Self.mostFriends, Self.remove(ticket, &state) != nil else {
        return false
      }
      state.friends += 1
      return true
    }
  }

  func leave(_ ticket: UInt64, isFriend: Bool) {
    state.withLock { state in
      if isFriend { state.friends -= 1 } else { _ = Self.remove(ticket, &state) }
    }
  }

  var strangers: Int { state.withLock { $0.strangers.count } }

  private static func remove(_ ticket: UInt64, _ state: inout State) -> Stranger? {
    guard let stranger = state.strangers.removeValue(forKey: ticket) else { return nil }
    let left = state.shares[stranger.neighbourhood, default: 1] - 1
    state.shares[stranger.neighbourhood] = left > 0 ? left : nil
    return stranger
  }

  /// /24 in IPv4, /48 in IPv6; nil for this machine.
  static func neighbourhood(_ address: SocketAddress?) -> UInt64? {
    // sockaddr_in holds the address behind family and port, sockaddr_in6 behind the flow too.
    let raw = address?.withSockAddr { start, count in
      [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
    guard let raw else { return nil }
    switch address?.protocol {
    case .inet?: return ipv4(UInt32(truncatingIfNeeded: number(raw.dropFirst(4).prefix(4))))
    case .inet6?:
      let high = number(raw.dropFirst(8).prefix(8))
      let low = number(raw.dropFirst(16).prefix(8))
      if high == 0, low >> 32 == 0xFFFF { return ipv4(UInt32(truncatingIfNeeded: low)) }
      return high == 0 && low == 1 ? nil : high >> 16 | 1 << 63
    default: return nil
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func ipv4(_ address: UInt32) -> UInt64? {
    address >> 24 == 127 ? nil : UInt64(address >> 8) + 1
  }

  /// A connection that says nothing holds 40 KiB (`docs/results/strangers.md`): 20 MiB.
  static let mostStrangers = 512
  /// Of one neighbourhood: several households behind one address, each with a browser.
  static let share = 64
  /// Tunnels at once; each is a neighbour of the node, which has room for fewer. A guess.
  static let mostFriends = 64
}

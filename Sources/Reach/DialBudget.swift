// SPDX-License-Identifier: Apache-2.0

/// How often each host may be called, and how often hosts may be that only others speak of.
///
/// Networks have been seen that freeze whoever opens twelve TLS connections in a short while; below
/// eight a minute nobody was. And any member may say that it is found at any host: so a host that
/// never proved to have a tunnel is called seldom, and after a call in vain not for long, or a room
/// could be turned against somebody's web server.
package struct DialBudget: Sendable {
  private struct Host {
    var calls: [UInt64] = []
    var hasProved = false
    var failures = 0
    var aloneUntil: UInt64 = 0

    func isForgettable(at now: UInt64) -> Bool {
      !hasProved && aloneUntil <= now && !calls.contains { now < $0 + window }
    }
  }

  /// Why a host is not called.
  package enum Refusal: Hashable, Sendable {
    case tooOften, leftAlone
  }

  private var hosts: [String: Host] = [:]
  /// Calls of the last hour to hosts of which others spoke and which had not proved themselves.
  private var tries: [UInt64] = []

  package init() {}

  /// Counts a call to `host` at `now`, in milliseconds of any clock that does not go back; or says
  /// why there is none.
  ///
  /// `isNamed`: the person wants it, so nobody else's word is needed.
  package mutating func take(_ name: String, isNamed: Bool, now: UInt64) -> Refusal? {
    if hosts[name] == nil, hosts.count >= Self.mostHosts {
      hosts = hosts.filter { !$0.value.isForgettable(at: now) }
      // Those with a tunnel are few, but a day's failures are not worth the person's own call.
      if hosts.count >= Self.mostHosts, isNamed, let least = leastWorth { hosts[least] = nil }
      guard hosts.count < Self.mostHosts else { return .tooOften }
    }
    var host = hosts[name] ?? Host()
    host.calls.removeAll { now >= $0 + Self.window }
    defer { hosts[name] = host }
    guard host.calls.count < Self.most else { return .tooOften }
    if !isNamed, !host.hasProved {
      guard host.aloneUntil <= now else { return .leftAlone }
      tries.removeAll { now >= $0 + Self.hour }
      let recent = tries.count { now < $0 + Self.window }
      guard recent < Self.mostTries, tries.count < Self.mostTriesAnHour else { return .leftAlone }
      tries.append(now)
    }
    host.calls.append(now)
    return nil
  }

  /// There was a tunnel.
  package mutating func succeeded(_ name: String) {
    hosts[name]?.hasProved = true
    hosts[name]?.failures = 0
    hosts[name]?.aloneUntil = 0
  }

  /// There was none.
  package mutating func failed(_ name: String, now: UInt64) {
    guard var host = hosts[name], !host.hasProved else { return }
    host.aloneUntil = now + min(Self.alone << UInt64(host.failures), Self.aloneMost)
    host.failures = min(host.failures + 1, 10)
    hosts[name] = host
  }

  private var leastWorth: String? {
    hosts.filter { !$0.value.hasProved }.min { $0.value.aloneUntil < $1.value.aloneUntil }?.key
  }

  package static let most = 8
  package static let window: UInt64 = 60_000
  package static let mostHosts = 256
  /// Of hosts that only others speak of: a minute, an hour. Guesses: a room has few with tunnels.
  package static let mostTries = 4
  package static let mostTriesAnHour = 32
  /// After a call in vain, doubled each time, up to a day. Guesses.
  package static let alone: UInt64 = 600_000
  package static let aloneMost: UInt64 = 24 * hour
  private static let hour: UInt64 = 3_600_000
}

// SPDX-License-Identifier: Apache-2.0

/// How often each host may be called: eight times in any minute.
///
/// Networks have been seen that freeze whoever opens twelve TLS connections in a short while; below
/// eight nobody was.
package struct DialBudget: Sendable {
  private var calls: [String: [UInt64]] = [:]

  package init() {}

  /// Whether `host` may be called at `now`, in milliseconds of any clock that does not go back; if
  /// so the call is counted.
  package mutating func take(_ host: String, now: UInt64) -> Bool {
    if calls[host] == nil, calls.count >= Self.mostHosts {
      calls = calls.filter { $0.value.contains { now < $0 + Self.window } }
      guard calls.count < Self.mostHosts else { return false }
    }
    let recent = (calls[host] ?? []).filter { now < $0 + Self.window }
    guard recent.count < Self.most else {
      calls[host] = recent
      return false
    }
    calls[host] = recent + [now]
    return true
  }

  package static let most = 8
  package static let window: UInt64 = 60_000
  package static let mostHosts = 256
}

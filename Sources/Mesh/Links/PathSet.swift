import Wire

/// The ways by which one node may be reached, and what is known of them.
struct PathSet: Sendable {
  private struct Path: Sendable {
    var endpoint: Endpoint
    let isTunnel: Bool
    var token: UInt32?
    var askedAt = Instant(nanoseconds: 0)
    var hasAnswered = false
  }

  /// Three: IPv4, IPv6 and a tunnel.
  static let most = 3
  /// The way in use has so long after the question to show that it works. A guess: several round
  /// trips, and short beside the 3 s after which people give a call up.
  static let patience: Duration = .milliseconds(300)
  /// A way is not asked again so soon.
  static let pause: Duration = .milliseconds(200)

  private var paths: [Path] = []
  private var heardAt = Instant(nanoseconds: 0)
  private var returnAt = Instant(nanoseconds: 0)

  var isEmpty: Bool { paths.isEmpty }
  var hasOther: Bool { paths.count > 1 }
  var hasTunnel: Bool { paths.contains(where: \.isTunnel) }

  func isTunnel(_ endpoint: Endpoint) -> Bool {
    paths.contains { $0.endpoint == endpoint && $0.isTunnel }
  }

  /// Whatever is better than a tunnel.
  var best: Endpoint? { (paths.first { !$0.isTunnel } ?? paths.first)?.endpoint }

  /// When ``decide(inUse:at:)`` or ``returning(from:at:_:)`` may have something to say.
  var due: Instant? {
    guard hasOther else { return nil }
    let decision = paths.lazy.filter(\.hasAnswered).map { $0.askedAt + Self.patience }.min()
    return returnAt.nanoseconds > 0 ? min(decision ?? returnAt, returnAt) : decision
  }

  /// One more way, unless it is known or there are enough.
  mutating func learn(_ endpoint: Endpoint, isTunnel: Bool) {
    guard !paths.contains(where: { $0.endpoint == endpoint }), paths.count < Self.most else {
      return
    }
    paths.append(Path(endpoint: endpoint, isTunnel: isTunnel))
  }

  /// False when it was not known.
  mutating func forget(_ endpoint: Endpoint) -> Bool {
    guard let index = paths.firstIndex(where: { $0.endpoint == endpoint }) else { return false }
    paths.remove(at: index)
    return true
  }

  /// Something that counts came from where the peer is taken to be.
  mutating func heard(from endpoint: Endpoint, inUse: Endpoint, at now: Instant) {
    guard endpoint == inUse, hasOther else { return }
    heardAt = now
  }

  /// The peer moved: the way it moved away from leads there now.
  mutating func moved(from old: Endpoint, to new: Endpoint) {
    guard !paths.contains(where: { $0.endpoint == new }),
      let index = paths.firstIndex(where: { $0.endpoint == old && !$0.isTunnel })
    else { return }
    paths[index].endpoint = new
  }

  func others(than inUse: Endpoint, at now: Instant) -> [Endpoint] {
    paths.filter { $0.endpoint != inUse && $0.askedAt + Self.pause <= now }.map(\.endpoint)
  }

  mutating func asked(_ endpoint: Endpoint, _ token: UInt32, at now: Instant) {
    guard let index = paths.firstIndex(where: { $0.endpoint == endpoint }) else { return }
    paths[index].token = token
    paths[index].askedAt = now
    paths[index].hasAnswered = false
  }

  mutating func answered(_ token: UInt32, from endpoint: Endpoint, at now: Instant) {
    guard
      let index = paths.firstIndex(where: { $0.endpoint == endpoint && $0.token == token })
    else { return }
    paths[index].token = nil
    paths[index].hasAnswered = true
  }

  /// The way to change to: a better one at once, another when the one in use stayed silent.
  mutating func decide(inUse: Endpoint, at now: Instant) -> Endpoint? {
    let isOnTunnel = isTunnel(inUse)
    for index in paths.indices where paths[index].hasAnswered {
      let path = paths[index]
      if isOnTunnel, !path.isTunnel {
        paths[index].hasAnswered = false
        return path.endpoint
      }
      guard path.askedAt + Self.patience <= now else { continue }
      paths[index].hasAnswered = false
      if heardAt < path.askedAt { return path.endpoint }
    }
    return nil
  }

  /// From a tunnel back to a way that costs less, asked now and then whether it works again.
  mutating func returning(
    from inUse: Endpoint, at now: Instant, _ settings: LinkSettings
  ) -> [Endpoint] {
    guard isTunnel(inUse) else {
      returnAt = Instant(nanoseconds: 0)
      return []
    }
    guard returnAt.nanoseconds > 0 else {
      returnAt = now + settings.returnProbe
      return []
    }
    guard returnAt <= now else { return [] }
    returnAt = now + settings.returnProbe
    return paths.filter { !$0.isTunnel }.map(\.endpoint)
  }
}

import Wire

/// Where others see this node, and what follows from that.
extension Participant {
  mutating func reflected(_ endpoint: Endpoint, by node: NodeID) {
    let before = sightings.believed
    let isNews = sightings.saw(endpoint, by: node)
    if isNews {
      if let latest = sightings.believed.first, !places.contains(latest) {
        ctx.tell(.reflected(latest))
      }
      // Another network: who found us in the last one says nothing about it.
      if !before.isEmpty, !before.contains(where: sightings.believed.contains) {
        reachability.isFound = false
      }
      move()
    }
    // What is known already is looked at again in peace, so that no two peers make it waver.
    if !reachability.isKnown { judgeReachability() }
  }

  /// Somebody this node had never written to got through to it.
  mutating func called() {
    guard !reachability.isFound else { return }
    reachability.isFound = true
    judgeReachability()
  }

  mutating func judgeReachability() {
    let before = reachability.flags
    reachability.ipv4 = sightings.translation(isIPv4: true, places: places)
    reachability.ipv6 = sightings.translation(isIPv4: false, places: places)
    let after = reachability.flags
    guard after != before else { return }
    for room in rooms { room.shelterChanged(to: after, &ctx) }
  }

  /// Where others see this node goes first, for that is where it was reached; what only programs on
  /// this machine can reach is left out as soon as there is anything else.
  mutating func move() {
    let seen = sightings.believed
    let all = seen + places.filter { !seen.contains($0) }
    let outside = all.filter { !$0.isLoopback }
    let contact = Contact(
      node: ctx.contact.node, token: ctx.contact.token, endpoints: outside.isEmpty ? all : outside,
      tunnel: ctx.contact.tunnel)
    guard contact != ctx.contact else { return }
    ctx.contact = contact
    for room in rooms { room.moved(to: ctx.contact, &ctx) }
  }
}

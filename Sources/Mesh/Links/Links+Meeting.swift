import Keys
package import Wire

// Two nodes behind routers dial each other at the same time: what each sends lets in what the other
// does. On the wire there is nothing but message 1, a few times more.

extension Links {
  /// Dials a node because it is about to dial us; false when there is nothing to do.
  ///
  /// Shorter than ``dial(_:at:into:)``, and nobody hears of it unless it succeeds.
  package mutating func greet(
    _ contact: Contact, at now: Instant, into effects: inout Effects
  ) -> Bool {
    let node = contact.node
    var contact = contact
    contact.endpoints = contact.endpoints.filter(\.isDiallable)
    guard table[node] == nil else { return false }
    if isDialling(node) {
      for place in contact.endpoints {
        learn(path: place, isTunnel: false, to: node, at: now, into: &effects)
      }
      insist(on: node, at: now)
      return true
    }
    guard node != id, !contact.endpoints.isEmpty, dials.count < settings.dials,
      makesRoom(at: now, into: &effects),
      !refusals.refuses(node, at: now), let index = table.reserve(&entropy)
    else { return false }
    let dial = Dial(contact: contact, index: index, isFavour: true, at: now)
    begin(dial, at: now, into: &effects)
    dial.due = now + settings.favourLimit
    insist(on: node, at: now)
    return true
  }

  /// Message 1 of a dial under way goes out a few times more.
  package mutating func insist(on node: NodeID, at now: Instant) {
    guard let dial = dials.first(where: { $0.contact.node == node }) else { return }
    dial.repeats = settings.meetingPauses.map { now + $0 }[...]
    schedule(dial.nextDue, .dialling)
  }

  mutating func repeatHellos(at now: Instant, into effects: inout Effects) {
    for dial in dials {
      guard let due = dial.repeats.first, due <= now else { continue }
      dial.repeats = dial.repeats.drop { $0 <= now }
      sendHello(dial, to: dial.places, at: now, into: &effects)
    }
  }

  /// A favour that turns out to be wanted here too goes on as a dial of our own.
  mutating func adopt(
    _ dial: Dial, _ contact: Contact, at now: Instant, into effects: inout Effects
  ) {
    guard dial.isFavour else { return }
    dial.becomeOwn(at: now, due: now + settings.dialPauses[0])
    for place in contact.endpoints where dial.learn(place) {
      sendHello(dial, to: [place], at: now, into: &effects)
    }
  }
}

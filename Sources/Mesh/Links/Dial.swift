import Keys
import Wire

/// A handshake this node began: message 1 is out, message 2 awaited.
final class Dial {
  let contact: Contact
  /// A local socket with a stream to the node behind it.
  var detour: Endpoint?
  /// When one is asked for.
  var detourDue: Instant?
  /// Where it was said to be since.
  private(set) var others: [Endpoint] = []
  let keys: AddressKeys
  /// How the answer addresses us; kept over all attempts.
  let index: UInt32
  private(set) var began: Instant
  /// Made because another asked for it: it ends soon, and nobody is told.
  private(set) var isFavour: Bool
  /// When the same message 1 goes out once more: whoever answered it ignores it then.
  var repeats: ArraySlice<Instant> = []

  var noise: NoiseHandshake?
  /// Message 1 of this attempt.
  var hello: [UInt8] = []
  var attempt = 0
  var sentAt: Instant
  var due: Instant
  /// Where this attempt was asked for a cookie already.
  var cookied: [Endpoint] = []

  init(contact: Contact, index: UInt32, isFavour: Bool, at now: Instant) {
    self.contact = contact
    self.isFavour = isFavour
    self.index = index
    keys = AddressKeys(node: contact.node, token: contact.token)
    began = now
    sentAt = now
    due = now
  }

  /// How to dial it again: where it answered first, unless that means something here alone.
  func found(at source: Endpoint) -> Contact {
    var found = contact
    if source != detour { found.endpoints = contact.endpoints.led(by: source) }
    return found
  }

  /// Where message 1 goes.
  var places: [Endpoint] { contact.endpoints + others + (detour.map { [$0] } ?? []) }

  /// Whether that is one more place, for which there is room.
  func learn(_ place: Endpoint) -> Bool {
    guard !places.contains(place), others.count < Limits.endpointsPerContact else { return false }
    others.append(place)
    return true
  }

  /// Somebody here wants it too.
  func becomeOwn(at now: Instant, due: Instant) {
    isFavour = false
    began = now
    self.due = due
    if contact.tunnel != nil { detourDue = due }
  }

  var nextDue: Instant { min(due, repeats.first ?? due, detourDue ?? due) }

  var mac1: Bytes16 {
    let end = hello.count - 2 * LinkSpec.mac
    guard end > 0 else { return .zero }
    return Bytes16(hello[end..<end + LinkSpec.mac]) ?? .zero
  }
}

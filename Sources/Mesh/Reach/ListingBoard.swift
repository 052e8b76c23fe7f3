import Keys
import OrderedCollections
import Wire

/// Open rooms that list themselves.
///
/// Anybody can sign a listing of any open room, so a room keeps those of several publishers, none
/// of whom can push out another, and who joins asks the contacts of all.
struct ListingBoard {
  /// One room and who lists it, longest known first.
  struct Entry {
    let room: RoomID
    var listings: [Listing]

    /// The creator's word if it is there.
    var best: Listing {
      listings.first { $0.certificate.persona == $0.genesis.creator } ?? listings[0]
    }
  }

  /// What becomes of a listing that came in.
  enum Verdict {
    case taken(isNewRoom: Bool)
    /// Nothing new in it.
    case known
    case refused(Drop)
  }

  private let settings: Settings
  private(set) var entries: OrderedDictionary<RoomID, Entry> = [:]

  init(settings: Settings) {
    self.settings = settings
  }

  var all: [Listing] { entries.values.flatMap(\.listings) }

  /// The contacts of all who list the room, each publisher's best first.
  func contacts(of room: RoomID) -> [Contact]? {
    guard let listings = entries[room]?.listings else { return nil }
    var contacts: OrderedDictionary<NodeID, Contact> = [:]
    for place in 0..<Listing.contactsMaximum {
      for listing in listings where place < listing.contacts.count {
        let contact = listing.contacts[place]
        if contacts[contact.node] == nil { contacts[contact.node] = contact }
      }
    }
    return Array(contacts.values)
  }

  mutating func received(_ listing: Listing, at now: Instant) -> Verdict {
    let moment = now.milliseconds
    let latest = (now + settings.presence.listingLifetime + settings.clockSkew).milliseconds
    guard listing.genesis.mode == 0, listing.expiry > moment, listing.expiry <= latest,
      listing.genesis.expiry > moment
    else { return .refused(.badListing) }
    let room = Charter.id(of: listing.genesis.unsigned)
    let publisher = listing.certificate.session
    if let known = entries[room]?.listings.first(where: { $0.certificate.session == publisher }) {
      // The same listing comes by several ways: only a real step forward travels on.
      if listing.expiry <= known.expiry + Self.step { return .known }
    } else if !hasRoom(for: listing, of: room) {
      return .refused(.listingFull)
    }
    guard let charter = Charter(genesis: listing.genesis, operation: nil), charter.room == room,
      charter.objection(to: listing.certificate, at: now, skew: settings.clockSkew) == nil,
      Signatures.verify(listing.signature, by: publisher, "VR1-listing", listing.unsigned)
    else { return .refused(.badListing) }
    let isNewRoom = entries[room] == nil
    put(listing, room)
    return .taken(isNewRoom: isNewRoom)
  }

  /// Replaces what the same publisher said before.
  mutating func put(_ listing: Listing, _ room: RoomID) {
    var entry = entries[room] ?? Entry(room: room, listings: [])
    let publisher = listing.certificate.session
    if let index = entry.listings.firstIndex(where: { $0.certificate.session == publisher }) {
      entry.listings[index] = listing
    } else {
      // Full, and yet admitted: the creator's.
      if entry.listings.count >= settings.overlay.publishersOfRoom { entry.listings.removeLast() }
      entry.listings.append(listing)
    }
    entries[room] = entry
  }

  mutating func withdraw(_ room: RoomID) { entries.removeValue(forKey: room) }

  /// Returns whether a room is no longer listed.
  mutating func expire(at now: Instant) -> Bool {
    let moment = now.milliseconds
    let before = entries.count
    for (room, var entry) in entries {
      entry.listings.removeAll { $0.expiry < moment }
      entries[room] = entry.listings.isEmpty ? nil : entry
    }
    return entries.count != before
  }

  /// Room for one more publisher.
  private func hasRoom(for listing: Listing, of room: RoomID) -> Bool {
    let persona = listing.certificate.persona
    let others = entries.values.count { entry in
      entry.room != room && entry.listings.contains { $0.certificate.persona == persona }
    }
    guard others < settings.overlay.roomsOfPublisher else { return false }
    let total = entries.values.reduce(0) { $0 + $1.listings.count }
    guard total < settings.presence.listingsMaximum else { return false }
    guard let entry = entries[room] else { return true }
    let isCreator = persona == listing.genesis.creator
    let hasCreator = entry.listings.contains { $0.certificate.persona == $0.genesis.creator }
    return entry.listings.count < settings.overlay.publishersOfRoom || isCreator && !hasCreator
  }

  /// Milliseconds.
  private static let step: UInt64 = 5_000
}

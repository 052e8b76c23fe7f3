package import Keys
import OrderedCollections
package import Wire

/// Somebody has to find a stamp before a room lets this node in: trials that take a while, and so
/// are no work for the participant. Answered by ``Command/stamped(_:_:)``.
package struct StampWish: Hashable, Sendable {
  package let room: RoomID
  package let puzzle: StampPuzzle
}

/// What strangers pay to come into an open room. Whoever an operation names, whoever comes by an
/// invite, and whoever is here already pays nothing.
extension Room {
  enum Toll {
    case paid
    /// It has to find a stamp, and come again.
    case wanted
    /// Stamps were checked so often that this one waits.
    case later
  }

  func toll(of join: Join, on link: LinkID, _ ctx: inout Context) -> Toll {
    guard isMember, let standing, standing.isOpen else { return .paid }
    let person = join.certificate.persona
    let isInvited = join.admission.map { standing.invites[$0.invite] != nil } ?? false
    guard standing[person].role == nil, !standing[person].isRelay, !isInvited, !isHere(person),
      paid[person] == nil
    else { return .paid }
    let hour = Room.hour(ctx.now)
    guard let stamp = join.stamp, stamp.hour <= hour + 1, stamp.hour + 1 >= hour else {
      return .wanted
    }
    guard ctx.stamps.take(at: ctx.now) else { return .later }
    guard puzzle(of: person, hour: stamp.hour, ctx).isSolved(by: stamp.nonce) else {
      // No honest node sends what does not fit, and looking at it costs us as much as anybody.
      ctx.drop(.badStamp)
      ctx.links.condemn(link, at: ctx.now, into: &ctx.effects)
      return .wanted
    }
    if paid.count >= ctx.settings.entry.paid { paid.removeFirst() }
    paid[person] = ctx.now + .seconds(Room.secondsOfHour)
    return .paid
  }

  func isHere(_ person: PersonaID) -> Bool {
    roster.members.values.contains { $0.person == person }
  }

  /// A member wants to see a stamp. Once an hour one is looked for, whoever asks.
  func pay(on link: LinkID, _ ctx: inout Context) {
    joinsSent.removeValue(forKey: link)
    let hour = Room.hour(ctx.now)
    guard !hasSecret, stamp?.hour != hour, unpaid.count < ctx.settings.links.sessions else {
      // It was shown one already.
      if let node = ctx.links.node(of: link) {
        reaching.removeValue(forKey: node)
        overlay.failed(node)
      }
      refusal = .notAdmitted
      return giveUpIfAlone(&ctx)
    }
    unpaid.append(link)
    if case .joining = phase { phase = .joining(until: ctx.now + ctx.settings.entry.paying) }
    guard stampHour != hour else { return }
    stampHour = hour
    ctx.effects.stamps.append(
      StampWish(room: id, puzzle: puzzle(of: me.person, hour: hour, ctx)))
  }

  func stamped(_ stamp: Stamp, _ ctx: inout Context) {
    self.stamp = stamp
    let links = unpaid
    unpaid = []
    for link in links { sendJoin(on: link, &ctx) }
  }

  private func puzzle(
    of person: PersonaID, hour: UInt32, _ ctx: borrowing Context
  ) -> StampPuzzle {
    StampPuzzle(room: id, persona: person, hour: hour, price: ctx.settings.entry.stamp)
  }

  private static func hour(_ now: Instant) -> UInt32 {
    UInt32(clamping: now.milliseconds / 1_000 / UInt64(secondsOfHour))
  }

  private static let secondsOfHour: Int64 = 3_600
}

import OrderedCollections
import Wire

/// The rules by which one operation is judged.
extension Evaluation {
  /// Whether `power` was held when the operation was written, as far as its author knew and as more
  /// senior ones let stand.
  func supports(_ power: Power, _ node: Int) -> Bool {
    if let grant = power.grant {
      guard past.saw(node, grant) else { return false }
      if let expiry = operation(grant).expiry, operation(node).time >= expiry { return false }
    }
    for restriction in restrictions[power.person] ?? []
    where !knew(power.grant, restriction) {
      if past.saw(node, restriction) {
        // A cut voids what did not know of it and takes no power away.
        guard operation(restriction).kind == .cut else { return false }
      } else {
        guard liesBelowCut(node, of: restriction) else { return false }
      }
    }
    return !steppedDown(power, before: node)
  }

  /// Whether somebody with `power` may do this to this subject.
  func allows(_ power: Power, _ node: Int) -> Bool {
    let operation = operation(node)
    let isOwn = operation.subject == operation.author.raw
    switch operation.kind {
    case .handOver: return power.isHost && !isOwn
    case .policy, .close: return power.isHost
    case .grantModerator, .grantSpeaker, .grantListener, .grantRelay, .stageInvite:
      return !isOwn
    case .revoke, .remove, .mute, .cut:
      return !isOwn && !isProtected(operation.person, from: node, power.rank)
    case .unmute, .unban, .inviteAdd, .inviteRevoke: return true
    case .admit: return mayAdmit(operation)
    case .stageAccept, .stepDown, .later: return false
    }
  }

  /// A junior's act against a senior is void: `person` held a more senior power, unless the author
  /// knew that it had ended, or it was given in full knowledge of the act.
  func isProtected(_ person: PersonaID, from node: Int, _ rank: Rank) -> Bool {
    guard !past.forked.contains(person) else { return false }
    return (powers[person] ?? []).contains { power in
      guard power.rank < rank else { return false }
      if let handOver = power.spentBy { return !past.saw(node, handOver) }
      if let grant = power.grant {
        guard !past.saw(grant, node) else { return false }
        if let expiry = operation(grant).expiry, operation(node).time >= expiry { return false }
      }
      let isEnded = (restrictions[person] ?? []).contains {
        operation($0).kind != .cut && past.saw(node, $0) && !knew(power.grant, $0)
      }
      return !isEnded && !steppedDown(power, before: node)
    }
  }

  /// An invite with a number of uses is burnt in one log alone, its inviter's.
  private func mayAdmit(_ admit: RoomOperation) -> Bool {
    guard let node = past.node(admit.author, admit.argument), admit.argument < admit.sequence,
      verdicts[node] == .counts, operation(node).kind == .inviteAdd,
      let terms = InviteTerms(argument: operation(node).argument), terms.uses > 0
    else { return false }
    if let expiry = operation(node).expiry, admit.time >= expiry { return false }
    let guests = admitted[node] ?? []
    return guests.count < Int(terms.uses) && !guests.contains(admit.person)
      && admit.person != admit.author
  }

  /// Nobody can slip anything in below a cut: it names the last operation by its hash.
  private func liesBelowCut(_ node: Int, of restriction: Int) -> Bool {
    let (judged, cut) = (operation(node), operation(restriction))
    guard judged.sequence <= cut.argument else { return false }
    guard let last = past.node(judged.author, cut.argument) else { return true }
    return past.nodes[last].hash == cut.cut
  }

  private func steppedDown(_ power: Power, before node: Int) -> Bool {
    guard !power.isHost else { return false }
    return (stepDowns[power.person] ?? []).contains {
      past.saw(node, $0) && !knew(power.grant, $0)
    }
  }

  func knew(_ grant: Int?, _ node: Int) -> Bool {
    grant.map { past.saw($0, node) } ?? false
  }
}

import OrderedCollections
import Wire

/// Which operations count, found from the most senior power to the most junior.
///
/// A power is a moderator's or host's right to write, and the operation that gave it. Whether an
/// operation counts depends only on more senior ones, which are judged by then, so there is one
/// answer and no order of arrival in it.
struct Evaluation {
  /// A right to write operations about others.
  struct Power {
    let person: PersonaID
    let rank: Rank
    /// What gave it; nil for the creator's own.
    let grant: Int?
    /// Set for hosts: which in the line.
    let term: UInt32?
    /// The operation that handed it over to somebody else.
    var spentBy: Int?

    var isHost: Bool { term != nil }
  }

  enum Verdict { case open, void, counts }

  let past: Causality
  let creator: PersonaID
  let settings: AuthoritySettings
  private(set) var verdicts: [Verdict]
  /// Rank of the power by which an operation counts.
  private(set) var ranks: [Rank?]
  private(set) var powers: OrderedDictionary<PersonaID, [Power]> = [:]
  /// What counts of REVOKE, REMOVE and CUT, by whom it is about.
  private(set) var restrictions: OrderedDictionary<PersonaID, [Int]> = [:]
  private(set) var stepDowns: OrderedDictionary<PersonaID, [Int]> = [:]
  /// Most senior last.
  private var queue: [Power] = []
  /// Who was admitted by which ADD INVITE.
  private(set) var admitted: OrderedDictionary<Int, OrderedSet<PersonaID>> = [:]

  init(_ past: Causality, creator: PersonaID, settings: AuthoritySettings) {
    self.past = past
    self.creator = creator
    self.settings = settings
    verdicts = [Verdict](repeating: .open, count: past.nodes.count)
    ranks = [Rank?](repeating: nil, count: past.nodes.count)
    for index in past.nodes.indices where past.nodes[index].operation.kind == .stepDown {
      stepDowns[past.nodes[index].operation.author, default: []].append(index)
      verdicts[index] = .counts
    }
    push(Power(person: creator, rank: .host(term: 0), grant: nil, term: 0))
    while let power = queue.popLast() { exercise(power) }
    acceptSeats()
  }

  func operation(_ node: Int) -> RoomOperation { past.nodes[node].operation }

  private mutating func push(_ power: Power) {
    guard power.rank.path.count <= settings.depth + 2 else { return }
    let place = queue.firstIndex { $0.rank < power.rank } ?? queue.endIndex
    queue.insert(power, at: place)
  }

  private mutating func exercise(_ power: Power) {
    let before = powers[power.person]
    guard before != nil || powers.count < settings.moderatorsEver,
      before?.count ?? 0 < settings.powersOfPerson
    else { return }
    let index = before?.count ?? 0
    powers[power.person, default: []].append(power)
    for node in past.authors[power.person] ?? 0..<0 where verdicts[node] == .open {
      let kind = past.nodes[node].operation.kind
      guard isForPowers(kind), supports(power, node) else { continue }
      guard allows(power, node) else {
        verdicts[node] = .void
        continue
      }
      verdicts[node] = .counts
      ranks[node] = power.rank
      take(node, power)
      if kind == .handOver {
        powers[power.person]?[index].spentBy = node
        return
      }
    }
  }

  private func isForPowers(_ kind: OperationKind) -> Bool {
    if case .later = kind { return false }
    return !kind.isPersonal
  }

  /// What an operation that counts changes for those judged after it.
  private mutating func take(_ node: Int, _ power: Power) {
    let operation = operation(node)
    switch operation.kind {
    case .grantModerator:
      push(
        Power(
          person: operation.person, rank: power.rank.granting(operation.sequence), grant: node,
          term: nil))
    case .handOver:
      guard let term = power.term else { return }
      push(
        Power(
          person: operation.person, rank: .host(term: term + 1), grant: node, term: term + 1))
      push(
        Power(person: power.person, rank: .formerHost(term: term), grant: node, term: nil))
    case .revoke, .remove, .cut:
      restrictions[operation.person, default: []].append(node)
    case .admit:
      guard let invite = past.node(operation.author, operation.argument) else { return }
      admitted[invite, default: []].append(operation.person)
    default: break
    }
  }

  /// A seat that was offered is taken by whom it was offered to, while the offer lasts.
  private mutating func acceptSeats() {
    for node in past.nodes.indices where operation(node).kind == .stageAccept {
      let accept = operation(node)
      guard let offer = past.node(accept.person, accept.argument), verdicts[offer] == .counts,
        operation(offer).kind == .stageInvite, operation(offer).person == accept.author,
        past.saw(node, offer), accept.time < operation(offer).expiry ?? 0
      else {
        verdicts[node] = .void
        continue
      }
      verdicts[node] = .counts
      ranks[node] = ranks[offer]
    }
  }
}

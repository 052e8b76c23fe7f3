/// One world as its file describes it: who is there, what lies between them, what happens, and
/// what must come of it. Times are nanoseconds from the beginning.
///
/// The schema is documented in `Topologies/README.md`.
package struct Topology: Sendable {
  package var name = ""
  package var about = ""
  package var seed: UInt64 = 1
  package var length: Int64 = 0
  /// Runs that may miss an expectation, of a thousand.
  package var failuresAllowed = 0
  package var expectations: [Expectation] = []

  var groups: [Group] = []
  var links = Links()
  var talkers: [Talker] = []
  var faults: [Fault] = []
  var churn: Churn?
  var censor: Censorship?
  var tuning = Tuning()
  /// What is measured: frames said in between, by default from two seconds after the first is.
  var measureFrom: Int64 = 0
  var measureTo: Int64 = 0
  /// The first so many times are heard by nobody for certain: a newcomer's grace.
  var grace: Int64 = 0
  /// Joiners before that are not timed.
  var presenceFrom: Int64 = 0
  /// Everybody who is there must hear what is said in the last so much time.
  var calm: Int64 = 0

  package var nodes: Int { groups.reduce(0) { $0 + $1.count } }

  /// Nodes of one kind. The first node of the first group makes the room.
  struct Group: Sendable {
    var name = ""
    var count = 1
    /// Uplinks in bit/s and how often they occur.
    var uplinks: [(bits: Int, weight: Double)] = [(20_000_000, 1)]
    var relayPercent = 100
    var joinFrom: Int64 = 0
    var joinOver: Int64 = 0
    var nat: NATKind?
    var natPercent = 100
    /// Bits a second into each home; no limit when absent.
    var downlink: Int?
    /// What nodes say of their uplink, where that is not the truth.
    var gives: Int?
    var skew: Int64 = 0
    /// How fast or slow clocks run at most, in millionths.
    var drift: Int64 = 0
    /// So many nodes share one line.
    var household = 1
    var port: UInt16 = 4_000
    /// Destinations that the network lets through; all when empty.
    var portsAllowed: [UInt16] = []
    var mischief: Set<Misbehaviour> = []
    var mischiefPercent = 100
  }

  struct NATKind: Sendable {
    enum Mapping: String, CaseIterable, Sendable {
      /// One outer port for all destinations (RFC 4787 §4.1).
      case independent
      /// Another one for each destination: what is called symmetric.
      case dependent
    }
    enum Filtering: String, CaseIterable, Sendable {
      case none, address, port
    }
    var mapping = Mapping.independent
    var filtering = Filtering.port
    var timeout: Int64 = 30_000_000_000
  }

  struct Links: Sendable {
    enum Model: String, CaseIterable, Sendable {
      case uniform, regions
    }
    var model = Model.uniform
    var least: Int64 = 10_000_000
    var most: Int64 = 50_000_000
    var jitter: Int64 = 2_000_000
    var lossPermille = 0
    /// Mean number of datagrams lost together.
    var burst = 1.0
    /// Losses end then.
    var lossTo = Int64.max
    var reorderPermille = 0
    var duplicatePermille = 0
  }

  struct Talker: Sendable {
    var group = ""
    var index = 0
    var from: Int64 = 0
    var to: Int64 = 0
    var bytes = 60
    var spurts = false
  }

  /// Something that happens to some nodes.
  struct Fault: Sendable {
    enum Kind: String, CaseIterable, Sendable {
      /// Dies without a word.
      case kill
      case leave
      /// Stands still, and goes on where it was.
      case freeze
      /// Chosen nodes and the others do not hear each other.
      case partition
      /// Chosen nodes cannot send to `to`.
      case block
      /// Bad last miles: loss and delay of everything in and out.
      case congest
      /// The maker of the room removes the first of `group`, who defies it.
      case remove
    }
    enum Role: String, CaseIterable, Sendable {
      case any
      /// Feeds others for good and is no speaker.
      case relay
    }
    var kind = Kind.kill
    var at: Int64 = 0
    var lasts: Int64 = 0
    var group: String?
    var target: String?
    var role = Role.any
    var count: Int?
    var percent = 100
    var lossPermille = 0
    var delay: Int64 = 0
    /// Of a removal: keys change at once.
    var isImmediate = false
  }

  struct Churn: Sendable {
    var meanLife: Int64 = 0
    var from: Int64 = 0
    var to: Int64 = 0
    /// Who dies is replaced by a newcomer.
    var replaced = true
  }

  /// What somebody on the way does to the datagrams of a group, or of everybody.
  struct Censorship: Sendable {
    var from: Int64 = 0
    var to: Int64 = 0
    var group: String?
    /// Only what goes between `group` and this one is minded.
    var other: String?
    /// What stays within the group is left alone.
    var isBorder = false
    var portsBlocked: [UInt16] = []
    var throttle: Int?
    /// A flow stops for good after so many datagrams.
    var freezeAfter: Int?
    /// Made-up datagrams injected a second.
    var injectRate = 0
    /// Probes a second from an address outside.
    var probeRate = 0
  }

  /// Numbers of the mesh that a world may set otherwise.
  struct Tuning: Sendable {
    var companions: Int?
    var doubtAfter: Int64?
    var replaceAfter: Int64?
    var childrenMaximum: Int?
    /// Neighbours bring together whom routers keep apart.
    var meets = true
    /// Datagrams a second on each link, whatever there is to say; nil without cover.
    var coverSlots: Int?
  }
}

/// One line of what must come of a run.
package struct Expectation: Sendable {
  package let measure: Measure
  /// Not more than this; else not less.
  package let isUpper: Bool
  package let bound: Double

  package init(measure: Measure, isUpper: Bool, bound: Double) {
    self.measure = measure
    self.isUpper = isUpper
    self.bound = bound
  }

  package var text: String {
    "\(measure.rawValue)_\(isUpper ? "max" : "min") \(bound.short)"
  }

  package func holds(_ value: Double) -> Bool { isUpper ? value <= bound : value >= bound }
}

/// How a hostile node behaves; what meets it is in `Topologies/README.md`.
enum Misbehaviour: String, CaseIterable, Hashable, Sendable {
  case dropAll = "drop-all"
  case dropHalf = "drop-half"
  case delay
  case replay
  case flood
  case forge
  case lieDelay = "lie-delay"
  case liePath = "lie-path"
  case poison
  case eclipse
  case equivocate
}

import Mesh
import Wire

/// How soon newcomers are served, and who met whom.
extension World {
  /// Who was never fed waited till the end of the world.
  var feeding: [(measure: Measure, value: Double)] {
    let waits = residents.filter { $0.index > 0 && $0.isAlive && $0.isHonest }.map { resident in
      Double((resident.fedAt ?? topology.length) - resident.askedAt) / 1e6
    }.sorted()
    guard !waits.isEmpty else { return [] }
    return [
      (.fedP50, waits.quantile(0.5)), (.fedP99, waits.quantile(0.99)),
      (.fedWorst, waits.last ?? 0), (.metLinks, Double(linksBetweenRouters)),
    ]
  }

  private var linksBetweenRouters: Int {
    let routed = residents.filter { $0.box != nil && $0.isAlive }
    return routed.reduce(0) { sum, resident in
      sum
        + resident.participant.linked.count { node in
          nodeByKey[node.raw.high.high].map { residents[$0].box != nil } ?? false
        }
    } / 2
  }
}

/// Everything that is measured of a run, by the name it has in reports and expectations.
package enum Measure: String, CaseIterable, Sendable {
  /// Nodes that are in the room of those that wanted to be, at the end.
  case joinedPercent = "joined_percent"
  /// From the wish to join to being in.
  case joinP50 = "join_p50_ms"
  case joinP99 = "join_p99_ms"
  /// Frames that listeners should have heard.
  case framesExpected = "frames_expected"
  /// Never heard, or after its turn: own 95th percentile of delay and 40 ms.
  case badPermille = "bad_frames_permille"
  case missingPermille = "missing_frames_permille"
  /// One way through the network, from speaker to the first copy.
  case delayP50 = "delay_p50_ms"
  case delayP95 = "delay_p95_ms"
  case delayP99 = "delay_p99_ms"
  case delayMax = "delay_max_ms"
  /// Listeners whose playing stopped (3-mesh 2.1), after the first fault if there is one.
  case stalledPercent = "stalled_percent"
  case stallMean = "stall_mean_ms"
  case stallWorst = "stall_worst_ms"
  /// Datagrams received that carried no sound, per frame said, mean over nodes.
  case controlPerFrame = "control_per_frame"
  /// Bytes received a second and node with IP and UDP, mean, while measured.
  case bytesIn = "bytes_in_per_s"
  /// Of the uplink, mean while measured; the busiest node.
  case uplinkMax = "uplink_percent"
  /// Of the uplink in one second; the busiest node.
  case uplinkPeak = "uplink_peak_percent"
  case queueDrops = "uplink_drops"
  /// Relays between speaker and listener in the deeper of the two trees.
  case depthP50 = "depth_p50"
  case depthMax = "depth_max"
  /// Nodes with a parent in both trees, of those that need them.
  case twoParents = "two_parents_percent"
  /// From the wish to join to a parent in both trees, of those alive.
  case fedP50 = "fed_twice_p50_ms"
  case fedP99 = "fed_twice_p99_ms"
  case fedWorst = "fed_twice_worst_ms"
  /// Links between two behind routers, at the end.
  case metLinks = "links_between_routers"
  /// Nodes with the same relay above them in both trees.
  case sharedPercent = "shared_relay_percent"
  case loops
  /// A member on the roster of everybody who was there when it came.
  case presenceP50 = "presence_p50_ms"
  case presenceP99 = "presence_p99_ms"
  case presenceMissing = "presence_missing_permille"
  /// All rosters the same at the end: 1.
  case rostersEqual = "rosters_equal"
  /// From the end of a partition to equal rosters, and to sound from the other side.
  case rostersHealed = "rosters_healed_ms"
  case acrossP95 = "sound_across_p95_ms"
  /// Listeners that heard 99 of 100 frames in the calm at the end.
  case servedPercent = "served_percent"
  /// Of nodes alive and honest: not in, without a parent, or with another roster, at the end.
  case restless = "restless_nodes"
  /// Rules broken at any step: see `Invariants.Rule`.
  case breaches
  case forgedHeard = "forged_heard"
  /// More than two seconds after the first one.
  case forgedLate = "forged_heard_late"
  /// Honest nodes with a hostile parent at the end, and when the last one was let go.
  case hostileParents = "hostile_parents"
  /// Honest nodes all of whose neighbours are hostile, and the largest share any has.
  case eclipsed
  case hostileNeighbours = "hostile_neighbours_percent"
  /// Datagrams that did not fit into a line, and the busiest second of any.
  case downlinkDrops = "downlink_drops"
  case downlinkPeak = "downlink_peak_percent"
  /// Datagrams a censor kept back.
  case censored
  case probesAnswered = "probes_answered"
  /// Datagrams of another size than the commonest, handshakes too, while measured.
  case otherSizes = "other_sizes_permille"
  /// Bytes into each other node in the 4 s after a removal beyond those of the same world without.
  case removalBytes = "removal_bytes"
  /// From a removal to the last frame that the removed could open.
  case removalLast = "removal_last_ms"
  /// Frames of those 4 s that the listener who lost most did not hear.
  case removalLost = "removal_lost_frames"
  /// Tables beyond their bounds, seen at any look.
  case outOfBounds = "out_of_bounds"
  /// Wakes that did not move the deadline.
  case stuckWakes = "stuck_wakes"
}

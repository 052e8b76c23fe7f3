import ArgumentParser
import Node

/// `starling status`: what the node is doing.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show links, rooms, trees and streams.",
    discussion: """
      EXAMPLE
        starling status
        starling status --json | jq '.rooms[].trees'
      """)

  @OptionGroup var node: NodeChoice
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let report = try node.ask(.status, for: StatusReport.self)
    if json { return Terminal.say(json: report) }
    Terminal.say("Node \(Self.short(report.node)), up \(Int(report.uptime)) s")
    for address in report.addresses { Terminal.say("  \(address)") }
    if let reach = report.reach {
      Terminal.say(
        "  in front of it: IPv4 \(reach.ipv4), IPv6 \(reach.ipv6)"
          + (reach.found ? "; strangers get through" : ""))
    }
    if let cover = report.cover {
      let now = cover.links * cover.bytesPerSecond
      Terminal.say(
        "Cover: \(cover.links) links send \(cover.datagramsPerSecond) datagrams a second each, "
          + "\(now) bytes a second in all, at most \(cover.linksMost * cover.bytesPerSecond) "
          + "on \(cover.linksMost) links")
    }
    Self.show(report.peers)
    for room in report.rooms { Self.show(room) }
    for listing in report.listings {
      Terminal.say("Listed: \(listing.title), \(listing.members) members, id \(listing.room)")
    }
  }

  private static func show(_ peers: [StatusReport.Peer]) {
    Terminal.say("Links: \(peers.count)")
    guard !peers.isEmpty else { return }
    let rows = peers.map { peer in
      [
        "  " + short(peer.node), peer.endpoint, peer.rtt.map { decimal($0) + " ms" } ?? "-",
        decimal(Double(peer.lossPermille) / 10) + " %", "\(peer.bytesIn / 1_000) kB",
        "\(peer.bytesOut / 1_000) kB", peer.cover ?? "",
      ]
    }
    Terminal.say(
      Terminal.table([["  node", "address", "rtt", "lost", "in", "out", "cover"]] + rows))
  }

  private static func show(_ room: StatusReport.Room) {
    Terminal.say(
      "Room \(room.title) (\(room.access)), \(room.members.count) members, id \(room.room)")
    let members = room.members.map { member in
      [
        "  " + (member.name.isEmpty ? "(no name)" : member.name),
        member.session == room.session ? "me" : short(member.node),
        member.role ?? "relay", member.muted ? "muted" : "", String(member.person.prefix(8)),
        member.waits == true ? "waits" : member.onStage ? "speaking" : "",
        member.relays ? "relays" : "",
        member.audible ? "audible" : "",
      ]
    }
    Terminal.say(Terminal.table(members))
    if !room.stage.hands.isEmpty {
      let hands = room.stage.hands.map { String($0.prefix(8)) }
      Terminal.say("  hands: \(hands.joined(separator: " "))")
    }
    for invite in room.stage.invites {
      let uses = invite.uses == 0 ? "any number" : "\(invite.used) of \(invite.uses)"
      Terminal.say("  link \(invite.invite.prefix(8)): \(invite.role), \(uses)")
    }
    for tree in room.trees {
      let parent = tree.parent.map(short) ?? "none"
      Terminal.say(
        """
          tree \(tree.tree): parent \(parent), \(tree.children.count) children, \
        depth \(tree.depth), \(decimal(tree.delay)) ms from the stage
        """)
    }
    for stream in room.streams {
      Terminal.say(
        """
          stream \(stream.session): \(stream.received) received, \(stream.missing) missing, \
        \(stream.duplicates) twice, \(stream.forwarded) forwarded
        """)
    }
  }

  /// Enough of a key to tell nodes apart.
  static func short(_ node: String) -> String { String(node.prefix(8)) }

  /// One digit behind the point.
  static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }
}

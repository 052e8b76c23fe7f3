import CLinux
import Mesh
import Wire

// Who can reach this node, and how.

extension Host {
  /// What the settings say of its place in the network.
  package func examine(with settings: Configuration) {
    setup.isPortFixed = settings.bind.port != 0
    setup.isOnLoopback = settings.bind.isLoopback
    setup.advertises = !settings.advertise.isEmpty
    setup.transports = settings.transports.count
    setup.usesProxy = settings.proxy != nil
    setup.acquaintances = settings.peers.count + settings.seeds.count
    setup.cables = settings.lan
  }

  var examination: Examination {
    let status = status()
    var result = setup
    result.port = local.port
    result.reachability = status.reachability
    result.addresses = status.contact.endpoints
    result.peers = status.peers.map(\.endpoint)
    result.cover = status.cover
    result.covered = status.peers.count(where: \.isCovered)
    result.coveredBothWays = status.peers.count { $0.isCovered && $0.isPeerCovered }
    result.hasTunnel = status.contact.tunnel != nil
    result.acquaintances += remembered.contacts.count
    let clock = starling_clock_is_set()
    result.isClockKept = clock < 0 ? nil : clock == 1
    return result
  }
}

package import Keys

/// Writes remembered peers to the disk now and then, away from the loop: a disk may be slow.
package final class PeerKeeper: Sendable {
  private let path: String
  private let key: Secret

  package init(path: String, key: consuming Secret) {
    self.path = path
    self.key = key
  }

  package func load() -> RememberedPeers { RememberedPeers(path: path, key: key) }

  /// Until cancelled.
  package func run(_ host: Host) async {
    while (try? await Task.sleep(for: Self.interval)) != nil { await save(host) }
  }

  /// Writes if there is something new.
  ///
  /// A disk that is full costs the next start some time.
  package func save(_ host: Host) async {
    guard let peers = await host.peersToSave() else { return }
    var entropy = Entropy.system
    guard (try? peers.save(to: path, key: key, entropy: &entropy)) != nil else { return }
    await host.peersWereSaved()
  }

  /// A power cut loses at most this much; flash memory is spared the rest.
  ///
  /// A guess.
  private static let interval = Duration.seconds(60)
}

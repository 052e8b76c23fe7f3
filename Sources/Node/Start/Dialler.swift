import Keys
import Logging
import Mesh
import Wire

/// Whom a node calls to begin with: peers from the settings, remembered ones, and, while nobody
/// answers, some from the seed lists.
struct Dialler: Sendable {
  private let peers: [PeerAddress]
  private let shelf: SeedShelf
  private let logger: Logger

  init(configuration: Configuration, logger: Logger) {
    peers = configuration.peers
    self.logger = logger
    let keys = configuration.seedKeys.compactMap { line in
      let key = try? MinisignKey(text: line)
      if key == nil { logger.warning("One of seed-keys is not a minisign public key.") }
      return key
    }
    shelf = SeedShelf(folder: configuration.data, paths: configuration.seeds, keys: keys)
  }

  /// Until cancelled.
  func run(_ host: Host) async {
    let remembered = await host.remembered
    let anchors = Diversity.spread(remembered.contacts) { $0.endpoints }.prefix(Self.anchors)
    for contact in anchors + remembered.companions { await host.perform(.connect(contact)) }
    var entropy = Entropy.system
    var rounds = SeedRounds()
    repeat {
      guard await host.status().peers.isEmpty else { continue }
      for peer in peers {
        if await !host.connect(peer, named: true) {
          logger.warning("A peer from the settings has a host name nobody knows.")
        }
      }
      if !shelf.isEmpty, (try? await Task.sleep(for: Self.headStart)) == nil { return }
      guard await host.status().peers.isEmpty else { continue }
      let seeds = rounds.next(of: await self.seeds(at: host.now), entropy: &entropy)
      for seed in seeds { _ = await host.connect(seed) }
    } while (try? await Task.sleep(for: rounds.isUnderWay ? Self.step : Self.interval)) != nil
  }

  /// All that the latest lists name.
  ///
  /// One bad list does not spoil the others.
  private func seeds(at now: Instant) -> [PeerAddress] {
    let (addresses, complaints) = shelf.open(now: now.milliseconds)
    for (path, error) in complaints {
      logger.warning("The seed list \(path) \(error.sentence); it is not used.")
    }
    return addresses
  }

  /// Remembered peers called at start: two anchors would do, some of them sleep.
  ///
  /// A guess.
  private static let anchors = 8
  /// Before strangers on a list are called, those known have this long to answer.
  ///
  /// A guess: two attempts of a handshake.
  private static let headStart = Duration.seconds(3)
  private static let interval = Duration.seconds(30)
  /// Between rounds until all seeds were called once: of ten the last is called after 15 s, and
  /// coming in took up to 6 s more (`docs/results/seeds.md`).
  private static let step = Duration.seconds(6)
}

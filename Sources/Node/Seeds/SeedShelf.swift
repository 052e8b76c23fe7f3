package import Keys
package import Wire

/// The seed lists of a node, by whatever way they came: files that the settings name, and the one
/// that was brought on a stick and is kept beside the identity.
///
/// Of all that are signed and in time the latest version counts, and never one below it again: an
/// old list may name nodes that are somebody else's by now.
package struct SeedShelf: Sendable {
  private let folder: String
  private let paths: [String]
  private let keys: [MinisignKey]

  /// `folder`: the node's own, where the kept list and the latest version are.
  package init(folder: String, paths: [String], keys: [MinisignKey]) {
    self.folder = folder
    self.paths = paths
    self.keys = keys
  }

  /// Whether there is anything to read.
  package var isEmpty: Bool { paths.isEmpty && !StoredFile.exists(keptPath) }

  /// What the latest lists name, and why others are not used.
  package func open(
    now: UInt64
  ) -> (addresses: [PeerAddress], complaints: [(path: String, error: SeedListError)]) {
    var lists: [(path: String, list: SeedList)] = []
    var complaints: [(path: String, error: SeedListError)] = []
    for path in paths + (StoredFile.exists(keptPath) ? [keptPath] : []) {
      do throws(SeedListError) {
        lists.append((path, try SeedList.open(path: path, keys: keys, now: now)))
      } catch {
        complaints.append((path, error))
      }
    }
    let seen = latestSeen
    let latest = max(seen, lists.map(\.list.version).max() ?? 0)
    for (path, list) in lists where list.version < latest {
      complaints.append((path, .older(latest)))
    }
    if latest > seen { remember(latest) }
    let current = lists.filter { $0.list.version == latest }.flatMap(\.list.addresses)
    var known: Set<PeerAddress> = []
    return (current.filter { known.insert($0).inserted }, complaints)
  }

  /// Takes a list that came from outside; it is read again at every start.
  package func keep(
    text: [UInt8], signature: [UInt8], now: UInt64
  ) throws(SeedListError) -> SeedList {
    let list = try SeedList.open(
      text: text, signature: String(decoding: signature, as: UTF8.self), keys: keys, now: now)
    let seen = latestSeen
    guard list.version >= seen else { throw .older(seen) }
    do throws(SystemError) {
      try StoredFile.write(signature, to: keptPath + ".minisig")
      try StoredFile.write(text, to: keptPath)
    } catch {
      throw .unwritable
    }
    if list.version > seen { remember(list.version) }
    return list
  }

  private var keptPath: String { folder + "/seeds" }
  private var latestPath: String { folder + "/seeds-version" }

  /// For these keys: others begin anew.
  private var label: String {
    let all = keys.map(\.text).sorted().joined(separator: " ")
    return Base64.url.encode(Digest.hash16("VR1-seeds", Array(all.utf8)).array)
  }

  private var latestSeen: UInt32 {
    guard let bytes = try? StoredFile.read(latestPath, limit: 128) else { return 0 }
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard words.count == 2, words[0] == label else { return 0 }
    return UInt32(words[1]) ?? 0
  }

  private func remember(_ version: UInt32) {
    try? StoredFile.write(Array("\(label) \(version)".utf8), to: latestPath)
  }
}

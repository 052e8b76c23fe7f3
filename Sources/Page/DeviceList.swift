// SPDX-License-Identifier: Apache-2.0
import Node
import Wire

/// Devices that were paired, as a file of the data directory keeps them: of what they show, only a
/// hash.
struct DeviceList: Codable, Sendable {
  /// One of them. Times in milliseconds since 1970.
  struct Entry: Codable, Sendable {
    var device: Int
    var name: String
    /// SHA-256 of its token, in base64url.
    var hash: String
    var paired: Int64
    var seen: Int64
  }

  var entries: [Entry] = []
  /// Numbers are not given twice: whoever notes one down revokes the right device.
  var next = 1

  /// What the file holds.
  ///
  /// One that others may read, or that is broken, is no list: then nobody is paired.
  static func load(_ path: String) -> DeviceList {
    guard StoredFile.mode(path).map({ $0 & 0o077 == 0 }) == true,
      let bytes = try? StoredFile.read(path, limit: longest),
      var list = Line.decode(bytes, as: DeviceList.self)
    else { return DeviceList() }
    list.entries = Array(list.entries.prefix(most))
    list.next = max(list.next, (list.entries.map(\.device).max() ?? 0) &+ 1)
    return list
  }

  func save(_ path: String) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.write(Line.encode(self), to: path)
    } catch {
      throw Failure(.setup, "The list of devices cannot be written: \(error.sentence).")
    }
  }

  /// A household's; each has four connections while its page is open.
  static let most = 16
  private static let longest = 16_384
}

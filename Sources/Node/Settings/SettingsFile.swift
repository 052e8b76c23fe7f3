import TOMLKit

/// The settings file: TOML, where a key nobody knows is a mistake and not a wish for later.
package enum SettingsFile {
  static func read(_ path: String) throws(Failure) -> Configuration.Layer {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try StoredFile.read(path, limit: largest)
    } catch {
      throw Failure(.setup, "\(path) cannot be read: \(error.sentence).")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.setup, "\(path) is not UTF-8 text.")
    }
    return try parse(text, path: path)
  }

  /// Reads the text of a file that lies at `path`.
  package static func parse(_ text: String, path: String) throws(Failure) -> Configuration.Layer {
    if let line = tableLine(text) {
      throw Failure(.setup, "\(path), line \(line): settings stand in no table.")
    }
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw Failure(
        .setup, "\(path), line \(error.source.begin.line): \(error.description).")
    } catch {
      throw Failure(.setup, "\(path) is not TOML.")
    }
    var layer: Configuration.Layer = [:]
    for key in table.keys.sorted() {
      guard let setting = Setting(rawValue: key) else {
        throw Failure(.setup, "\(path): there is no setting named \"\(key)\".")
      }
      guard let value = value(table[key], setting) else {
        throw Failure(.setup, "\(path), key \(key): expected \(setting.expectation).")
      }
      layer[setting] = relative(value, setting, to: path)
    }
    return layer
  }

  /// The number of the first line that begins like the head of a table. There are no tables here, and
  /// the parser below, toml++ 3.4.0, does not refuse every broken head: it aborts at `[)`.
  private static func tableLine(_ text: String) -> Int? {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.firstIndex { line in
      // Other line ends and whatever may stand in front count as space, so that none is overlooked.
      line.split { $0 < UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }.contains { part in
        part.first { $0 > UInt8(ascii: " ") && $0 < 0x7F } == UInt8(ascii: "[")
      }
    }.map { $0 + 1 }
  }

  private static func value(
    _ value: (any TOMLValueConvertible)?, _ setting: Setting
  ) -> Setting.Value? {
    switch setting.form {
    case .text, .path: value?.string.map { .text($0) }
    case .flag: value?.bool.map { .flag($0) }
    case .number(let range):
      value?.int.flatMap { range.contains($0) ? .number($0) : nil }
    case .list, .paths:
      value?.array.flatMap { array in
        let items = array.compactMap(\.string)
        return items.count == array.count ? .list(items) : nil
      }
    }
  }

  /// Paths in the file are meant from where the file lies.
  private static func relative(
    _ value: Setting.Value, _ setting: Setting, to path: String
  ) -> Setting.Value {
    let folder = path.lastIndex(of: "/").map { path[..<$0] + "/" } ?? ""
    func resolve(_ name: String) -> String { name.hasPrefix("/") ? name : folder + name }
    switch (setting.form, value) {
    case (.path, .text(let name)): return .text(resolve(name))
    case (.paths, .list(let names)): return .list(names.map(resolve))
    default: return value
    }
  }

  /// A settings file of this size is a mistake.
  private static let largest = 1 << 16
}

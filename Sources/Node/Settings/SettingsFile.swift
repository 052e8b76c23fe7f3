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
    var reader = TOMLReader(text)
    let pairs: [TOMLReader.Pair]
    do throws(TOMLReader.Flaw) {
      pairs = try reader.pairs()
    } catch {
      throw Failure(.setup, "\(path), line \(error.line): \(error.sentence).")
    }
    var layer: Configuration.Layer = [:]
    for pair in pairs {
      let (key, value) = (pair.key, pair.value)
      guard let setting = Setting(rawValue: key) else {
        throw Failure(.setup, "\(path): there is no setting named \"\(key)\".")
      }
      guard isMeant(value, for: setting) else {
        throw Failure(.setup, "\(path), key \(key): expected \(setting.expectation).")
      }
      layer[setting] = relative(value, setting, to: path)
    }
    return layer
  }

  private static func isMeant(_ value: Setting.Value, for setting: Setting) -> Bool {
    switch (setting.form, value) {
    case (.text, .text), (.path, .text), (.flag, .flag), (.list, .list), (.paths, .list): true
    case (.number(let range), .number(let number)): range.contains(number)
    default: false
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

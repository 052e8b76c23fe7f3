/// What is wrong with a topology file, as a sentence that names the file, the place and what would
/// be right.
package struct TopologyError: Error, Hashable, Sendable, CustomStringConvertible {
  package let file: String
  package let place: String
  package let reason: String

  package var description: String {
    place.isEmpty ? "\(file): \(reason)" : "\(file): \(place): \(reason)"
  }
}

/// One object of a topology file, read member by member; ``finish()`` complains of what nobody
/// asked for.
struct JSONObject {
  let file: String
  let place: String
  private let members: [(name: String, value: JSON)]
  private var asked: [String] = []

  init(_ value: JSON, file: String, place: String) throws(TopologyError) {
    guard case .object(let members) = value else {
      throw TopologyError(file: file, place: place, reason: "must be an object, not \(value.kind)")
    }
    self.members = members
    self.file = file
    self.place = place
  }

  var names: [String] { members.map(\.name) }

  func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  func error(_ name: String, _ reason: String) -> TopologyError {
    TopologyError(file: file, place: path(name), reason: reason)
  }

  private func path(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

  private mutating func value(_ name: String) -> JSON? {
    asked.append(name)
    return members.first { $0.name == name }?.value
  }

  mutating func number(
    _ name: String, in range: ClosedRange<Double>, else standard: Double? = nil
  ) throws(TopologyError) -> Double {
    guard let value = value(name) else {
      guard let standard else {
        throw error(name, "is missing; a number from \(range.short)")
      }
      return standard
    }
    guard case .number(let number) = value else {
      throw error(name, "must be a number from \(range.short), not \(value.kind)")
    }
    guard range.contains(number) else {
      throw error(name, "is \(number.short), must be from \(range.short)")
    }
    return number
  }

  mutating func count(
    _ name: String, in range: ClosedRange<Int>, else standard: Int? = nil
  ) throws(TopologyError) -> Int {
    let wide = Double(range.lowerBound)...Double(range.upperBound)
    let number = try number(name, in: wide, else: standard.map(Double.init))
    guard number == number.rounded() else {
      throw error(name, "is \(number.short), must be a whole number from \(wide.short)")
    }
    return Int(number)
  }

  /// Seconds or milliseconds in the file, nanoseconds here.
  mutating func seconds(
    _ name: String, in range: ClosedRange<Double> = 0...86_400, else standard: Double? = nil
  ) throws(TopologyError) -> Int64 {
    Int64(try number(name, in: range, else: standard) * 1e9)
  }

  mutating func milliseconds(
    _ name: String, in range: ClosedRange<Double> = 0...60_000, else standard: Double? = nil
  ) throws(TopologyError) -> Int64 {
    Int64(try number(name, in: range, else: standard) * 1e6)
  }

  mutating func flag(_ name: String, else standard: Bool) throws(TopologyError) -> Bool {
    guard let value = value(name) else { return standard }
    guard case .flag(let flag) = value else {
      throw error(name, "must be true or false, not \(value.kind)")
    }
    return flag
  }

  mutating func text(_ name: String, else standard: String? = nil) throws(TopologyError) -> String {
    guard let value = value(name) else {
      guard let standard else { throw error(name, "is missing; a text") }
      return standard
    }
    guard case .text(let text) = value else {
      throw error(name, "must be a text, not \(value.kind)")
    }
    return text
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, else standard: Choice? = nil
  ) throws(TopologyError) -> Choice where Choice.RawValue == String {
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    if !has(name), let standard {
      asked.append(name)
      return standard
    }
    guard has(name) else { throw error(name, "is missing; one of: \(known)") }
    let text = try text(name)
    guard let choice = Choice(rawValue: text) else {
      throw error(name, "is \"\(text)\", must be one of: \(known)")
    }
    return choice
  }

  /// One text or a list of them, each of a known kind.
  mutating func choices<Choice: RawRepresentable & CaseIterable>(
    _ name: String
  ) throws(TopologyError) -> [Choice] where Choice.RawValue == String {
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    guard let value = value(name) else { return [] }
    let items: [JSON] = if case .list(let list) = value { list } else { [value] }
    var result: [Choice] = []
    for item in items {
      guard case .text(let text) = item, let choice = Choice(rawValue: text) else {
        throw error(name, "must be one or a list of: \(known)")
      }
      result.append(choice)
    }
    return result
  }

  mutating func object(_ name: String) throws(TopologyError) -> JSONObject? {
    guard let value = value(name) else { return nil }
    return try JSONObject(value, file: file, place: path(name))
  }

  mutating func objects(_ name: String) throws(TopologyError) -> [JSONObject] {
    guard let value = value(name) else { return [] }
    guard case .list(let items) = value else {
      throw error(name, "must be a list, not \(value.kind)")
    }
    var result: [JSONObject] = []
    for (index, item) in items.enumerated() {
      result.append(try JSONObject(item, file: file, place: "\(path(name))[\(index)]"))
    }
    return result
  }

  mutating func numbers(_ name: String) throws(TopologyError) -> [[Double]] {
    guard let value = value(name) else { return [] }
    let wanted = "must be a list of pairs of numbers, like [[1000, 30], [5000, 70]]"
    guard case .list(let rows) = value, !rows.isEmpty else { throw error(name, wanted) }
    var result: [[Double]] = []
    for row in rows {
      guard case .list(let cells) = row, cells.count == 2 else { throw error(name, wanted) }
      var numbers: [Double] = []
      for cell in cells {
        guard case .number(let number) = cell, number > 0 else { throw error(name, wanted) }
        numbers.append(number)
      }
      result.append(numbers)
    }
    return result
  }

  /// Nothing may stand in the file that nobody reads: most often it is a typing mistake.
  func finish() throws(TopologyError) {
    guard let stray = members.first(where: { !asked.contains($0.name) }) else { return }
    let known = asked.sorted().joined(separator: ", ")
    throw error(stray.name, "is not known here; known are: \(known)")
  }
}

extension Double {
  /// Without a point where none is needed.
  var short: String { self == rounded() && magnitude < 1e15 ? "\(Int64(self))" : "\(self)" }
}

extension ClosedRange<Double> {
  var short: String { "\(lowerBound.short) to \(upperBound.short)" }
}

/// One breach of a house rule, worded so that nobody has to open the rule to mend it.
struct Finding: CustomStringConvertible, Equatable {
  let path: String
  let line: Int
  let rule: String
  let message: String
  /// What to write instead.
  let replacement: String

  var description: String { "\(path):\(line): \(rule): \(message); \(replacement)" }
}

/// What a fuzz target found: a rule of ours that bytes from outside managed to break.
///
/// Traps need no such value; they end the process.
package struct Finding: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  static func unless(_ holds: Bool, _ description: String) throws(Finding) {
    guard holds else { throw Finding(description) }
  }
}

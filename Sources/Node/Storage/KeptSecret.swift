import Keys
import Wire

/// Random bits in base64url that a file of the data directory keeps, for links and addresses that
/// hold after a restart.
package struct KeptSecret: Sendable {
  package let text: String

  /// What the file holds; new bits where there is none, or one that others may read.
  ///
  /// `name` begins the sentence that says it cannot be written.
  package init(folder: String, file: String, bytes count: Int, name: String) throws(Failure) {
    let path = folder + "/" + file
    if let bytes = try? StoredFile.read(path, limit: (count * 4 + 2) / 3),
      StoredFile.mode(path).map({ $0 & 0o077 == 0 }) == true,
      let text = String(validating: bytes, as: UTF8.self),
      (try? Base64.url.decode(text))?.count == count
    {
      self.text = text
      return
    }
    var entropy = Entropy.system
    text = Base64.url.encode(entropy.fill(count))
    do throws(SystemError) {
      try StoredFile.makeFolder(folder)
      try StoredFile.write(Array(text.utf8), to: path)
    } catch {
      throw Failure(.setup, "\(name) cannot be written: \(error.sentence).")
    }
  }
}

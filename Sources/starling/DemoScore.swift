import CLinux
import Glibc
import Node

/// How well a recording was heard, by the script that compares sounds, where that can run.
enum DemoScore {
  private struct Score: Decodable {
    var stoi: Double?
    var pesq_wb: Double?
  }

  static func add(to report: inout DemoReport, said: String, heard: String) {
    let script = "scripts/audio-compare.py"
    guard StoredFile.exists(script), let output = run([script, said, heard]),
      let score = Line.decode(output, as: Score.self)
    else { return }
    report.pesq = score.pesq_wb
    report.stoi = score.stoi
  }

  private static func run(_ arguments: [String]) -> [UInt8]? {
    // Names of our own making in a folder of our own making: nothing to quote.
    let command = (["python3"] + arguments).joined(separator: " ") + " 2>/dev/null"
    guard let stream = popen(command, "r") else { return nil }
    let output = try? StoredFile.read(fileno(stream), limit: 65_536)
    return pclose(stream) == 0 ? output : nil
  }
}

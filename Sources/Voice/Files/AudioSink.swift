// SPDX-License-Identifier: Apache-2.0

/// Where sound goes, mono at 48 kHz.
package protocol AudioSink: AnyObject {
  /// Takes the next samples, any number of them.
  func write(_ samples: [Int16]) throws(AudioError)
  /// Ends the sound; what was written is complete then. A second call does nothing.
  func close() throws(AudioError)
}

// SPDX-License-Identifier: Apache-2.0

// The path of a sample, and with it of a reader, from mouth to ear:
//
//  1. Files/AudioSource     a file, a pipe or a tone, brought to mono at 48 kHz
//                           (WavReader and Resampler, OggOpusReader, PCMReader, Tone)
//  2. Mix/Pacer             says when the next frame is due; the caller sleeps
//  3. Mix/LevelMeter        how loud it is, and whether somebody talks
//  4. Codec/OpusEncoder     one frame in, one packet out, always of the same size
//
//     ... sealed, sent, relayed, opened: not here ...
//
//  5. Mix/MixedPlayout      one per listener, finds the talker's
//  6. Mix/Playout           one per talker, which asks its
//  7. Buffer/JitterBuffer   for the frame whose turn it is; how long frames wait for their turn is
//                           for DelayEstimator, what waits lies in FrameRing
//  8. Codec/OpusDecoder     the packet's sound, or a missing frame's from the copy in the next one,
//                           or a guess
//  9. Mix/Mixer             all talkers in one block of 20 ms, never beyond full scale
// 10. Files/AudioSink       WAV, Ogg Opus or raw samples
//
// Nothing here knows of rooms, keys or peers, reads a clock, sleeps or starts a thread. Time comes
// in as nanoseconds of whatever steady clock the caller keeps. Only `Files` does any input and
// output, and it blocks.

# SPDX-License-Identifier: Apache-2.0
"""Speech to send, and how well it was heard."""

import ctypes
import ctypes.util
import glob
import json
import subprocess
import sys
import time
import wave

import numpy as np

import laboratory as lab

SPEECH = "/usr/share/pocketsphinx/test/data/librivox/*.wav"
COMPARE = lab.ROOT + "/scripts/audio-compare.py"
RATE = 48_000
# Seconds of one stream; of silence before it, so that its beginning does not count; and how late it
# may end.
STREAM, LEAD, LATE = 58, 1.0, 0.4


def write_wav(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def read_wav(path):
    with wave.open(path, "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def speech(seconds):
    """Read sentences at 48 kHz, so that nothing on the way need change the rate."""
    pieces = []
    for path in sorted(glob.glob(SPEECH)):
        samples, rate = read_wav(path)
        pieces.append(upsampled(samples, rate))
    if not pieces:
        raise lab.Failed("no recorded speech: apt install pocketsphinx-testdata")
    samples = np.concatenate(pieces)[: int(seconds * RATE)]
    return samples[: len(samples) // 960 * 960]


def upsampled(samples, rate):
    """By widening the spectrum; half a second of silence keeps the end from meeting the start."""
    count = (len(samples) + rate // 2) // 100 * 100
    spectrum = np.fft.rfft(samples, count)
    wanted = count * RATE // rate
    wide = np.fft.irfft(np.pad(spectrum, (0, wanted // 2 + 1 - len(spectrum))), wanted)
    length = len(samples) * RATE // rate
    return np.clip(np.rint(wide[:length] * (wanted / count)), -32_768, 32_767).astype(np.int16)


def through_opus(samples, bitrate=24_000, complexity=7):
    """The same sound through libopus alone, set as "
    "`Sources/Voice/Codec/OpusEncoder.swift` sets it."""
    opus = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
    opus.opus_encoder_create.restype = opus.opus_decoder_create.restype = ctypes.c_void_p
    status = ctypes.c_int()
    voip = 2048
    encoder = ctypes.c_void_p(opus.opus_encoder_create(RATE, 1, voip, ctypes.byref(status)))
    decoder = ctypes.c_void_p(opus.opus_decoder_create(RATE, 1, ctypes.byref(status)))
    # Bit rate, no variable rate, effort, no copies of the frame before, no silence left out.
    for request, value in [(4002, bitrate), (4006, 0), (4010, complexity), (4012, 0), (4016, 0)]:
        if opus.opus_encoder_ctl(encoder, request, ctypes.c_int(value)) != 0:
            raise lab.Failed("libopus refuses a setting")
    size = bitrate * 20 // 8_000
    packet, sound = ctypes.create_string_buffer(size), np.zeros(960, np.int16)
    pieces = []
    for start in range(0, len(samples) // 960 * 960, 960):
        frame = np.ascontiguousarray(samples[start : start + 960])
        length = opus.opus_encode(
            encoder, frame.ctypes.data_as(ctypes.c_void_p), 960, packet, size)
        opus.opus_decode(
            decoder, packet, length, sound.ctypes.data_as(ctypes.c_void_p), 960, 0)
        pieces.append(sound.copy())
    opus.opus_encoder_destroy(encoder)
    opus.opus_decoder_destroy(decoder)
    return np.concatenate(pieces)


def streams(node, pieces, ready=lambda: None):
    """Says them one after the other in streams of a minute, and when each began and ended.

    A stream that lost its time counts for nothing: None for each of its pieces. `ready` is called
    before each stream.
    """
    spans, group = [], []
    for piece in pieces:
        group.append(piece)
        if sum(map(len, group)) >= STREAM * RATE:
            ready()
            spans += stream(node, group)
            group = []
    if group:
        ready()
        spans += stream(node, group)
    return spans


def stream(node, pieces):
    """The node takes 20 ms in 20 ms from what waits, so that the clock tells when each was said.

    What a pipe has taken tells nothing: seconds of sound wait in pipes and sockets.
    """
    begin, count = time.monotonic(), int(LEAD * RATE)
    process = subprocess.Popen(
        [lab.STARLING, "speak", "-", "--control", node.control],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stdin.write(bytes(2 * count))
    places = [count]
    for samples in pieces:
        process.stdin.write(samples.astype("<i2").tobytes())
        places.append(places[-1] + len(samples))
    process.stdin.close()
    process.wait(30)
    took = time.monotonic() - begin
    if not 0 <= took - places[-1] / RATE < LATE:
        lab.say(f"a stream took {took:.2f} s for {places[-1] / RATE:.2f} and counts for nothing")
        return [None] * len(pieces)
    moments = [begin + took * place / places[-1] for place in places]
    return list(zip(moments, moments[1:]))


def compare(said, heard):
    """What `audio-compare.py` says, at the lowest priority so that nodes are not disturbed."""
    output = subprocess.run(
        ["nice", "-n", "19", sys.executable, COMPARE, said, heard], capture_output=True
    ).stdout
    return json.loads(output) if output else {"error": "audio-compare.py said nothing"}

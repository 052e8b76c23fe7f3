# SPDX-License-Identifier: Apache-2.0
"""Twenty phrases, each said a little differently every time; and what a codec of variable rate
would make of them."""

import ctypes
import ctypes.util
import glob

import numpy as np

import laboratory as lab
import sound

SPEECH = [sound.SPEECH, "/usr/share/pocketsphinx/test/data/cards/*.wav"]
COUNT = 20
SHORTEST, LONGEST = 0.5, 2.4
# One phrase and the silence after it.
SLOT = 3.0
FRAME = 960
# How much one time differs from the next: pace, level, when it begins, and the room's own noise.
PACE, LEVEL, LATE, NOISE = 0.04, 6.0, 0.1, 12


def phrases():
    """Pieces of recorded speech, none overlaps another, of as many lengths as there are."""
    pieces = [sound.upsampled(*sound.read_wav(path))
              for pattern in SPEECH for path in sorted(glob.glob(pattern))]
    if not pieces:
        raise lab.Failed("no recorded speech: apt install pocketsphinx-testdata")
    whole = np.concatenate(pieces)
    lengths = np.linspace(SHORTEST, LONGEST, COUNT)[np.random.default_rng(4).permutation(COUNT)]
    ends = np.cumsum((lengths * sound.RATE).astype(int))
    if ends[-1] > len(whole):
        raise lab.Failed("the recorded speech is too short for the phrases")
    return np.split(whole[: ends[-1]], ends[:-1])


def said(phrase, dice):
    """Once more, a little differently."""
    pace = 1 + dice.uniform(-PACE, PACE)
    places = np.arange(0, len(phrase) - 1, pace)
    level = 10 ** (dice.uniform(-LEVEL, 0) / 20)
    return level * np.interp(places, np.arange(len(phrase)), phrase)


def in_slot(phrase, dice):
    """With silence around it, as an open microphone has it."""
    samples = dice.normal(0, NOISE, int(SLOT * sound.RATE))
    late = int(dice.uniform(0, LATE) * sound.RATE)
    samples[late : late + len(phrase)] += phrase
    return whole_numbers(samples)


def whole_numbers(samples):
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)


def variable_sizes(samples, bitrate=24_000):
    """Bytes of each frame when libopus may choose them."""
    opus = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
    opus.opus_encoder_create.restype = ctypes.c_void_p
    status = ctypes.c_int()
    voip, room = 2048, 1_275
    encoder = ctypes.c_void_p(
        opus.opus_encoder_create(sound.RATE, 1, voip, ctypes.byref(status)))
    # Bit rate, variable rate without a bound, effort, no silence left out.
    for request, value in [(4002, bitrate), (4006, 1), (4020, 0), (4010, 7), (4016, 0)]:
        if opus.opus_encoder_ctl(encoder, request, ctypes.c_int(value)) != 0:
            raise lab.Failed("libopus refuses a setting")
    packet = ctypes.create_string_buffer(room)
    sizes = []
    for start in range(0, len(samples) // FRAME * FRAME, FRAME):
        frame = np.ascontiguousarray(samples[start : start + FRAME])
        sizes.append(opus.opus_encode(
            encoder, frame.ctypes.data_as(ctypes.c_void_p), FRAME, packet, room))
    opus.opus_encoder_destroy(encoder)
    return sizes

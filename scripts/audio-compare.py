#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says how well a sound was heard.

Lines up two WAV files, what was said and what was heard, whatever their rates, lengths and
beginnings, and prints one JSON object:

  stoi           intelligibility, 0 to 1            (null without the package pystoi)
  pesq_wb        quality, 1.0 to 4.64               (null without the package pesq)
  delay_ms       how much later it was heard; negative if the file begins in the middle
  delays_ms      least and most of the same, second by second: a jitter buffer moves it
  delay_p50_ms   its middle over the seconds
  correlation    of the two envelopes, 10 ms, -1 to 1
  waveform       of the two waveforms, -1 to 1
  gain_db        how much louder it was heard
  gaps_ms        silences of --gap ms or more in what was heard where something was said
  missing_ms     time of the reference that lies before or after what was heard
  clipped        samples at full scale in what was heard
  compared_s     seconds that were compared

PESQ is the mean over pieces of eight seconds, the length it was made for.

  audio-compare.py said.wav heard.wav
  audio-compare.py said.wav heard.wav --require stoi=0.95 --require pesq_wb=3.5 --no-gaps

Exit status 0; 1 when a requirement is not met; 2 when a file cannot be used.
Needs numpy; scores need: pip install pesq pystoi
"""

import argparse
import json
import struct
import sys

import numpy as np

RATE = 16_000  # what PESQ-wb is defined for
PIECE = 8 * RATE
STEP = RATE // 200  # 5 ms, the grain of gaps
ENVELOPE = RATE // 100
REACH = RATE // 4  # how far the delay may move, either way


class Unusable(Exception):
    pass


def read_wav(path):
    """Mono samples, 1.0 being full scale, and their rate."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Unusable(f"{path}: not a WAV file")
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            if len(body) < 16:
                raise Unusable(f"{path}: damaged format")
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if tag == 0xFFFE and len(body) >= 26:
                tag = struct.unpack("<H", body[24:26])[0]
            form = (tag, channels, rate, bits)
        elif name == b"data" and form:
            if size in (0, 0xFFFFFFFF):
                body = data[at + 8 :]
            return decode(path, body, *form)
        at += 8 + size + size % 2
    raise Unusable(f"{path}: no sound in it")


def decode(path, body, tag, channels, rate, bits):
    size = bits // 8
    if channels == 0 or rate == 0 or size == 0:
        raise Unusable(f"{path}: damaged format")
    body = body[: len(body) // (size * channels) * size * channels]
    if tag == 3 and bits == 32:
        samples = np.frombuffer(body, "<f4").astype(float)
    elif tag == 1 and bits == 8:
        samples = (np.frombuffer(body, "u1").astype(float) - 128) / 128
    elif tag == 1 and bits == 16:
        samples = np.frombuffer(body, "<i2").astype(float) / 2**15
    elif tag == 1 and bits == 24:
        octets = np.frombuffer(body, "u1").reshape(-1, 3).astype(np.int32)
        whole = octets[:, 0] | octets[:, 1] << 8 | octets[:, 2] << 16
        samples = (whole - (whole >> 23 << 24)) / 2**23
    elif tag == 1 and bits == 32:
        samples = np.frombuffer(body, "<i4").astype(float) / 2**31
    else:
        raise Unusable(f"{path}: neither PCM nor 32-bit float")
    return samples.reshape(-1, channels).mean(axis=1), rate


def resample(samples, rate):
    """To RATE, by cutting or padding the spectrum; the beginning stays where it is."""
    if rate == RATE or len(samples) == 0:
        return samples
    # Whole hundredths of a second, and a little silence: the end must not meet the beginning.
    grain = rate // 100 if rate % 100 == 0 else rate
    count = -(-(len(samples) + rate // 10) // grain) * grain
    wanted = count * RATE // rate
    spectrum = np.fft.rfft(samples, count)
    bins = wanted // 2 + 1
    spectrum = np.pad(spectrum[:bins], (0, max(0, bins - len(spectrum))))
    return np.fft.irfft(spectrum, wanted)[: len(samples) * RATE // rate] * (wanted / count)


def correlate(said, heard):
    """Where `heard` follows `said` best: lag in samples and how well there."""
    size = 1 << (len(said) + len(heard)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    values = np.fft.irfft(product, size)
    lag = int(np.argmax(values))
    strength = np.linalg.norm(said) * np.linalg.norm(heard)
    return (lag - size if lag > size // 2 else lag), values[lag] / strength if strength else 0.0


def envelope(samples, step):
    pieces = samples[: len(samples) // step * step].reshape(-1, step)
    return np.sqrt((pieces**2).mean(axis=1)) if len(pieces) else np.zeros(0)


def align(said, heard):
    """Lag in samples: by the waveform if it is the same, else by the envelope."""
    lag, strength = correlate(said, heard)
    if strength > 0.3:
        return lag
    rough, _ = correlate(
        *(envelope(sound, ENVELOPE) - envelope(sound, ENVELOPE).mean() for sound in (said, heard))
    )
    return rough * ENVELOPE


def follow(said, heard, lag):
    """What was heard, put in step with what was said second by second, and the lags in samples.

    A listener does not mind a frame dropped in a pause; the scores would, for the rest of the file.
    """
    aligned, lags = np.zeros(len(said)), []
    step = REACH
    for start in range(0, len(said), RATE):
        piece = said[start : start + RATE]
        window = cut(heard, start + lag - REACH, len(piece) + 2 * REACH)
        found = min(max(correlate(piece, window)[0], 0), 2 * REACH)
        # Only a clear gain is a move: splices by a sample or two would be heard by PESQ.
        if likeness(piece, window, found) > likeness(piece, window, step) + 0.1:
            step = found
        lags.append(lag - REACH + step)
        aligned[start : start + len(piece)] = window[step : step + len(piece)]
    return aligned, lags


def likeness(piece, window, at):
    part = window[at : at + len(piece)]
    strength = np.linalg.norm(piece) * np.linalg.norm(part)
    return piece @ part / strength if strength else 0.0


def cut(samples, start, length):
    """A stretch of a sound; silence where it does not reach."""
    left = max(0, -start)
    part = samples[max(0, start) : max(0, start + length)]
    return np.pad(part, (min(left, length), max(0, length - left - len(part))))[:length]


def gaps(said, heard, shortest):
    """Runs in which something was said and nothing heard, in milliseconds."""
    loud, faint = envelope(said, STEP), envelope(heard, STEP)
    usual = np.percentile(loud, 90) if len(loud) else 0
    ratio = np.percentile(faint, 90) / usual if usual else 0
    # Said: within 30 dB of loud passages. Not heard: another 26 dB below what was said.
    silent = (loud > usual / 32) & (faint < np.maximum(loud * ratio / 20, 2**-15))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], silent.astype(int), [0]))))
    lengths = (edges[1::2] - edges[::2]) * 1000 * STEP // RATE
    return [int(length) for length in lengths if length >= shortest]


def flat(first, second):
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def intelligibility(said, heard):
    try:
        from pystoi import stoi
    except ImportError:
        return None
    return float(stoi(said, heard, RATE))


def quality(said, heard):
    try:
        from pesq import PesqError, pesq
    except ImportError:
        return None
    values = []
    for start in range(0, max(1, len(said) - PIECE // 2), PIECE):
        pair = (said[start : start + PIECE], heard[start : start + PIECE])
        words = [(np.clip(sound, -1, 1) * 32_767).astype(np.int16) for sound in pair]
        if any(not word.any() for word in words):
            values.append(1.0)
            continue
        try:
            values.append(pesq(RATE, *words, "wb"))
        except PesqError:
            continue
    return float(np.mean(values)) if values else None


def compare(said_path, heard_path, shortest):
    original, said_rate = read_wav(said_path)
    received, heard_rate = read_wav(heard_path)
    clipped = int((np.abs(received) >= 32_767 / 32_768).sum())
    said, heard = resample(original, said_rate), resample(received, heard_rate)
    if len(said) < RATE // 2 or len(heard) < RATE // 2:
        raise Unusable("less than half a second of sound")
    lag = align(said, heard)
    before, start = max(0, -lag), max(0, lag)
    length = min(len(said) - before, len(heard) - start)
    if length < RATE // 2:
        raise Unusable("the two have nothing in common")
    missing = len(said) - length
    said = said[before : before + length]
    # PESQ follows a moving delay by itself, and better than by whole seconds.
    worth = quality(said, heard[start : start + length])
    heard, lags = follow(said, heard, lag + before)
    strength = [np.sqrt((sound**2).mean()) for sound in (said, heard)]
    return {
        "stoi": intelligibility(said, heard),
        "pesq_wb": worth,
        "delay_ms": lag * 1000 / RATE,
        "delays_ms": [(value - before) * 1000 / RATE for value in (min(lags), max(lags))],
        "delay_p50_ms": float(np.median(lags) - before) * 1000 / RATE,
        "correlation": flat(envelope(said, ENVELOPE), envelope(heard, ENVELOPE)),
        "waveform": flat(said, heard),
        "gain_db": float(20 * np.log10(strength[1] / strength[0])) if all(strength) else None,
        "gaps_ms": gaps(said, heard, shortest),
        "missing_ms": missing * 1000 / RATE,
        "clipped": clipped,
        "compared_s": length / RATE,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("said")
    parser.add_argument("heard")
    parser.add_argument("--gap", type=float, default=40, help="shortest gap told, in ms")
    parser.add_argument("--require", action="append", default=[], metavar="NAME=LEAST")
    parser.add_argument("--no-gaps", action="store_true", help="a gap is a failure")
    options = parser.parse_args()
    try:
        result = compare(options.said, options.heard, options.gap)
    except (Unusable, OSError) as error:
        print(json.dumps({"error": str(error)}))
        return 2
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in result.items()}))
    for requirement in options.require:
        name, _, least = requirement.partition("=")
        value = result.get(name)
        if value is None or value < float(least):
            print(f"{name} is {value}, wanted at least {least}", file=sys.stderr)
            return 1
    if options.no_gaps and result["gaps_ms"]:
        print(f"gaps of {result['gaps_ms']} ms", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

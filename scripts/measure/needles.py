# SPDX-License-Identifier: Apache-2.0
"""What is looked for in packets, in the forms in which it could stand there."""

import base64
import random

# Of a key each so many bytes are looked for: a part of it would be as bad. By chance one such piece
# is in a hundred million bytes once in two hundred million times.
PIECE = 8
# Between packets, so that nothing is found that lies in none of them.
BETWEEN = b"\n-- \x00 --\n"


class Needle:
    """One thing in one form."""

    def __init__(self, kind, form, content, any_case=False):
        self.kind = kind
        self.form = form
        self.content = content.lower() if any_case else content
        self.any_case = any_case


def of_key(kind, key):
    """All pieces of a key; those that are mostly zeros, as addresses have them, say nothing."""
    for start in range(0, len(key) - PIECE + 1, PIECE):
        piece = key[start : start + PIECE]
        if len(set(piece)) > PIECE / 2:
            yield from forms(kind, piece)


def of_text(kind, text):
    words = text.encode()
    yield Needle(kind, "raw", words, any_case=True)
    yield from forms(kind, words, raw=False)
    wide = text.encode("utf-16-le")
    yield Needle(kind, "UTF-16", wide, any_case=True)


def forms(kind, content, raw=True):
    if raw:
        yield Needle(kind, "raw", content)
        yield Needle(kind, "raw, backwards", content[::-1])
    yield Needle(kind, "hex", content.hex().encode(), any_case=True)
    for before in range(3):
        plain = base64.b64encode(bytes(before) + content).rstrip(b"=")
        # The letters that depend on nothing but what is looked for.
        sure = plain[-(-8 * before // 6) : 8 * (before + len(content)) // 6]
        for letters in {sure, sure.replace(b"+", b"-").replace(b"/", b"_")}:
            yield Needle(kind, "base64", letters)


class Haystack:
    """Packets one behind the other."""

    def __init__(self, packets):
        self.content = BETWEEN.join(packets)
        self.lower = self.content.lower()

    def count(self, needle):
        return (self.lower if needle.any_case else self.content).count(needle.content)


def table(needles, haystack):
    """For each kind and form: how many were looked for, and how often they were found."""
    rows = {}
    for needle in needles:
        row = rows.setdefault((needle.kind, needle.form), [0, 0])
        row[0] += 1
        row[1] += haystack.count(needle)
    return [[kind, form, *row] for (kind, form), row in rows.items()]


def planted(needles, packets, seed=1):
    """How many are found after each was put into one packet: all, or the search is blind."""
    dice = random.Random(seed)
    altered = []
    for needle in needles:
        packet = dice.choice(packets)
        place = dice.randrange(len(packet) + 1)
        altered.append(packet[:place] + needle.content + packet[place:])
    haystack = Haystack(altered)
    return sum(haystack.count(needle) > 0 for needle in needles)

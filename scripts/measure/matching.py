# SPDX-License-Identifier: Apache-2.0
"""Which of many recorded sequences is most like a new one, when time may be stretched a little."""

import numpy as np

# How far, in elements, two sequences may be out of step: a fifth of a second of 20 ms frames.
BAND = 10


def padded(sequences):
    """One table: behind the end of a sequence there is nothing, and nothing is 0."""
    length = max(len(each) for each in sequences)
    table = np.zeros((len(sequences), length), np.float32)
    for row, each in zip(table, sequences):
        row[: len(each)] = each
    return table


def distances(table):
    """Dynamic time warping of each row against each, within the band (Sakoe and Chiba 1978)."""
    columns = np.ascontiguousarray(table.T)
    return np.array([to_all(row, columns) for row in table])


def to_all(row, columns):
    """Cells of one diagonal depend on those of the two before it alone."""
    length, count = columns.shape
    before, last, current = (np.full((length + 2, count), np.inf, np.float32) for _ in range(3))
    before[0] = 0
    for step in range(2 * length - 1):
        low = max(0, step - length + 1, (step - BAND + 1) // 2)
        high = min(step, length - 1, (step + BAND) // 2)
        cost = np.abs(row[low : high + 1, None] - columns[step - high : step - low + 1][::-1])
        best = np.minimum(last[low : high + 1], last[low + 1 : high + 2])
        np.minimum(best, before[low : high + 1], out=best)
        current[low + 1 : high + 2] = cost + best
        current[low] = current[high + 2] = np.inf
        before, last, current = last, current, before
    return last[length].copy()


def nearest(distance, rounds, seed=7):
    """For each the most like it of other rounds; of several as like one at random."""
    dice = np.random.default_rng(seed)
    distance = np.where(rounds[:, None] == rounds[None, :], np.inf, distance)
    least = distance.min(axis=1)
    return np.array([
        dice.choice(np.flatnonzero(row <= value)) for row, value in zip(distance, least)])


def accuracy(found, labels):
    return float(np.mean(labels[found] == labels))


def by_chance(found, labels, times=200, seed=9):
    """The same with names exchanged at random: mean, and the highest of 19 in 20."""
    dice = np.random.default_rng(seed)
    scores = [accuracy(found, dice.permutation(labels)) for _ in range(times)]
    return float(np.mean(scores)), float(np.quantile(scores, 0.95))

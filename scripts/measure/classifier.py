# SPDX-License-Identifier: Apache-2.0
"""Says who or what is heard in 100 ms of one link's datagrams, from their sizes and times.

Logistic regression, one against the rest for each name; five parts of whole blocks, so that each
window is judged by what was learnt from other blocks.
"""

import numpy as np

import watching

WINDOW = 0.1
PARTS = 5


def windows(datagrams, blocks, margin):
    """Features of each window, the name of its block, and which block it is in.

    Of a block's beginning `margin` seconds are left out.
    """
    features, labels, groups = [], [], []
    times = np.array([datagram.time for datagram in datagrams])
    sizes = np.array([len(datagram.payload) for datagram in datagrams])
    for number, (kind, begin, end) in enumerate(blocks):
        for start in np.arange(begin + margin, end, WINDOW):
            inside = (times >= start) & (times < start + WINDOW)
            moments = times[inside]
            gaps = np.diff(moments) if len(moments) > 1 else np.array([WINDOW])
            features.append([
                inside.sum(), sizes[inside].sum(), gaps.mean(), gaps.std(), gaps.min(),
                gaps.max(),
                sizes[inside].max(initial=0), sizes[inside].min(initial=2_000),
            ])
            labels.append(kind)
            groups.append(number)
    return np.array(features, float), np.array(labels), np.array(groups)


def learnt(features, labels):
    """Weights of a logistic regression, both classes counting alike."""
    share = labels.mean()
    importance = np.where(labels, 0.5 / share, 0.5 / (1 - share))
    weights = np.zeros(features.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (importance * (chance - labels)) + 1e-2 * weights
        curve = (features.T * (importance * chance * (1 - chance))) @ features
        step = np.linalg.solve(curve + 1e-2 * np.eye(len(weights)), gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def accuracy(features, labels, groups):
    """Balanced, of windows in blocks that were not learnt from."""
    names = np.array(sorted(set(labels)))
    right = {name: [] for name in names}
    order = {group: place for place, group in enumerate(watching.shuffled(sorted(set(groups)), 5))}
    parts = np.array([order[group] % PARTS for group in groups])
    for part in range(PARTS):
        train, test = parts != part, parts == part
        if not test.any() or len(set(labels[train])) < len(names):
            continue
        middle, spread = features[train].mean(0), features[train].std(0) + 1e-9

        def scaled(which):
            plain = (features[which] - middle) / spread
            return np.hstack([plain, plain**2, np.ones((len(plain), 1))])

        known, new = scaled(train), scaled(test)
        scores = [new @ learnt(known, labels[train] == name) for name in names]
        said = names[np.argmax(scores, axis=0)]
        for name in names:
            right[name] += list(said[labels[test] == name] == name)
    return float(np.mean([np.mean(right[name]) for name in names if right[name]]))


def by_chance(features, labels, groups, rounds=20):
    """The same with blocks' names exchanged at random: mean and highest."""
    names = {group: labels[groups == group][0] for group in sorted(set(groups))}
    scores = []
    for seed in range(rounds):
        mixed = dict(zip(names, watching.shuffled(names.values(), seed)))
        scores.append(accuracy(features, np.array([mixed[group] for group in groups]), groups))
    return float(np.mean(scores)), float(max(scores))

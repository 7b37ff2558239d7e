"""Figures about samples: bootstrap intervals and distinct n-grams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def bootstrap_interval(values: Sequence[float], resamples: int, seed: int) -> list[float]:
    """95 % percentile interval of the mean of independent ``values``: ``[low, high]``."""
    array = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(len(array), size=(resamples, len(array)))
    means = array[picks].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return [float(low), float(high)]


def distinct(texts: Sequence[str], n: int) -> float:
    """Different word n-grams over all word n-grams of all texts (Li et al. 2016); 0 where there is none."""
    grams = [
        tuple(words[start : start + n])
        for words in (text.split() for text in texts)
        for start in range(len(words) - n + 1)
    ]
    return len(set(grams)) / len(grams) if grams else 0.0

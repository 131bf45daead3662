"""Random numbers as a pure function of a key and a count, so that a step taken twice draws the same twice."""

import numpy as np


def generator(key: int, count: int, part: int = 0) -> np.random.Generator:
    """The generator for draw number `count` under `key`, of its part `part`; all at least 0.

    Philox is counter-based: the key names a stream, and count and part are the high words of its counter, which
    no draw reaches by itself, so draws of other counts and parts never overlap. Salmon, Moraes, Dror & Shaw
    (2011), SC '11, 16.
    """
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, part, count]))

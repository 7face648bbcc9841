"""Modified Mercalli Intensity: classes, numerals, colours."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

CLASSES = tuple(range(1, 11))
ROMAN = ("0", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def classify(mmi: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Class of each MMI: k is (k − 0.5, k + 0.5] of the MMI rounded to 1e-6; 0 where it is NaN.

    Below 0.5 is I, above 10.5 is X.

    >>> classify(np.array([5.5, 5.6, 0.2, 11.7, np.nan])).tolist()
    [5, 6, 1, 10, 0]
    """
    nowhere = np.isnan(mmi)
    millionths = mmi * 1e6
    np.copyto(millionths, 0.0, where=nowhere)
    classes = np.rint(millionths, out=millionths).astype(np.int32)
    classes += 499_999  # so that k + 0.5 is still k, and the next millionth k + 1
    classes //= 1_000_000
    np.clip(classes, 1, 10, out=classes)
    np.copyto(classes, 0, where=nowhere)
    small: NDArray[np.uint8] = classes.astype(np.uint8)
    return small


def class_of(mmi: float) -> int:
    """Class of one MMI, 1 to 10.

    >>> class_of(5.5), class_of(7.5), class_of(7.51)
    (5, 7, 8)
    """
    return min(10, max(1, ceil(round(mmi, 6) - 0.5)))

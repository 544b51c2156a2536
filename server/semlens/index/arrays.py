"""Names for the types of numpy arrays that `index`, `search` and `engine` pass around."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Int8Matrix: TypeAlias = npt.NDArray[np.int8]
Rows: TypeAlias = npt.NDArray[np.uint32]

"""Writes a wheel named semlens whose program starts the server of this checkout.

    python wheel.py FOLDER

It tests how the extension installs the server, without a package index.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

NAME = "semlens-0.0.1"
MODULE = """\
import os, sys

def main():
    os.execv({python!r}, [{python!r}, "-m", "semlens", *sys.argv[1:]])
"""
FILES = {
    "semlens_elsewhere.py": MODULE.format(python=sys.executable),
    f"{NAME}.dist-info/METADATA": "Metadata-Version: 2.1\nName: semlens\nVersion: 0.0.1\n",
    f"{NAME}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{NAME}.dist-info/entry_points.txt": "[console_scripts]\nsemlens = semlens_elsewhere:main\n",
}


def main() -> None:
    path = Path(sys.argv[1]) / f"{NAME}-py3-none-any.whl"
    record = f"{NAME}.dist-info/RECORD"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
        wheel.writestr(record, "".join(f"{name},,\n" for name in (*FILES, record)))
    print(path)


if __name__ == "__main__":
    main()

"""Makes an animated picture (APNG) of frames.

    python release/animate.py FOLDER PICTURE.png

FOLDER has the frames as `001-900.png`: a number, and the milliseconds for which the frame is shown. The picture plays
three times and rests on its last frame. Programs that show no animation show the frame that lasts longest.
Needs Pillow, which `.venv-docs` has.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

N_COLOURS, N_PLAYS = 128, 3


def with_one_palette(frames: list[Image.Image]) -> list[Image.Image]:
    """The frames with the same few colours: a screen has few, and such a picture is small."""
    width, height = frames[0].size
    strip = Image.new("RGB", (width, height * len(frames)))
    for number, frame in enumerate(frames):
        strip.paste(frame, (0, height * number))
    strip = strip.quantize(N_COLOURS, dither=Image.Dither.NONE)
    return [strip.crop((0, height * number, width, height * (number + 1))) for number in range(len(frames))]


def main() -> int:
    folder, target = map(Path, sys.argv[1:])
    paths = sorted(folder.glob("*-*.png"))
    durations = [int(path.stem.partition("-")[2]) for path in paths]
    frames = with_one_palette([Image.open(path).convert("RGB") for path in paths])
    still = frames[durations.index(max(durations))]
    still.save(
        target, save_all=True, default_image=True, append_images=frames, duration=durations, loop=N_PLAYS, optimize=True
    )
    print(f"{target}: {len(frames)} frames, {sum(durations) / 1000:.0f} s, {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""picture.py SCREEN.ansi dark|light [FONT.woff2] > PAGE.html: convert a captured terminal screen to HTML."""

import base64
import io
import re
import sys
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

screen, background, *fonts = sys.argv[1:]
# Neovim's own background and text, and the sixteen colours of xterm and of a light terminal.
THEMES = {
    "dark": TerminalTheme(
        (0x14, 0x16, 0x1B), (0xE0, 0xE2, 0xEA),
        [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16), (36, 114, 200), (188, 63, 188), (17, 168, 205),
         (229, 229, 229)],
        [(102, 102, 102), (241, 76, 76), (35, 209, 139), (245, 245, 67), (59, 142, 234), (214, 112, 214),
         (41, 184, 219), (255, 255, 255)],
    ),
    "light": TerminalTheme(
        (0xE0, 0xE2, 0xEA), (0x14, 0x16, 0x1B),
        [(0, 0, 0), (205, 49, 49), (0, 110, 60), (110, 90, 0), (4, 81, 165), (150, 5, 150), (5, 90, 130), (85, 85, 85)],
        [(102, 102, 102), (205, 49, 49), (20, 130, 20), (120, 100, 0), (4, 81, 165), (150, 5, 150), (5, 90, 130),
         (40, 40, 40)],
    ),
}  # fmt: skip
theme = THEMES[background]
(r, g, b), (back_r, back_g, back_b) = theme.foreground_color, theme.background_color
reverse = f"\x1b[38;2;{back_r};{back_g};{back_b};48;2;{r};{g};{b}m"  # rich forgets reversed default colours
text = Path(screen).read_text(encoding="utf-8").rstrip("\n").replace("\x1b[7m", reverse)
console = Console(record=True, width=1000, file=io.StringIO(), force_terminal=True, color_system="truecolor")
for line in AnsiDecoder().decode(text):  # a style goes on in the next line
    console.print(line, no_wrap=True, crop=False, overflow="ignore")
style = (
    'pre{font:14px/17px "DejaVu Sans Mono","icons",monospace;margin:0}span{padding-bottom:1px}'
    f"body{{margin:0;padding:8px;color:{theme.foreground_color.hex};background-color:{theme.background_color.hex}}}"
)
for font in fonts:  # embedded, because a linked font may load after the screenshot
    data = base64.b64encode(Path(font).read_bytes()).decode()
    style += f'@font-face{{font-family:"icons";src:url("data:font/woff2;base64,{data}")}}'
html = console.export_html(theme=theme, inline_styles=True, code_format="{code}")
html = f'<meta charset="utf-8"><style>{style}</style><body><pre>{html}</pre></body>'
# Icons of that font are wider than a cell.
html = re.sub(
    "[\ue000-\uf8ff\U000f0000-\U000fffff]",
    r'<i style="display:inline-block;width:8.43px;font:14px icons">\g<0></i>',
    html,
)
sys.stdout.write(html)

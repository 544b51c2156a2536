"""picture.py SCREEN.ansi dark|light [FONT.woff2] > PAGE.html: convert a captured terminal screen to HTML."""

import base64
import re
import sys
from pathlib import Path

from ansi2html import Ansi2HTMLConverter

screen, background, *fonts = sys.argv[1:]
dark = background == "dark"
back = "#14161b" if dark else "#e0e2ea"  # of Neovim's own colour scheme
html = Ansi2HTMLConverter(dark_bg=dark, font_size="14px").convert(Path(screen).read_text(encoding="utf-8"))
style = (
    'pre{font-family:"DejaVu Sans Mono","icons",monospace;line-height:17px}span{padding-bottom:1px}'
    f"body.body_background{{margin:0;padding:8px;background-color:{back}}}"
)
for font in fonts:  # embedded, because a linked font may load after the screenshot
    data = base64.b64encode(Path(font).read_bytes()).decode()
    style += f'@font-face{{font-family:"icons";src:url("data:font/woff2;base64,{data}")}}'
# Icons of that font are wider than a cell.
html = re.sub(
    "[\ue000-\uf8ff\U000f0000-\U000fffff]",
    r'<i style="display:inline-block;width:8.43px;font:14px icons">\g<0></i>',
    html,
)
sys.stdout.write(html.replace("</style>", style + "</style>"))

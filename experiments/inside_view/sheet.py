"""One picture of pages of `likeness inspect`: a row for each layer, the patches of a few of its units.

python sheet.py RUNS/NAME/KEY/inside.html sheet.jpg [UNITS]
"""

import base64
import re
import sys
from io import BytesIO
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

UNITS, GAP, LEFT = 6, 14, 160
SECTION = re.compile(r'<section id="layer-(\d+)">(.*?)</section>', re.DOTALL)
PARTS = re.compile(r'<img src="data:image/webp;base64,([^"]+)" alt="What unit')


def main(page: Path, sheet: Path, units: int = UNITS) -> None:
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 14)
    rows = []
    for number, section in SECTION.findall(page.read_text()):
        name = re.search(r"<h2>Layer \d+: (.*?)</h2>", section)
        field = re.search(r"A unit sees ([^:<,]*?)[:.]", section)
        assert name is not None
        assert field is not None
        parts = [Image.open(BytesIO(base64.b64decode(one))) for one in PARTS.findall(section)]
        step = max(1, (len(parts) - 1) / max(1, units - 1))
        chosen = [parts[round(at * step)] for at in range(min(units, len(parts)))]
        rows.append((f"layer {number}\n{name[1]}\n{field[1]}", chosen))
    width = LEFT + max(sum(one.width + GAP for one in parts) for _, parts in rows)
    height = sum(parts[0].height + GAP for _, parts in rows) + GAP
    picture = Image.new("RGB", (width, height), "white")
    draw, top = ImageDraw.Draw(picture), GAP
    for words, parts in rows:
        draw.text((GAP, top), words, fill="#1f2328", font=font)
        left = LEFT
        for one in parts:
            picture.paste(one, (left, top))
            left += one.width + GAP
        top += parts[0].height + GAP
    picture.save(sheet, quality=85)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]), *map(int, sys.argv[3:]))

"""Makes the two letters files that pictures are drawn with, out of Noto Sans SC; run by hand, needs fonttools.

`python scripts/build_fonts.py FOLDER`, where FOLDER holds the unpacked npm package @expo-google-fonts/noto-sans-sc.
What is kept: GBK, CJK extension A and every rarer character the font has (names!), Latin, digits and punctuation.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parents[1] / "webapp" / "papers" / "fonts"
WEIGHTS = {"regular": "400Regular/NotoSansSC_400Regular.ttf", "bold": "700Bold/NotoSansSC_700Bold.ttf"}


def wanted(has: set[int]) -> set[int]:
    """The code points to keep, of those the font has."""
    gbk = {ord(c) for n in range(0x8140, 0xFF00) for c in _gbk(n)}
    plain = (
        set(range(0x20, 0x250)) | set(range(0x2000, 0x2070)) | set(range(0x3000, 0x3040)) | set(range(0xFF00, 0xFFF0))
    )
    return {c for c in has if c in gbk or c in plain or 0x3400 <= c < 0x4DC0 or c >= 0x20000}


def _gbk(pair: int) -> str:
    return pair.to_bytes(2, "big").decode("gbk", "ignore")


def build(source: Path, target: Path) -> None:
    """One weight, as plain TrueType: it is mapped, not read, while WOFF2 costs a fifth of a second for each size."""
    options = subset.Options(layout_features=["kern", "vert"], hinting=False, name_IDs=["*"])
    font = TTFont(source)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted(set(font.getBestCmap())))
    worker.subset(font)
    font.save(target)
    kept = sorted(font.getBestCmap())
    (HERE / "characters.txt").write_text(ranges(kept), encoding="ascii")
    print(f"{target.name}: {len(kept):,} characters, {target.stat().st_size:,} bytes")


def ranges(points: list[int]) -> str:
    """Code points as lines of hexadecimal `first-last`; both weights have the same ones."""
    lines: list[list[int]] = []
    for point in points:
        if lines and point == lines[-1][1] + 1:
            lines[-1][1] = point
        else:
            lines.append([point, point])
    return "".join(f"{first:X}-{last:X}\n" for first, last in lines)


if __name__ == "__main__":
    for weight, name in WEIGHTS.items():
        build(Path(sys.argv[1]) / name, HERE / f"noto-sans-sc-{weight}.ttf")

"""Papers: letters that fit and show every gap, sheets that scan, tables that no office program runs."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date

import python_calamine
from PIL import Image, ImageChops

from webapp.papers import certificates, drawing, letters, posters, writing

SAID = certificates.Certificate(
    "绿色家庭",
    "喆堃镕家庭",
    ["累计减排 12 千克，特发此证。"],
    "LZ-2026-0001",
    "长治高新区",
    "2026年6月5日",
    "https://example.org/v/1",
)


def picture(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert("RGB")


def test_rare_letters_of_names_are_drawn() -> None:
    """Each of them has a shape of its own, in both weights; GB 2312 has none of these."""
    for bold in (False, True):
        shapes = {bytes(letters.font(40, bold).getmask(char)) for char in "喆堃镕昇囍䶮𬭎𬶋㛃"}
        assert len(shapes) == 9
        assert bytes(letters.font(40, bold).getmask("\uffff")) not in shapes


def test_what_cannot_be_drawn_is_seen() -> None:
    assert letters.clean("张\U0003134a三") == "张□三"
    assert letters.clean("绿👨‍👩‍👧家\u200b") == "绿家"
    assert letters.clean("CO₂ 12\t克") == "CO2 12 克"


def test_lines_break_where_they_may() -> None:
    size = letters.font(20)
    lines = letters.wrapped("节能降碳，你我同行。Energy saving for everybody, every day.", size, 150)
    assert "".join(lines).replace(" ", "") == "节能降碳，你我同行。Energysavingforeverybody,everyday."
    assert all(letters.width(line, size) <= 150 + 20 for line in lines)
    assert not any(line[0] in letters.NO_START for line in lines)
    assert any("everybody," in line for line in lines)
    assert letters.wrapped("", size, 100) == [""]


def test_a_long_line_is_made_smaller() -> None:
    wide = letters.fitting("长" * 60, 80, True, 900)
    assert letters.width("长" * 60, wide) <= 60 * 20 + 1 and wide.size < 80


def test_certificates_differ_by_what_they_say_and_not_by_the_run() -> None:
    one, again = certificates.certificate(SAID), certificates.certificate(SAID)
    assert one == again
    assert picture(one).size == (1754, 1240)
    other = certificates.Certificate(**{**_said(), "name": "张三家庭"})
    assert ImageChops.difference(picture(one), picture(certificates.certificate(other))).getbbox() is not None


def _said() -> dict[str, object]:
    return {name: getattr(SAID, name) for name in SAID.__dataclass_fields__}


def test_the_longest_name_stays_within_the_frame() -> None:
    said = certificates.Certificate(**{**_said(), "name": "很长的名称" * 12, "lines": ["长句子，" * 30]})
    image = picture(certificates.certificate(said))
    paper = image.getpixel((80, 620))
    assert all(image.getpixel((x, y)) == paper for x in (70, 75, 80, 1674, 1680) for y in range(100, 1140, 7))


def test_a_poster_has_its_code_where_a_phone_finds_it() -> None:
    said = posters.Poster(
        "挑战", "单位", [posters.Figure("12", "千克", "减排")], ["一行"], [1, 0, 3], "每日", "https://example.org/c/1"
    )
    image = picture(posters.poster(said))
    assert image.size == (1080, 1620)
    dark = sum(1 for pixel in image.crop((760, 1320, 1080, 1620)).convert("L").get_flattened_data() if pixel < 60)
    assert dark > 5_000
    without = picture(posters.poster(posters.Poster("挑战", "单位", [])))
    assert ImageChops.difference(image, without).getbbox() is not None


def test_bars_of_nothing_draw_no_division_by_zero() -> None:
    sheet = drawing.Sheet(200, 200)
    sheet.bars((10, 10, 100, 100), [0, 0], drawing.GREEN)
    sheet.bars((10, 10, 100, 100), [], drawing.GREEN)
    assert sheet.file()[:4] == b"\x89PNG" and sheet.file("pdf")[:4] == b"%PDF"


def test_tables_hold_no_formula() -> None:
    cells = ["=1+1", "+8613800000000", "-2+3", "@SUM(A1)", "\t=1", "＝1", "正常", "https://example.org", "001"]
    data = writing.xlsx([writing.Table("名/单[1]", ["=头", "数"], [[cell, 5] for cell in cells])])
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    rows = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["=头", "数"]
    assert [row[0] for row in rows[1:]] == [cell.replace("\r", "") for cell in cells]
    assert [row[1] for row in rows[1:]] == [5.0] * len(cells)


def test_a_csv_holds_no_formula_and_keeps_numbers() -> None:
    text = writing.csv_text(["名", "克"], [["=1+1", -3], ["  @x", None], ["正常,逗号", date(2026, 6, 5)], ["＋1", 0]])
    assert text == "\ufeff名,克\r\n'=1+1,-3\r\n'  @x,\r\n\"正常,逗号\",2026-06-05\r\n'＋1,0\r\n"


def test_names_of_sheets_are_cut_and_told_apart() -> None:
    data = writing.xlsx(
        [writing.Table("很长的工作表名称" * 6, ["a"], []), writing.Table("很长的工作表名称" * 6, ["a"], [])]
    )
    names = python_calamine.load_workbook(io.BytesIO(data)).sheet_names
    assert len(set(names)) == 2 and all(len(name) <= 31 for name in names)


def test_drawing_needs_no_letters_of_the_machine() -> None:
    """Every letter comes with the project; a picture drawn here is drawn the same anywhere."""
    code = (
        "import PIL.ImageFont as f, hashlib, sys\n"
        "seen=[]; was=f.truetype\n"
        "f.truetype=lambda p,*a,**k: (seen.append(str(p)), was(p,*a,**k))[1]\n"
        "from webapp.papers.posters import Poster, Figure, poster\n"
        "poster(Poster('挑战','x',[Figure('1','克','减排')]))\n"
        "assert seen and all('papers/fonts' in p for p in seen), seen\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Drawn pictures in place of photographs: a bicycle, a bus, a plate, a lunch box; no two have the same bytes."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageDraw, ImageFont

SIZE = (400, 300)
Pen = ImageDraw.ImageDraw


def draw(rng: Random, subject: str) -> bytes:
    """A small JPEG of `subject`: bike, bus, plate or box; colours and places differ from one to the next."""
    image = Image.new("RGB", SIZE, _tint(rng, 205, 245))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 210, 400, 300), fill=_tint(rng, 120, 170))
    image = Image.blend(image, _light(rng), 0.35)
    pen = ImageDraw.Draw(image)
    for _ in range(24):  # what lies about differs in every picture, or they would count as copies of one
        x, y, r = rng.randrange(-20, 400), rng.randrange(-20, 300), rng.randrange(4, 60)
        pen.ellipse((x, y, x + r, y + r), fill=_tint(rng, 60, 230))
    {"bike": _bike, "bus": _bus, "plate": _plate, "box": _box}[subject](pen, rng)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def draw_meter(rng: Random, figure: str) -> bytes:
    """A small JPEG of an electricity meter that shows `figure`."""
    image = Image.blend(Image.new("RGB", SIZE, _tint(rng, 150, 210)), _light(rng), 0.3)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((90, 40, 310, 270), 14, fill=(240, 240, 236), outline=(90, 95, 100), width=4)
    pen.rectangle((120, 90, 280, 140), fill=(40, 46, 44))
    pen.text((130, 96), figure, fill=(190, 230, 190), font=ImageFont.load_default(34))
    pen.text((150, 170), "kWh", fill=(60, 60, 60), font=ImageFont.load_default(28))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _light(rng: Random) -> Image.Image:
    """Patches of light and shade of several sizes."""
    light = Image.new("L", SIZE, 128)
    for cells in (4, 9, 21):
        patches = Image.frombytes("L", (cells, cells), rng.randbytes(cells * cells))
        light = Image.blend(light, patches.resize(SIZE, Image.Resampling.BICUBIC), 0.5)
    return light.convert("RGB")


def _tint(rng: Random, low: int, high: int) -> tuple[int, int, int]:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def _bike(pen: Pen, rng: Random) -> None:
    dx, frame = rng.randrange(-40, 40), _tint(rng, 20, 160)
    for x in (90, 230):
        pen.ellipse((x + dx, 150, x + 100 + dx, 250), outline=(40, 40, 45), width=6)
    points = [
        (140, 200),
        (185, 130),
        (255, 130),
        (280, 200),
        (255, 130),
        (200, 200),
        (140, 200),
        (200, 200),
        (185, 130),
    ]
    pen.line([(x + dx, y) for x, y in points], fill=frame, width=7)
    pen.line([(250 + dx, 105), (275 + dx, 100)], fill=frame, width=7)


def _bus(pen: Pen, rng: Random) -> None:
    dx, body = rng.randrange(-30, 30), _tint(rng, 40, 190)
    pen.rounded_rectangle((70 + dx, 90, 330 + dx, 225), 18, fill=body)
    for n in range(4):
        pen.rectangle((88 + dx + 58 * n, 110, 134 + dx + 58 * n, 155), fill=(225, 238, 245))
    for x in (110, 250):
        pen.ellipse((x + dx, 200, x + 44 + dx, 244), fill=(35, 35, 40))


def _plate(pen: Pen, rng: Random) -> None:
    dx, rim = rng.randrange(-40, 40), _tint(rng, 60, 200)
    pen.ellipse((110 + dx, 90, 290 + dx, 250), fill=(250, 250, 248), outline=rim, width=8)
    pen.ellipse((150 + dx, 125, 250 + dx, 215), outline=rim, width=2)
    for n in range(rng.randrange(1, 5)):
        x, y = 165 + dx + rng.randrange(70), 135 + rng.randrange(60)
        pen.ellipse((x, y, x + 5 + n, y + 4), fill=_tint(rng, 80, 180))


def _box(pen: Pen, rng: Random) -> None:
    dx, lid = rng.randrange(-40, 40), _tint(rng, 60, 190)
    pen.rounded_rectangle((110 + dx, 110, 290 + dx, 240), 14, fill=(245, 243, 236), outline=lid, width=7)
    pen.line((200 + dx, 110, 200 + dx, 240), fill=lid, width=5)
    pen.ellipse((130 + dx, 140, 180 + dx, 205), fill=_tint(rng, 90, 200))
    pen.ellipse((222 + dx, 140, 272 + dx, 205), fill=_tint(rng, 90, 200))

"""Photos drawn from seeds: meals, receipts, streets, buses, meters and hills, many alike on purpose."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

SIZE = (640, 480)
Pen = ImageDraw.ImageDraw
Scene = Callable[[Random], Image.Image]


def texture(rng: Random, size: tuple[int, int], base: tuple[int, int, int], rough: float) -> Image.Image:
    """Light as it falls on things: noise of several sizes over a colour."""
    light = Image.new("L", size, 128)
    for n, cells in enumerate((3, 7, 17, 41, 97)):
        grain = Image.frombytes("L", (cells, cells), rng.randbytes(cells * cells)).resize(
            size, Image.Resampling.BICUBIC
        )
        light = Image.blend(light, grain, rough / (1 + 0.6 * n))
    parts = [light.point([max(0, min(255, int(c + (v - 128) * 1.2))) for v in range(256)]) for c in base]
    return Image.merge("RGB", parts)


def tint(rng: Random, low: int = 40, high: int = 220) -> tuple[int, int, int]:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def near(rng: Random, colour: tuple[int, int, int], by: int = 14) -> tuple[int, int, int]:
    r, g, b = (max(0, min(255, each + rng.randint(-by, by))) for each in colour)
    return r, g, b


def meal(rng: Random) -> Image.Image:
    """A canteen tray seen from above: the same tray, plate and table for everybody, food that differs."""
    image = texture(rng, SIZE, near(rng, (150, 120, 90)), 0.18)
    pen = ImageDraw.Draw(image)
    dx, dy, r = rng.randint(-60, 60), rng.randint(-45, 45), rng.randint(150, 205)
    x, y = 320 + dx, 240 + dy
    pen.ellipse((x - r, y - r, x + r, y + r), fill=near(rng, (238, 238, 234), 8))
    pen.ellipse((x - r + 22, y - r + 22, x + r - 22, y + r - 22), fill=near(rng, (225, 224, 218), 8))
    for _ in range(rng.randint(4, 10)):
        a, b = x + rng.randint(-r, r) * 0.5, y + rng.randint(-r, r) * 0.5
        w, h = rng.randint(20, 80), rng.randint(15, 60)
        pen.ellipse((a - w, b - h, a + w, b + h), fill=tint(rng, 30, 210))
    if rng.random() < 0.6:
        a, b = rng.choice((60, 560)) + rng.randint(-40, 40), rng.randint(60, 400)
        pen.ellipse((a - 60, b - 60, a + 60, b + 60), fill=tint(rng, 90, 240))
    return shaded(rng, image)


def receipt(rng: Random) -> Image.Image:
    """A receipt of one shop on a table: the same head, lines of words that differ."""
    image = texture(rng, SIZE, near(rng, (120, 96, 76), 30), 0.2)
    paper = Image.new("RGB", (280, 430), near(rng, (240, 238, 230), 8))
    pen = ImageDraw.Draw(paper)
    pen.rectangle((60, 20, 220, 44), fill=(60, 60, 60))
    pen.line((20, 64, 260, 64), fill=(90, 90, 90), width=2)
    y = 80
    while y < 400 - rng.randint(0, 60):
        x = 20
        while x < 170:
            w = rng.randint(8, 40)
            pen.rectangle((x, y, x + w, y + 7), fill=(70, 70, 74))
            x += w + rng.randint(5, 18)
        pen.rectangle((260 - rng.randint(24, 60), y, 260, y + 7), fill=(60, 60, 64))
        y += rng.choice((14, 14, 20, 30))
    turned = paper.rotate(rng.uniform(-14, 14), expand=True, resample=Image.Resampling.BILINEAR)
    mask = Image.new("L", paper.size, 255).rotate(0)
    mask = Image.new("L", paper.size, 255).resize(paper.size)
    angle = rng.uniform(-14, 14)
    turned, mask = (each.rotate(angle, expand=True, resample=Image.Resampling.BILINEAR) for each in (paper, mask))
    scale = rng.uniform(0.85, 1.15)
    size = (int(turned.width * scale), int(turned.height * scale))
    place = (320 - size[0] // 2 + rng.randint(-70, 70), 240 - size[1] // 2 + rng.randint(-30, 30))
    image.paste(turned.resize(size), place, mask.resize(size))
    return shaded(rng, image)


def street(rng: Random) -> Image.Image:
    """A bicycle or an electric bus before a row of houses."""
    image = texture(rng, SIZE, near(rng, (180, 200, 225), 25), 0.15)
    pen = ImageDraw.Draw(image)
    x = -rng.randint(0, 90)
    while x < 640:
        w, h = rng.randint(50, 150), rng.randint(90, 260)
        wall = tint(rng, 90, 220)
        pen.rectangle((x, 340 - h, x + w, 350), fill=wall)
        for wx in range(x + 8, x + w - 14, 22):
            for wy in range(350 - h, 320, 30):
                pen.rectangle((wx, wy, wx + 12, wy + 16), fill=near(rng, (70, 80, 95), 40))
        x += w
    image.paste(texture(rng, (640, 140), near(rng, (105, 105, 108)), 0.25), (0, 340))
    pen = ImageDraw.Draw(image)
    dx, scale = rng.randint(-160, 160), rng.uniform(0.7, 1.3)
    if rng.random() < 0.5:
        r = int(62 * scale)
        for cx in (240 + dx, 240 + dx + int(170 * scale)):
            pen.ellipse((cx - r, 370 - r, cx + r, 370 + r), outline=(30, 30, 34), width=8)
        top = 370 - int(110 * scale)
        pen.line(
            (240 + dx, 370, 290 + dx, top, 400 + dx, top, 410 + dx, 370, 300 + dx, 370, 290 + dx, top),
            fill=tint(rng),
            width=9,
        )
    else:
        w, h = int(340 * scale), int(170 * scale)
        pen.rounded_rectangle((150 + dx, 400 - h, 150 + dx + w, 400), 22, fill=tint(rng, 60, 220))
        for n in range(5):
            pen.rectangle(
                (170 + dx + n * w // 6, 418 - h, 170 + dx + n * w // 6 + w // 8, 418 - h + h // 3),
                fill=near(rng, (200, 220, 235), 25),
            )
    return shaded(rng, image)


def aboard(rng: Random) -> Image.Image:
    """Inside a bus of one line: seats, windows and poles in the same places, people who are not."""
    image = texture(rng, SIZE, near(rng, (160, 165, 170), 12), 0.14)
    pen = ImageDraw.Draw(image)
    dx, dy, k = rng.randint(-50, 50), rng.randint(-35, 35), rng.uniform(0.85, 1.2)
    for n in range(4):
        pen.rectangle((20 + dx + n * 160 * k, 50 + dy, 150 + dx + n * 160 * k, 190 + dy), fill=tint(rng, 110, 240))
    for n in range(5):
        x = 10 + dx + n * 130 * k
        pen.rounded_rectangle((x, 260 + dy, x + 100 * k, 470 + dy), 16, fill=near(rng, (40, 110, 150)))
        if rng.random() < 0.5:
            h = rng.randint(26, 44)
            pen.ellipse((x + 20, 215 + dy - h, x + 20 + 1.5 * h, 215 + dy + h), fill=tint(rng, 30, 200))
            pen.rounded_rectangle((x - 8, 250 + dy, x + 96, 400 + dy), 20, fill=tint(rng, 20, 220))
    for n in range(3):
        x = 120 + dx + n * 200 * k + rng.randint(-10, 10)
        pen.rectangle((x, 0, x + 9, 480), fill=(225, 180, 40))
    return shaded(rng, image)


def meter(rng: Random) -> Image.Image:
    """An electricity meter on a wall: one make, digits and surroundings that differ."""
    image = texture(rng, SIZE, near(rng, (190, 185, 175), 25), 0.22)
    pen = ImageDraw.Draw(image)
    dx, dy, k = rng.randint(-70, 70), rng.randint(-50, 50), rng.uniform(0.8, 1.2)
    x, y = 320 + dx, 230 + dy
    pen.rounded_rectangle((x - 150 * k, y - 180 * k, x + 150 * k, y + 190 * k), 18, fill=near(rng, (225, 225, 222), 8))
    pen.rectangle((x - 110 * k, y - 120 * k, x + 110 * k, y - 40 * k), fill=near(rng, (150, 165, 140)))
    for n in range(6):
        digit(pen, rng.randint(0, 9), x - 100 * k + n * 34 * k, y - 110 * k, 24 * k, 60 * k)
    for n in range(rng.randint(2, 5)):
        pen.rectangle(
            (x - 100 * k, y + n * 28 * k, x + rng.randint(-40, 100) * k, y + (n * 28 + 9) * k), fill=(80, 80, 84)
        )
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, 640)
        pen.line((at, 0, at + rng.randint(-60, 60), 480), fill=tint(rng, 20, 120), width=rng.randint(5, 16))
    return shaded(rng, image)


SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcfgd")


def digit(pen: Pen, value: int, x: float, y: float, w: float, h: float) -> None:
    lines = {
        "a": (0, 0, 1, 0),
        "b": (1, 0, 1, 0.5),
        "c": (1, 0.5, 1, 1),
        "d": (0, 1, 1, 1),
        "e": (0, 0.5, 0, 1),
        "f": (0, 0, 0, 0.5),
        "g": (0, 0.5, 1, 0.5),
    }
    for name in SEGMENTS[value]:
        a, b, c, d = lines[name]
        pen.line((x + a * w, y + b * h, x + c * w, y + d * h), fill=(30, 34, 30), width=5)


def land(rng: Random) -> Image.Image:
    """Hills, trees and sky."""
    image = texture(rng, SIZE, near(rng, (150, 185, 225), 30), 0.3)
    for n in range(rng.randint(2, 4)):
        y, points = 180 + 80 * n, []
        height = rng.randint(20, 110)
        for x in range(0, 700, 60):
            points.append((x, y - rng.randint(0, height)))
        mask = Image.new("L", SIZE, 0)
        ImageDraw.Draw(mask).polygon([(0, 480), *points, (640, 480)], fill=255)
        image.paste(texture(rng, SIZE, near(rng, (70, 120 - 15 * n, 60), 30), 0.35), (0, 0), mask)
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randint(0, 14)):
        x, y, r = rng.randint(0, 640), rng.randint(230, 430), rng.randint(12, 50)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=near(rng, (45, 95, 45), 30))
    return shaded(rng, image)


def shaded(rng: Random, image: Image.Image) -> Image.Image:
    """Light from one side, a lens not quite sharp, grain."""
    fall = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(image.size)
    dark = ImageEnhance.Brightness(image).enhance(rng.uniform(0.72, 0.95))
    image = Image.composite(image, dark, fall).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    grain = Image.frombytes("L", (160, 120), rng.randbytes(160 * 120)).resize(image.size)
    return Image.blend(image, Image.merge("RGB", (grain,) * 3), 0.03)


SCENES: tuple[Scene, ...] = (meal, receipt, street, aboard, meter, land)


def draw(seed: int) -> Image.Image:
    """Photo number `seed`."""
    rng = Random(f"photo {seed}")
    image = SCENES[seed % len(SCENES)](rng)
    return image.transpose(Image.Transpose.ROTATE_90) if rng.random() < 0.4 else image


def encoded(image: Image.Image, quality: int = 88, format: str = "JPEG") -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, format, quality=quality)
    return out.getvalue()

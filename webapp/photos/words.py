"""Why a photo was not taken in, in words that stand beside its field."""

from __future__ import annotations

from webapp.web import t
from webapp.web.messages import reason

Pair = tuple[str, str]

WORDS: dict[str, Pair] = {
    "unreadable": ("照片打不开，请换一张", "This photo cannot be opened; please choose another"),
    "not_a_photo": ("只支持 JPEG、PNG、WebP、HEIC 照片", "Only JPEG, PNG, WebP and HEIC photos"),
    "more_than_a_photo": (
        "这个文件里不只有照片，请直接选相册里的原图",
        "There is more than a photo in this file; please choose one from your album",
    ),
    "unknown_upload": ("照片没有传成功，请重新选择", "The photo did not arrive; please choose it again"),
    "missing": ("没有收到照片，请重新选择", "No photo arrived; please choose it again"),
    "too_large": ("照片超过 10 MB，请换一张小一些的", "The photo is over 10 MB; please choose a smaller one"),
    "bad_dimensions": (
        "照片的像素太多或太少，请换一张",
        "The photo has too many or too few pixels; please choose another",
    ),
    "too_many_photos": ("一次最多 4 张照片", "At most 4 photos"),
}


def photo_words(code: str) -> str:
    """The reason behind a code; codes without words of ours are left to the page."""
    pair = WORDS.get(code)
    return t(*pair) if pair else reason(code)

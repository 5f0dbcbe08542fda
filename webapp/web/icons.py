"""Which icon and which tint stand for a behaviour, by its methodology's id and its domain."""

from __future__ import annotations

_ICONS = {
    "T01": "walk", "T02": "walk", "T03": "bike", "T04": "bike", "T05": "scooter-electric", "T06": "bus",
    "T07": "bus", "T08": "train", "T09": "bus", "T10": "car", "T11": "charging-pile", "T12": "users",
    "T13": "car", "T14": "ticket", "F01": "bowl-chopsticks", "F02": "tools-kitchen-2", "F03": "bowl-chopsticks",
    "F04": "package", "F05": "plant-2", "U01": "shopping-bag", "U02": "bottle", "U03": "shirt", "U04": "package",
    "U05": "device-mobile", "U06": "trash", "H01": "bolt", "H02": "air-conditioning", "H03": "bulb", "H04": "bolt",
    "H05": "sun", "H06": "droplet", "H07": "flame", "H08": "temperature", "H09": "bulb", "H10": "stairs-up",
    "O01": "printer", "O02": "receipt", "O03": "file-text", "O04": "device-laptop", "O05": "bolt",
    "P01": "receipt", "P02": "book", "C01": "hanger",
}  # fmt: skip
_BY_DOMAIN = {
    "吃": ("tools-kitchen-2", "c2"), "食": ("tools-kitchen-2", "c2"), "穿": ("hanger", "c3"), "衣": ("hanger", "c3"),
    "住": ("home", "c2"), "行": ("walk", "c0"), "用": ("recycle", "c1"), "办公": ("printer", "c3"),
}  # fmt: skip
_TINTS = ("c0", "c1", "c2", "c3")


def behaviour_icon(ref: str, domain: str = "") -> str:
    """The sprite's name for a behaviour; its domain's, or a leaf, when it has none of its own."""
    return _ICONS.get(ref) or _BY_DOMAIN.get(domain, ("leaf", ""))[0]


def behaviour_tint(domain: str = "", index: int | None = None) -> str:
    """The tile's tint class: by position in a grid, or by domain."""
    if index is not None:
        return _TINTS[index % len(_TINTS)]
    return _BY_DOMAIN.get(domain, ("", "c0"))[1]

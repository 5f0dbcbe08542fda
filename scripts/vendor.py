"""Copies the vendored scripts and draws the icon sprite; run after `npm install` in frontend/, rarely.

The results under static/ are committed, so that running and testing need no Node.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "frontend" / "node_modules"
ICONS = [
    "adjustments",
    "air-conditioning",
    "alert-triangle",
    "arrow-back-up",
    "bell",
    "bike",
    "bolt",
    "book",
    "bottle",
    "bowl-chopsticks",
    "building",
    "building-bank",
    "building-community",
    "building-store",
    "bulb",
    "bus",
    "calendar",
    "camera",
    "car",
    "charging-pile",
    "chart-bar",
    "check",
    "chevron-left",
    "chevron-right",
    "circle-plus",
    "clipboard-list",
    "clock",
    "cup",
    "device-laptop",
    "device-mobile",
    "dots",
    "download",
    "droplet",
    "eye",
    "file-text",
    "flame",
    "gift",
    "hanger",
    "help-circle",
    "history",
    "home",
    "info-circle",
    "language",
    "leaf",
    "list",
    "lock",
    "logout",
    "map-pin",
    "medal",
    "menu-2",
    "message",
    "moon",
    "package",
    "phone",
    "photo",
    "plant-2",
    "plus",
    "printer",
    "qrcode",
    "receipt",
    "recycle",
    "school",
    "scooter-electric",
    "search",
    "settings",
    "shield-check",
    "shirt",
    "shopping-bag",
    "speakerphone",
    "stairs-up",
    "sun",
    "temperature",
    "ticket",
    "tools-kitchen-2",
    "train",
    "trash",
    "trees",
    "trophy",
    "user-circle",
    "users",
    "walk",
    "world",
    "x",
]
SCRIPTS = (("htmx.org", "dist/htmx.min.js", "htmx"),)
LICENCE_OF = {"@tabler/icons": "LICENSE", "htmx.org": "LICENSE"}


def sha384(path: Path) -> str:
    """The hash in the form of subresource integrity."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def manifest(package: str) -> dict[str, str]:
    data = json.loads((MODULES / package / "package.json").read_text())
    return {"name": data["name"], "version": data["version"], "licence": data["license"]}


def symbol(name: str) -> str:
    """One icon as a <symbol>: its paths, without the invisible frame."""
    text = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    body = re.sub(r'<path stroke="none"[^>]*/>', "", body)
    body = re.sub(r"\s*\n\s*", "", body).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>'


def main() -> None:
    vendor = ROOT / "static" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    entries = []
    for package, inside, short in SCRIPTS:
        about = manifest(package)
        target = vendor / f"{short}-{about['version']}.min.js"
        target.write_bytes((MODULES / package / inside).read_bytes())
        entries.append({**about, "file": f"vendor/{target.name}", "sha384": sha384(target)})
    sprite = ROOT / "static" / "img" / "icons.svg"
    symbols = "".join(symbol(name) for name in sorted(set(ICONS)))
    sprite.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n')
    about = manifest("@tabler/icons")
    entries.append({**about, "file": "img/icons.svg", "sha384": sha384(sprite)})
    for package, name in LICENCE_OF.items():
        text = (MODULES / package / name).read_text()
        (vendor / f"{package.split('/')[0].strip('@').split('.')[0]}-LICENSE.txt").write_text(text)
    (vendor / "vendor.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()

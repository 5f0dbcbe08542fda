"""Writes the table of docs/settings.md from the settings class, so that the document cannot fall behind."""

from __future__ import annotations

from typing import Any, get_args

from webapp.settings import PREFIX, SECRETS, Settings

COMPUTED = {
    "var_dir": "`var/` in the checkout",
    "database_url": "`puhui.db` in the var folder",
    "blob_url": "`blobs/` in the var folder",
    "secret_key": "a development value; `up` makes one",
    "track_key": "a development value; `up` makes one",
    "phone_key": "a development value; `up` makes one",
    "phone_pepper": "a development value; `up` makes one",
    "sms_sender": "`console`; `none` in production",
    "mail_sender": "`file`; `none` in production",
    "log_json": "on in production",
}


def table() -> str:
    """One row a setting: variable, what it may be, default, meaning."""
    rows = ["| variable | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        variable = f"`{PREFIX}{name.upper()}`"
        if name in SECRETS:
            variable += f" or `{PREFIX}{name.upper()}_FILE`"
        default = COMPUTED.get(name) or ("none" if field.default is None else f"`{str(field.default).lower()}`")
        rows.append(f"| {variable} | {_kind(field.annotation)} | {default} | {field.description} |")
    return "\n".join(rows)


def _kind(annotation: Any) -> str:
    choices = [str(c) for c in get_args(annotation)]
    if choices and all(isinstance(c, str) for c in get_args(annotation)):
        return ", ".join(f"`{c}`" for c in choices)
    kinds = {"str": "text", "int": "number", "bool": "`true` or `false`", "Path": "path"}
    names = [kind.__name__ for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    return " or ".join(kinds.get(name, name) for name in names)


if __name__ == "__main__":
    print(table())

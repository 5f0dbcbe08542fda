"""Addresses of a member's meters and of a unit's; the pages are the same, the owner differs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from webapp.meters import pages
from webapp.web import guard

bp = Blueprint("meters", __name__, url_prefix="/meters")
unit_bp = Blueprint("unit_energy", __name__, url_prefix="/unit-admin/<int:unit_id>/energy")
BLUEPRINTS = (bp, unit_bp)


@bp.get("")
@guard.member
def index() -> Any:
    return pages.index(pages.mine())


@bp.get("/new")
@guard.member
def new() -> Any:
    return pages.new(pages.mine())


@bp.post("/new")
@guard.member
def add() -> Any:
    return pages.add(pages.mine())


@bp.get("/import")
@guard.member
def file_form() -> Any:
    return pages.file_form(pages.mine())


@bp.post("/import")
@guard.member
def take_file() -> Any:
    return pages.take_file(pages.mine())


@bp.get("/<meter_id>")
@guard.member
def show(meter_id: str) -> Any:
    return pages.show(pages.mine(), meter_id)


@bp.post("/<meter_id>/readings")
@guard.member
def read(meter_id: str) -> Any:
    return pages.read(pages.mine(), meter_id)


@bp.post("/<meter_id>/readings/remove")
@guard.member
def remove(meter_id: str) -> Any:
    return pages.remove(pages.mine(), meter_id)


@bp.post("/<meter_id>/replace")
@guard.member
def replace(meter_id: str) -> Any:
    return pages.replace(pages.mine(), meter_id)


@bp.post("/<meter_id>/close")
@guard.member
def close(meter_id: str) -> Any:
    return pages.close(pages.mine(), meter_id)


@unit_bp.get("", endpoint="index")
@guard.unit_admin
def unit_index(unit_id: int) -> Any:
    return pages.index(pages.of_unit(unit_id))


@unit_bp.get("/new", endpoint="new")
@guard.unit_admin
def unit_new(unit_id: int) -> Any:
    return pages.new(pages.of_unit(unit_id))


@unit_bp.post("/new", endpoint="add")
@guard.unit_admin
def unit_add(unit_id: int) -> Any:
    return pages.add(pages.of_unit(unit_id))


@unit_bp.get("/import", endpoint="file_form")
@guard.unit_admin
def unit_file_form(unit_id: int) -> Any:
    return pages.file_form(pages.of_unit(unit_id))


@unit_bp.post("/import", endpoint="take_file")
@guard.unit_admin
def unit_take_file(unit_id: int) -> Any:
    return pages.take_file(pages.of_unit(unit_id))


@unit_bp.get("/<meter_id>", endpoint="show")
@guard.unit_admin
def unit_show(unit_id: int, meter_id: str) -> Any:
    return pages.show(pages.of_unit(unit_id), meter_id)


@unit_bp.post("/<meter_id>/readings", endpoint="read")
@guard.unit_admin
def unit_read(unit_id: int, meter_id: str) -> Any:
    return pages.read(pages.of_unit(unit_id), meter_id)


@unit_bp.post("/<meter_id>/readings/remove", endpoint="remove")
@guard.unit_admin
def unit_remove(unit_id: int, meter_id: str) -> Any:
    return pages.remove(pages.of_unit(unit_id), meter_id)


@unit_bp.post("/<meter_id>/replace", endpoint="replace")
@guard.unit_admin
def unit_replace(unit_id: int, meter_id: str) -> Any:
    return pages.replace(pages.of_unit(unit_id), meter_id)


@unit_bp.post("/<meter_id>/close", endpoint="close")
@guard.unit_admin
def unit_close(unit_id: int, meter_id: str) -> Any:
    return pages.close(pages.of_unit(unit_id), meter_id)

"""Pages of photos: sending one ahead of its act or reading, and looking at one's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from points_engine.errors import Invalid, refuse
from webapp.photos import queries
from webapp.photos.pictures import MOST_BYTES, read_picture
from webapp.photos.service import keep_picture
from webapp.photos.words import photo_words
from webapp.web import guard, house, now, signed_in

bp = Blueprint("photos", __name__)


@bp.post("/photos")
@guard.member
def send() -> tuple[Response, int]:
    """One photo ahead of its act, for the script that shows how far it is; forms can send photos themselves."""
    sent = request.files.get("photo")
    try:
        picture = read_picture(sent.stream.read(MOST_BYTES + 1) if sent else b"")
    except Invalid as fault:
        return jsonify(message=photo_words(fault.fields["photo"])), 400
    kept = house().store.retrying(lambda tx: keep_picture(tx, house().blobs, signed_in().member_id, picture, now()))
    return jsonify(id=kept["id"]), 201


@bp.get("/photos/<uuid:upload_id>")
@guard.member
def show(upload_id: Any) -> Response:
    """A photo of one's own; reviewers have their own route in the console."""
    with house().store.read() as tx:
        row = queries.one(tx, signed_in().member_id, str(upload_id))
    if row is None:
        raise refuse("not_found", "unknown_upload")
    small = row.thumbnail if "small" in request.args else None
    data = house().blobs.get(small) if small else None
    data = data or house().blobs.get(row.blob)
    if data is None:
        raise refuse("not_found", "unknown_upload")
    response = make_response(data)
    response.headers["Content-Type"] = "image/jpeg"
    response.headers["Cache-Control"] = "private, max-age=600"
    return response

"""The one blueprint of the room; the route modules hang their views on it."""

from flask import Blueprint

bp = Blueprint("members", __name__)

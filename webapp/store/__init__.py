"""The store: the engine, the transaction and the column types; the only room that commits."""

from webapp.store import thousands
from webapp.store.bulk import Write
from webapp.store.engine import Store, Tx
from webapp.store.hot import Asked, Query, among, together
from webapp.store.thousands import Overtaken
from webapp.store.types import BigId, JsonText, UtcDateTime, metadata

__all__ = [
    "Asked",
    "BigId",
    "JsonText",
    "Overtaken",
    "Query",
    "Store",
    "Tx",
    "UtcDateTime",
    "Write",
    "among",
    "metadata",
    "thousands",
    "together",
]

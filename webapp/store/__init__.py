"""The store: the engine, the transaction and the column types; the only room that commits."""

from webapp.store.bulk import Write
from webapp.store.engine import Store, Tx
from webapp.store.hot import Query, among
from webapp.store.types import BigId, JsonText, UtcDateTime, metadata

__all__ = ["BigId", "JsonText", "Query", "Store", "Tx", "UtcDateTime", "Write", "among", "metadata"]

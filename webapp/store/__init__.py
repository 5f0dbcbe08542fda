"""The store: the engine, the transaction and the column types; the only room that commits."""

from webapp.store.engine import Store, Tx
from webapp.store.types import BigId, JsonText, UtcDateTime, metadata

__all__ = ["BigId", "JsonText", "Store", "Tx", "UtcDateTime", "metadata"]

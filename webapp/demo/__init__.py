"""The demo world: a believable made-up park, the same for the same arguments; its grams come from the engine."""

from webapp.demo.build import build, main

__all__ = ["build", "main"]

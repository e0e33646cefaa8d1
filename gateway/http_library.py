"""Imports httpx for the whole package: another library of its interface takes one line here.

httpx has had no release since 2024-12. `httpx2` goes on with the same interface: to change over,
import `httpx2 as httpx` here, and name it in `pyproject.toml`.
"""

import httpx

__all__ = ["httpx"]

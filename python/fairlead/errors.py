"""The errors fairlead raises, one hierarchy for Python and the C++ core."""

from __future__ import annotations

__all__ = ["BackendUnavailableError", "FairleadError", "InvalidInputError"]


class FairleadError(Exception):
    """Base of every error fairlead raises on purpose."""


class InvalidInputError(FairleadError, ValueError):
    """A table, a file or an argument that the caller must mend.

    The message names the column, the row, what was expected, what came and the way out.
    """


class BackendUnavailableError(FairleadError, RuntimeError):
    """A backend or optional package that was asked for and cannot be had; says why."""

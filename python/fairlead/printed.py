"""Results that print as their summary, here and in notebooks."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod

__all__ = ["Printed"]


class Printed(ABC):
    """A result that prints as its summary; one with a shorter ``repr`` defines its own.

    A dataclass takes ``repr=False``, or it would print all its fields.

    Examples
    --------
    >>> class Sizes(Printed):
    ...     def summary(self) -> str:
    ...         return "2 jobs < 8 GPUs"
    >>> Sizes()
    2 jobs < 8 GPUs
    >>> Sizes()._repr_html_()
    '<pre>2 jobs &lt; 8 GPUs</pre>'
    """

    @abstractmethod
    def summary(self) -> str:
        """A few lines for people."""

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

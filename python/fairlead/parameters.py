"""Parameters by name, as scikit-learn's tools read and set them."""

from __future__ import annotations

import inspect
from typing import Any, Self

from fairlead.errors import InvalidInputError

__all__ = ["Parametrised"]


class Parametrised:
    """What is made with keyword parameters, each kept in an attribute of its name.

    Examples
    --------
    >>> class Mean(Parametrised):
    ...     def __init__(self, *, window=24):
    ...         self.window = window
    >>> Mean().set_params(window=3).get_params()
    {'window': 3}
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters as they were given, by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; they take effect with the next ``fit``.

        Raises
        ------
        InvalidInputError
            An unknown name.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise InvalidInputError(
                    f"{type(self).__name__} has no parameter {name!r}; it takes "
                    f"{', '.join(known) or 'none'}"
                )
            setattr(self, name, value)
        return self

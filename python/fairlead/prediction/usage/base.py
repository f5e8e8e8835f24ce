"""What recommenders share: reading usage, telling keys apart, answering as a frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from fairlead.errors import InvalidInputError
from fairlead.parameters import Parametrised
from fairlead.prediction.usage.frames import RESOURCES, Keys, Use, read_usage
from fairlead.tables import to_native_like, without_columns

__all__ = ["Recommender"]

# Requests below these are not made: of a Kubernetes pod 25 millicores and 250 MiB.
_MINIMUM = {"cpus": 0.025, "memory_gib": 250 / 1024}


class Recommender(Parametrised, ABC):
    """Reading usage, telling keys apart and answering as a frame; the rule is the subclass's."""

    by: str
    minimum: Mapping[str, float] | None

    def fit(self, usage: Any) -> Self:
        """Learn from a usage frame, forgetting everything before.

        Parameters
        ----------
        usage : pandas, Polars or Arrow frame
            The key column `by`, ``time`` (datetime or s), and in any of ``cpus`` (cores),
            ``memory_gib``, ``gpus`` (busy devices) and ``gpu_memory_gib`` (GiB) what was in use
            then; missing: not sampled. Rows in any order.

        Returns
        -------
        self

        Raises
        ------
        InvalidInputError
            A column is missing, or a value is missing, negative or infinite; names the row.
        """
        self._forget()
        return self.partial_fit(usage)

    def partial_fit(self, usage: Any) -> Self:
        """Learn from more usage, later than what is known of each key; as `fit`."""
        if not hasattr(self, "keys_"):
            self._forget()
        read = read_usage(usage, self.by, self._member(), self.keys_)
        self._like = without_columns(usage)
        self._observe(read)
        return self

    def recommend(self) -> Any:
        """What to ask for.

        Returns
        -------
        DataFrame of the library of the usage
            One row a key and resource that was sampled: the key column, ``resource``, ``target``,
            ``lower``, ``upper`` (in the unit of the resource), ``samples``.

        Raises
        ------
        InvalidInputError
            Nothing was learnt yet.
        """
        if not getattr(self, "banks_", None):
            raise InvalidInputError("there is no usage yet; call fit first")
        names = self.keys_.names()
        parts: dict[str, list[Any]] = {
            name: [] for name in (self.by, "resource", "target", "lower", "upper", "samples")
        }
        for resource, bank in self.banks_.items():
            made = bank.recommend()
            seen = np.flatnonzero(made["samples"] > 0)
            parts[self.by].append(names[seen])
            parts["resource"].append(np.full(len(seen), resource, dtype=object))
            for column in ("target", "lower", "upper"):
                parts[column].append(made[column][seen] / RESOURCES[resource].unit)
            parts["samples"].append(made["samples"][seen])
        columns = {name: np.concatenate(values) for name, values in parts.items()}
        return to_native_like(columns, self._like)

    def _forget(self) -> None:
        self.keys_ = Keys()
        self.banks_: dict[str, Any] = {}

    def _least(self, resource: str) -> float:
        given = _MINIMUM if self.minimum is None else self.minimum
        return float(given.get(resource, 0.0)) * RESOURCES[resource].unit

    def _member(self) -> str | None:
        return None

    def _observe(self, used: dict[str, Use]) -> None:
        for resource, use in used.items():
            if resource not in self.banks_:
                self.banks_[resource] = self._bank(resource)
            self._take(self.banks_[resource], use)

    @abstractmethod
    def _bank(self, resource: str) -> Any:
        """A recommender of the core for one resource."""

    def _take(self, bank: Any, use: Use) -> None:
        """Give the samples of one resource to its bank."""
        bank.resize(len(self.keys_))
        bank.observe(use.key, use.time_ns, use.value)

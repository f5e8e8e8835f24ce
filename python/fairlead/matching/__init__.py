"""Matching: which node takes which task, and the scores that say which would be best."""

from __future__ import annotations

from fairlead.matching.balance import least_loaded
from fairlead.matching.devices import CudaInfo, cuda_info
from fairlead.matching.learned import LearnedMatcher
from fairlead.matching.matches import MatchResult, match
from fairlead.matching.scores import ScoreResult, score

__all__ = [
    "CudaInfo",
    "LearnedMatcher",
    "MatchResult",
    "ScoreResult",
    "cuda_info",
    "least_loaded",
    "match",
    "score",
]

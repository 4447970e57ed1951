"""Events with the fields that the library's classes have."""
from dataclasses import dataclass
from typing import List


class DpEvent:
    pass


@dataclass(frozen=True)
class GaussianDpEvent(DpEvent):
    noise_multiplier: float


@dataclass(frozen=True)
class PoissonSampledDpEvent(DpEvent):
    sampling_probability: float
    event: DpEvent


@dataclass(frozen=True)
class SelfComposedDpEvent(DpEvent):
    event: DpEvent
    count: int


@dataclass(frozen=True)
class ComposedDpEvent(DpEvent):
    events: List[DpEvent]

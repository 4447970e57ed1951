"""Renyi differential privacy at integer orders.

Gaussian: order / (2 z^2) (Mironov 2017). Poisson sampled Gaussian at integer orders: Mironov, Talwar, Zhang 2019, section 3.3.
Conversion to (epsilon, delta): Canonne, Kamath, Steinke 2020, proposition 12.
"""
import math

from . import dp_event
from .privacy_accountant import NeighboringRelation


def _sampled(q, z, order):
    terms = [
        math.lgamma(order + 1) - math.lgamma(k + 1) - math.lgamma(order - k + 1)
        + (order - k) * math.log1p(-q) + k * math.log(q) + k * (k - 1) / (2 * z * z)
        for k in range(order + 1)
    ]
    most = max(terms)
    return (most + math.log(sum(math.exp(term - most) for term in terms))) / (order - 1)


class RdpAccountant:
    def __init__(self, orders=None, neighboring_relation=NeighboringRelation.ADD_OR_REMOVE_ONE):
        if orders is None or any(order != int(order) or order < 2 for order in orders):
            raise NotImplementedError("this stand-in knows integer orders from 2")
        if not isinstance(neighboring_relation, NeighboringRelation):
            raise TypeError("neighboring_relation is a NeighboringRelation")
        self._relation = neighboring_relation
        self._rdp = {int(order): 0.0 for order in orders}

    def compose(self, event, count=1):
        if not isinstance(event, dp_event.DpEvent):
            raise TypeError(f"event is a DpEvent, not {type(event)}")
        if not isinstance(count, int) or count < 1:
            raise ValueError("count is a whole number above 0")
        if isinstance(event, dp_event.ComposedDpEvent):
            for each in event.events:
                self.compose(each, count)
        elif isinstance(event, dp_event.SelfComposedDpEvent):
            self.compose(event.event, event.count * count)
        else:
            self._add(event, count)
        return self

    def _add(self, event, count):
        q, gaussian = 1.0, event
        if isinstance(event, dp_event.PoissonSampledDpEvent):
            if self._relation is NeighboringRelation.REPLACE_ONE:
                raise ValueError("sampled events are not for REPLACE_ONE")
            q, gaussian = event.sampling_probability, event.event
        if not isinstance(gaussian, dp_event.GaussianDpEvent) or not 0 < q <= 1:
            raise ValueError(f"unsupported event {event}")
        z = gaussian.noise_multiplier
        for order in self._rdp:
            self._rdp[order] += count * (order / (2 * z * z) if q == 1 else _sampled(q, z, order))

    def get_epsilon(self, target_delta):
        return max(0.0, min(
            rdp + math.log1p(-1 / order) - math.log(target_delta * order) / (order - 1)
            for order, rdp in self._rdp.items()
        ))

"""Queues with exact answers: what a simulation of the same queue must agree with.

Notation: c servers (beds), arrivals and service rates per day, offered load a = arrivals / service rate (the mean
number being served if nobody ever waited), utilisation rho = a / c. Waits are from asking to a bed, in days. Formulas
that need rho below 1 raise ValueError otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Queue:
    """A queue in its steady state: share of people who wait, mean days waited by all, mean number waiting."""

    share_waiting: float
    wait: float
    waiting: float


@dataclass(frozen=True)
class Limited:
    """A queue with room for some: share turned away, and share waiting and mean wait of those who come in."""

    share_lost: float
    share_waiting: float
    wait: float
    waiting: float


def erlang_b(servers: int, load: float) -> float:
    """Share of people turned away by c beds without room to wait (M/G/c/c; Erlang 1917).

    By the recursion B(c) = a B(c-1) / (c + a B(c-1)), which neither overflows nor cancels (Jagerman 1974).
    """
    _check(servers, load)
    lost = 1.0
    for c in range(1, servers + 1):
        lost = load * lost / (c + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of people who wait at c beds with room for all (M/M/c; Erlang 1917): B / (1 - rho (1 - B))."""
    lost, rho = erlang_b(servers, load), _below_one(servers, load)
    return lost / (1.0 - rho * (1.0 - lost))


def mmc(servers: int, arrivals: float, service: float) -> Queue:
    """M/M/c: Wq = C / (c mu - lambda), Lq = lambda Wq (Gross and others 2008, section 3.3)."""
    share = erlang_c(servers, arrivals / service)
    wait = share / (servers * service - arrivals)
    return Queue(share, wait, arrivals * wait)


def mmck(servers: int, places: int, arrivals: float, service: float) -> Limited:
    """M/M/c/K: K places in all, c of them beds (Gross and others 2008, section 3.5).

    Probabilities of n people are proportional to a^n / n! up to c, then to rho^(n - c) times that at c; from the
    largest on, so that none overflows. Any utilisation has a steady state.
    """
    load = arrivals / service
    _check(servers, load)
    if places < servers:
        raise ValueError("places must hold at least the servers")
    weights = [1.0]
    for n in range(1, places + 1):
        weights.append(weights[-1] * load / min(n, servers))
        if weights[-1] > 1e250:
            weights = [w * 1e-250 for w in weights]
    total = sum(weights)
    lost = weights[-1] / total
    waiting = sum((n - servers) * w for n, w in enumerate(weights) if n > servers) / total
    come_in = arrivals * (1.0 - lost)
    return Limited(lost, sum(weights[servers:places]) / total / (1.0 - lost), waiting / come_in, waiting)


def pollaczek_khinchine(arrivals: float, mean: float, sd: float) -> float:
    """Mean wait at one bed with any distribution of stays (M/G/1; Pollaczek 1930, Khinchine 1932).

    Wq = lambda E[S^2] / (2 (1 - rho)) with E[S^2] = mean^2 + sd^2.
    """
    rho = _below_one(1, arrivals * mean)
    return arrivals * (mean**2 + sd**2) / (2.0 * (1.0 - rho))


def poisson_tail(mean: float, more_than: int) -> float:
    """Chance that more than so many are in bed where none is turned away: M/G/infinity is Poisson (Palm 1943)."""
    from scipy.special import pdtrc

    return float(pdtrc(more_than, mean))


def priority_waits(servers: int, arrivals: Sequence[float], service: float) -> list[float]:
    """Mean wait of each class at M/M/c where the first class goes first and nobody is put out of a bed.

    W_k = W_0 / ((1 - sigma_(k-1)) (1 - sigma_k)), sigma_k = (lambda_1 + ... + lambda_k) / (c mu), W_0 = C / (c mu)
    (Cobham 1954; Kella and Yechiali 1985). All classes have the same service rate.
    """
    full = servers * service
    share = erlang_c(servers, sum(arrivals) / service)
    out, before = [], 0.0
    for rate in arrivals:
        sigma = before + rate / full
        out.append(share / full / ((1.0 - before) * (1.0 - sigma)))
        before = sigma
    return out


def _check(servers: int, load: float) -> None:
    if servers < 1 or not load >= 0.0:
        raise ValueError("a queue needs at least one server and a load that is not negative")


def _below_one(servers: int, load: float) -> float:
    _check(servers, load)
    if not load < servers:
        raise ValueError(f"the queue grows without end: utilisation {load / servers:g} is not below 1")
    return load / servers

"""Cycles in a graph of names: one for each tangle, as a person would walk it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def cycles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Disjoint cycles (each a list of names without the first repeated at the end); empty when there are none.

    Every tangle of names that can reach one another gives one cycle at least. Works without recursion, so that a
    chain of any length does.
    """
    state: dict[str, int] = {}  # 1: on the way that is being walked; 2: done
    found: list[list[str]] = []
    for start in edges:
        if start in state:
            continue
        way: list[str] = [start]
        state[start] = 1
        ahead = [iter(edges.get(start, ()))]
        while ahead:
            name = next(ahead[-1], None)
            if name is None:
                ahead.pop()
                state[way.pop()] = 2
            elif name not in state:
                state[name] = 1
                way.append(name)
                ahead.append(iter(edges.get(name, ())))
            elif state[name] == 1:
                loop = way[way.index(name) :]
                if not any(set(loop) & set(other) for other in found):
                    found.append(loop)
    return found


def walked(cycle: Sequence[str]) -> str:
    """A cycle in words: `a -> b -> a`."""
    names = [*cycle, cycle[0]]
    return " -> ".join(names if len(names) <= 9 else [*names[:7], "...", names[-1]])

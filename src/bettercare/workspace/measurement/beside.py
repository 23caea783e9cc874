"""Answers that take seconds: worked out beside the requests, one at a time, and the last of them kept."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from bettercare import Problems, UsageError
from bettercare.workspace import memory

MOST = 24


@dataclass(frozen=True)
class Kept:
    """Something that is worked out beside the requests. `state` is none, working, ready or failed."""

    state: str
    value: Any = None
    why: str = ""


NONE, WORKING = Kept("none"), Kept("working")
_kept: OrderedDict[Hashable, Kept] = OrderedDict()
_lock = threading.Lock()
_turn = threading.Lock()  # one at a time: each needs a core and 100 MB


def beside(key: Hashable, work: Callable[[], Any]) -> Kept:
    """What is kept under a key; where nothing is, starts a thread that works it out."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        while len(_kept) >= MOST:
            _kept.popitem(last=False)
        _kept[key] = WORKING
    threading.Thread(target=_work, args=(key, work), daemon=True, name="beside").start()
    return WORKING


def here(key: Hashable, work: Callable[[], Any]) -> Kept:
    """What is kept under a key, or else worked out now: for work that needs another's result."""
    with _lock:
        kept = _kept.get(key, WORKING)
    if kept is WORKING:
        kept = _made(work)
        with _lock:
            _kept[key] = kept
    return kept


def forget() -> None:
    """Drop what is kept."""
    with _lock:
        _kept.clear()


def _work(key: Hashable, work: Callable[[], Any]) -> None:
    with _turn:
        here(key, work)  # what came before in the queue may have needed the same
    memory.give_back()


def _made(work: Callable[[], Any]) -> Kept:
    try:
        return Kept("ready", work())
    except UsageError as error:
        return Kept("failed", why=str(error))
    except Problems as problems:
        return Kept("failed", why=" ".join(str(p) for p in problems.items[:5]))
    except Exception:  # a page must not fail because its figures do
        logging.getLogger(__name__).exception("a figure could not be worked out")
        return Kept("failed", why="It could not be worked out. The server's log says why.")

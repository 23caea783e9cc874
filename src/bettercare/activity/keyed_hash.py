"""HMAC-SHA256 of a whole column at once.

Python's `hmac` takes some microseconds a value, most of it in calling it; a register of people needs fourteen values a
person. Here the same function runs over 64 values side by side, so that the processor works on several in one
instruction. The two halves of the key are prepared once. The tests hold it against Python's `hmac` on random input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Words = NDArray[np.uint32]
Bytes = NDArray[np.uint8]
Whole = NDArray[np.int64]
Known = NDArray[np.bool_]

LANES = 64  # values side by side
BLOCK = 64  # bytes that SHA-256 takes in one step
HEX = 32  # letters of a token: the first 128 bits of the HMAC


def _compiled(function: Callable[..., Any]) -> Any:
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    made: Any = njit(**options)(function)
    return made


def _cube_root(value: int) -> int:
    root: int = round(value ** (1 / 3))
    while root**3 > value:
        root -= 1
    while (root + 1) ** 3 <= value:
        root += 1
    return root


_PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, isqrt(n) + 1))]
_MASK = 0xFFFFFFFF
# SHA-256's own numbers: the first 32 bits of the fractions of cube roots and square roots of the first primes.
ROUND_NUMBERS = np.array([_cube_root(p << 96) & _MASK for p in _PRIMES[:64]], dtype=np.uint32)
START = np.array([isqrt(p << 64) & _MASK for p in _PRIMES[:8]], dtype=np.uint32)
U = np.uint32
U8 = np.uint64
SLACK = 8  # bytes copied at once; that many stand behind all texts, so that the last may be copied too
PAIRS = np.frombuffer(bytes(range(256)).hex().encode(), dtype=np.uint8)  # each byte as two letters
MARK = ord("|")


@_compiled
def _turn(x: Any, bits: Any) -> Any:
    return U(U(x >> U(bits)) | U(x << U(32 - bits)))


@_compiled
def _schedule(w: Words, at: int) -> None:
    for i in range(at, at + LANES):
        x = w[i - 15 * LANES]
        y = w[i - 2 * LANES]
        early = _turn(x, 7) ^ _turn(x, 18) ^ U(x >> U(3))
        late = _turn(y, 17) ^ _turn(y, 19) ^ U(y >> U(10))
        w[i] = U(w[i - 16 * LANES] + w[i - 7 * LANES] + early + late)


@_compiled
def _round(a_: Words, e_: Words, w: Words, at: int, number: Any) -> None:
    # The eight words of SHA-256 are the last four of two sequences, so nothing has to be moved from place to place.
    for i in range(at, at + LANES):
        e = e_[i + 3 * LANES]
        f = e_[i + 2 * LANES]
        g = e_[i + LANES]
        a = a_[i + 3 * LANES]
        b = a_[i + 2 * LANES]
        c = a_[i + LANES]
        first = U(e_[i] + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + ((e & f) ^ (~e & g)) + number + w[i])
        second = U((_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
        e_[i + 4 * LANES] = U(a_[i] + first)
        a_[i + 4 * LANES] = U(first + second)


@_compiled
def _compress(state: Words, w: Words, a: Words, e: Words, numbers: Words, blocks: Whole, step: int) -> None:
    """One step of SHA-256 in all lanes; those that have fewer blocks than `step` keep their state."""
    for row in range(4):
        for lane in range(LANES):
            a[row * LANES + lane] = state[(3 - row) * LANES + lane]
            e[row * LANES + lane] = state[(7 - row) * LANES + lane]
    for t in range(16, 64):
        _schedule(w, t * LANES)
    for t in range(64):
        _round(a, e, w, t * LANES, numbers[t])
    for row in range(4):
        for lane in range(LANES):
            if step < blocks[lane]:
                state[(3 - row) * LANES + lane] += a[(64 + row) * LANES + lane]
                state[(7 - row) * LANES + lane] += e[(64 + row) * LANES + lane]


@_compiled
def _load(w: Words, lane: int, data: Words, at: int) -> None:
    """A block into a lane. SHA-256 has the first byte of a word as its highest."""
    for word in range(16):
        x = data[at + word]
        swapped = (x >> U(24)) | ((x >> U(8)) & U(0xFF00)) | ((x & U(0xFF00)) << U(8)) | (x << U(24))
        w[word * LANES + lane] = U(swapped)


@_compiled
def _hmac(
    data: Words, starts: Whole, counts: Whole, inner: Words, outer: Words, numbers: Words,
    room: tuple[Words, Words, Words, Words], blocks: Whole, out: Words,
) -> None:  # fmt: skip
    """The first four words of the HMAC of each text into `out`, four to a text."""
    w, a, e, state = room
    for first in range(0, len(starts), LANES):
        used = min(LANES, len(starts) - first)
        most = 0
        for lane in range(LANES):
            blocks[lane] = counts[first + lane] if lane < used else 0
            most = max(most, blocks[lane])
            for row in range(8):
                state[row * LANES + lane] = inner[row]
        for step in range(most):
            for lane in range(used):
                if step < blocks[lane]:
                    _load(w, lane, data, (starts[first + lane] + step) * 16)
            _compress(state, w, a, e, numbers, blocks, step)
        for lane in range(LANES):
            for row in range(8):
                w[row * LANES + lane] = state[row * LANES + lane]
                state[row * LANES + lane] = outer[row]
                w[(row + 8) * LANES + lane] = U(0)
            w[8 * LANES + lane] = U(0x80000000)
            w[15 * LANES + lane] = U((BLOCK + 32) * 8)
        _compress(state, w, a, e, numbers, blocks, 0)
        for lane in range(used):
            for row in range(4):
                out[(first + lane) * 4 + row] = state[row * LANES + lane]


@_compiled
def _copied(source: Bytes, start: int, length: int, out: Bytes, at: int) -> int:
    """Where the text ends in `out`. Eight bytes go at once: what is behind the end is to be written over."""
    for i in range(0, length, SLACK):
        s, o = U8(start + i), U8(at + i)  # without a sign, so that no index is looked at for counting from the end
        a, b, c, d = source[s], source[s + U8(1)], source[s + U8(2)], source[s + U8(3)]
        e, f, g, h = source[s + U8(4)], source[s + U8(5)], source[s + U8(6)], source[s + U8(7)]
        out[o], out[o + U8(1)], out[o + U8(2)], out[o + U8(3)] = a, b, c, d
        out[o + U8(4)], out[o + U8(5)], out[o + U8(6)], out[o + U8(7)] = e, f, g, h
    return at + length


@_compiled
def _append(data: Bytes, at: Whole, counts: Whole, source: Bytes, starts: Whole, lengths: Whole, mark: int) -> None:
    """A part behind what each text has so far, and a mark behind it (none where it is 0)."""
    for i in range(len(at)):
        if counts[i]:
            end = _copied(source, starts[i], lengths[i], data, at[i])
            if mark:
                data[end] = mark
                end += 1
            at[i] = end


@_compiled
def _pad(data: Bytes, at: Whole, starts: Whole, counts: Whole) -> None:
    """What SHA-256 wants behind a text: a bit that says that it ends, and how long it is with the key before it."""
    for i in range(len(at)):
        if counts[i]:
            data[at[i]] = 128
            for byte in range(1, SLACK):
                data[at[i] + byte] = 0
            bits = (at[i] - starts[i] * BLOCK + BLOCK) * 8
            end = (starts[i] + counts[i]) * BLOCK
            for byte in range(8):
                data[end - 1 - byte] = (bits >> (8 * byte)) & 255


@_compiled
def _hex(words: Words, row: int, pairs: Bytes, out: Bytes, at: int) -> int:
    for place in range(4):
        word = words[row * 4 + place]
        for byte in range(4):
            pair = 2 * int((word >> U(24 - 8 * byte)) & U(255))
            out[at] = pairs[pair]
            out[at + 1] = pairs[pair + 1]
            at += 2
    return at


@_compiled
def _lines(
    words: Words, known: Known, columns: int, keep: Known, pairs: Bytes,
    middle: tuple[Bytes, Whole, Whole], rest: tuple[Bytes, Whole, Whole], out: Bytes,
) -> int:  # fmt: skip
    """Lines of a CSV: the first token, `middle`, the other tokens, `rest`. How much was written."""
    at = 0
    size = len(keep)
    for i in range(size):
        if not keep[i]:
            continue
        for column in range(columns):
            if known[column * size + i]:
                at = _hex(words, column * size + i, pairs, out, at)
            if column == 0:
                at = _copied(middle[0], middle[1][i], middle[2][i], out, at)
            if column < columns - 1:
                out[at] = 44
                at += 1
        at = _copied(rest[0], rest[1][i], rest[2][i], out, at)
        out[at] = 10
        at += 1
    return at


def _after_key(key: bytes, pad: int) -> Words:
    """The state of SHA-256 after it has taken in the key's block. `hashlib` does not show it, so it is worked out."""
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    words = np.frombuffer(bytes(byte ^ pad for byte in padded), dtype=">u4").astype(np.uint32)
    w, a, e, state, blocks = _room()
    for row in range(16):
        w[row * LANES] = words[row]
    for row in range(8):
        state[row * LANES] = START[row]
    blocks[0] = 1
    _compress(state, w, a, e, ROUND_NUMBERS, blocks, 0)
    return state[::LANES].copy()


def _room() -> tuple[Words, Words, Words, Words, Whole]:
    w, a, e, state = (np.zeros(rows * LANES, dtype=np.uint32) for rows in (64, 68, 68, 8))
    return w, a, e, state, np.zeros(LANES, dtype=np.int64)


@dataclass(frozen=True)
class Texts:
    """A column of texts as bytes: where each begins, and how long it is (-1 where it is missing)."""

    data: Bytes
    starts: Whole
    lengths: Whole

    def head(self, letters: int) -> Texts:
        """The first so many letters of plain ones, or all but the last; nothing is copied."""
        short = np.minimum(self.lengths, letters) if letters >= 0 else np.maximum(self.lengths + letters, 0)
        return Texts(self.data, self.starts, np.where(self.lengths < 0, -1, short))


@dataclass(frozen=True)
class Padded:
    """Texts as SHA-256 takes them, in whole blocks: which is the first of each, and how many (0 where missing)."""

    data: Words
    starts: Whole
    counts: Whole


def texts(column: pl.Series) -> Texts:
    """A text column as bytes."""
    filled = column.fill_null("")
    lengths = filled.str.len_bytes().to_numpy().astype(np.int64)
    data = np.frombuffer(((filled.str.join("").item() or "") + "\0" * SLACK).encode(), dtype=np.uint8)
    starts = np.cumsum(lengths) - lengths
    if column.null_count():
        lengths[column.is_null().to_numpy()] = -1
    return Texts(data, starts, lengths)


def blank(size: int) -> Texts:
    """A column of so many empty texts."""
    return Texts(np.zeros(0, np.uint8), np.zeros(size, np.int64), np.zeros(size, np.int64))


def joined(before: str, parts: Sequence[Texts]) -> Padded:
    """The parts with `|` between them, after a text that is the same for all; missing where a part is."""
    front = np.frombuffer((before + "\0" * SLACK).encode(), dtype=np.uint8)
    size, ahead = len(parts[0].lengths), len(front) - SLACK
    known = np.logical_and.reduce([part.lengths >= 0 for part in parts])
    lengths = sum(part.lengths for part in parts) + (ahead + len(parts) - 1)
    counts = np.where(known, (lengths + 8) // BLOCK + 1, 0).astype(np.int64)
    starts = np.cumsum(counts) - counts
    data, at = np.zeros(int(counts.sum()) * BLOCK, dtype=np.uint8), starts * BLOCK
    _append(data, at, counts, front, np.zeros(size, np.int64), np.full(size, ahead), 0)
    for place, part in enumerate(parts, 1):
        _append(data, at, counts, part.data, part.starts, part.lengths, 0 if place == len(parts) else MARK)
    _pad(data, at, starts, counts)
    return Padded(data.view(np.uint32), starts, counts)


def hashed(padded: Padded, key: bytes) -> Words:
    """The first 128 bits of the HMAC-SHA256 of each text, as four numbers a row; of a missing text, of no use."""
    out = np.empty(4 * len(padded.counts), dtype=np.uint32)
    w, a, e, state, blocks = _room()
    inner, outer = _after_key(key, 0x36), _after_key(key, 0x5C)
    _hmac(padded.data, padded.starts, padded.counts, inner, outer, ROUND_NUMBERS, (w, a, e, state), blocks, out)
    return out.reshape(-1, 4)


def lines(made: Sequence[Words], known: Sequence[Known], keep: Known, middle: Texts, rest: Texts) -> memoryview:
    """Lines of a CSV of the rows to keep: the first token, `middle` as it stands, the other tokens, `rest`."""
    size = len(keep) * len(made) * (HEX + 1) + len(middle.data) + len(rest.data) + len(keep) + SLACK
    out = np.empty(size, dtype=np.uint8)
    ends = ((middle.data, middle.starts, middle.lengths), (rest.data, rest.starts, rest.lengths))
    end = _lines(np.concatenate(made).reshape(-1), np.concatenate(known), len(made), keep, PAIRS, *ends, out)
    return out[:end].data


def tokens(column: pl.Series, key: bytes) -> pl.Series:
    """The token of each text: 32 letters of its HMAC-SHA256; null where there is no text."""
    padded = joined("", [texts(column)])
    return as_text(column.name, hashed(padded, key), padded.counts > 0)


def as_text(name: str, made: Words, known: Known) -> pl.Series:
    """Tokens as a text column; null where they are not known."""
    import polars as pl

    none = blank(len(known))
    data = lines([made], [known], np.ones(len(known), np.bool_), none, none)
    found = pl.Series(name, [str(data[: max(len(data) - 1, 0)], "ascii")]).str.split("\n").explode()
    return found.head(len(known)).set(pl.Series(~known), None)


def numbers(column: pl.Series, key: bytes) -> pl.Series:
    """The first 64 bits of each text's HMAC-SHA256 as a whole number; null where there is no text."""
    import polars as pl

    found = first_64(hashed(joined("", [texts(column)]), key))
    return pl.Series(column.name, found).set(column.is_null(), None)


def first_64(made: Words) -> NDArray[np.uint64]:
    """The first 64 bits of each token as a whole number."""
    pairs = made[:, :2].astype(np.uint64)
    return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

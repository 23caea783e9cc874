"""The custodian's key: 32 random bytes in a file that only its owner may read, for one purpose only.

Tokens that were made for two purposes must have nothing in common, or the feeds of one could be joined to those of the
other. So the file names its purpose, and is refused for another.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from bettercare.foundation.problems import UsageError, command, shown

BYTES = 32
FOR = "purpose "  # begins the second line of the file
_HEX = re.compile(rf"[0-9a-f]{{{2 * BYTES}}}", re.ASCII)


def new(path: str | Path, purpose: str) -> None:
    """Make a key file. One that is there already is left alone: without it, its tokens could never be made again."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        hint = "Leave --new-key out to use it, or name another file."
        raise UsageError(f"{shown(path)} is there already and was not changed. {hint}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(BYTES)}\n{FOR}{purpose}\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: str | Path, purpose: str) -> bytes:
    """The key. Refused when it is no key, is for another purpose, or when others on the machine may read it."""
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text, _, rest = file.read(10 * BYTES).decode("ascii", errors="replace").strip().partition("\n")
    except FileNotFoundError:
        hint = f"`{command('tokenise', '--new-key', '--key-file', path)}` makes one."
        raise UsageError(f"There is no key file {shown(path)}. {hint}") from None
    if os.name == "posix" and mode & 0o077:
        raise UsageError(f"{shown(path)} may be read by others on this machine. Run `chmod 600 {path}` and try again.")
    if not _HEX.fullmatch(text) or len(set(text)) < 6:
        hint = f"A key is {2 * BYTES} random hexadecimal digits; --new-key makes one."
        raise UsageError(f"{shown(path)} holds no key that is strong enough. {hint}")
    if rest and rest != FOR + purpose:
        hint = "Use a key of its own for each purpose; --new-key makes one."
        raise UsageError(f"{shown(path)} was made for another purpose than {shown(purpose)}. {hint}")
    return bytes.fromhex(text)


def fingerprint(key: bytes) -> str:
    """Eight digits by which two organisations see that they used the same key. They do not lead back to it."""
    return hashlib.sha256(key).hexdigest()[:8]

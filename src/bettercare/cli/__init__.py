"""`bettercare ...`: runs a command of `commands` and turns what goes wrong into a sentence and an exit code.

Exit codes: 0, fine; 1, the plan has problems or the audit trail does not hold; 2, wrong use; 130, stopped by Ctrl-C.
Nothing heavy is imported before `main` begins, so that Ctrl-C has its answer from the first moment.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

STOPPED = 130  # by convention, 128 and the number of the signal
WRITING = ("new", "run", "simulate", "triangulate", "export", "import", "paper", "synth")
# What a command that is stopped leaves behind. Of the others: nothing was written.
SAID = {
    **dict.fromkeys(WRITING, "Nothing more was written."),
    "feed": "A feed that was not finished does not count; the others do.",
    "serve": "The workspace keeps what was saved in it.",
    "invite": "If no link was shown, invite again.",
}
CLEAR_LINE_AND_SHOW_CURSOR = b"\r\x1b[K\x1b[?25h"  # a progress bar may stand there, and hides it


def main() -> None:
    """Run the command line. What a person got wrong is a sentence, never a traceback."""
    with _answering_ctrl_c():
        _run()


def _run() -> None:
    from bettercare.cli.commands import app
    from bettercare.foundation.problems import Problems, UsageError, command

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may not know every character that a plan holds
    try:
        app(prog_name=command(), complete_var="_BETTERCARE_COMPLETE")
    except Problems as problems:
        print(problems, file=sys.stderr)
        sys.exit(1)
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        subject = f"{error.filename} cannot be used: " if error.filename else ""  # it may be no file at all
        print(f"{subject}{error.strerror or error}.", file=sys.stderr)
        sys.exit(2)


@contextmanager
def _answering_ctrl_c() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # who starts the program may have chosen that Ctrl-C does nothing
        with suppress(ValueError):  # in a thread, where a program that calls `main` keeps its own answer
            signal.signal(signal.SIGINT, _stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _stop:
            signal.signal(signal.SIGINT, before)


def _stop(*_: object) -> None:
    """End at once with a line. Python would wait first for every thread that still computes."""
    # Files are written in one piece each, and no signal is answered within one.
    said = SAID.get("".join(sys.argv[1:2]), "Nothing was written.")
    with suppress(OSError):
        for stream in (1, 2):
            if os.isatty(stream):
                os.write(stream, CLEAR_LINE_AND_SHOW_CURSOR)
        os.write(2, f"Stopped. {said}\n".encode())
    os._exit(STOPPED)


def __getattr__(name: str) -> Any:
    if name == "app":  # imported when it is asked for, like the names of the package
        from bettercare.cli.commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

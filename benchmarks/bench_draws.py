"""10,000 draws of one scenario: seconds and peak memory, in a process of its own."""

from __future__ import annotations

import json
import sys

from timing import finish, peak_mib, report, run, seconds

DRAWS = 10_000


def inside() -> None:
    """What the fresh process does: read the plan, then time the forecast alone."""
    import bettercare

    plan = bettercare.read_plan("llr")
    took = seconds(lambda: bettercare.forecast(plan, [plan.settings.main], draws=DRAWS))
    print(json.dumps({"scenario": plan.settings.main, "seconds": took, "peak_mib": peak_mib()}))


def main() -> None:
    """Run the fresh process and compare with the limits."""
    answer = json.loads(run([sys.executable, __file__, "inside"]))
    what = f"{DRAWS:,} draws of {answer['scenario']}"
    finish(
        report(what, answer["seconds"], 5.0),
        report("peak memory, Python and libraries included", answer["peak_mib"], 1536.0, "MiB"),
    )


if __name__ == "__main__":
    inside() if "inside" in sys.argv else main()

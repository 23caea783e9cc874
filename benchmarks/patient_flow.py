"""The simulation of patient flow: speed against SimPy and Ciw on one hospital, in one process and on one thread.

Processor time of the whole run, luck included, after compilation; an event is an arrival or the end of a treatment.
All keep the same statistics (see `peers.py`). Ciw, the slowest, is given fewer days; events a second is what counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bettercare.engines.simulate.arrays import READY
from bettercare.engines.simulate.run import Simulation
from peers import LARGE, NAMES, Seen, network, people, seen, with_ciw, with_simpy
from timing import finish, peak_mib, report, run, seconds

DAYS, CIW_DAYS, WARM_UP = 365.0, 45.0, 65.0
AGAINST_SIMPY, AGAINST_CIW = 80.0, 300.0
SYSTEM_SECONDS, SYSTEM_MIB = 10.0, 1024.0


def processor_seconds(work: Callable[[], Seen]) -> tuple[float, Seen]:
    """Processor time of this process (one thread works at a time), and what was counted."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def hospital() -> tuple[bool, bool]:
    """Million events a second of each engine, and ours against the others."""
    simulation = Simulation(network(LARGE), DAYS, WARM_UP, tick=DAYS)
    ((logged,),) = simulation.run(1, threads=1, log=True)  # compiles, and counts the events
    events = simulation.trace(0)[0].size + int((logged.log.what == READY).sum())

    engines: dict[str, Callable[[], Seen]] = {
        "ours": lambda: seen(simulation.run(1, threads=1)[0][0], events),
        "SimPy": lambda: with_simpy(LARGE, DAYS, WARM_UP, people(LARGE, 1)),
        "Ciw": lambda: with_ciw(LARGE, CIW_DAYS, WARM_UP, 1),
    }
    speed, figures = dict.fromkeys(engines, 0.0), {}
    # The machine's speed drifts: all engines in turn, several times, and the best of each.
    for name in ("ours", "SimPy", "ours", "Ciw", "ours", "SimPy", "ours", "ours"):
        took, found = processor_seconds(engines[name])
        speed[name] = max(speed[name], found.events / took / 1e6)
        figures[name] = found.figures()
    for name, value in speed.items():
        print(f"{name:<58} {value:10.3f} million events a second of processor time")
    for figure in ("mean beds taken", "mean waiting", "mean ready to leave"):
        for k, place in enumerate(NAMES):
            values = "  ".join(f"{name} {figures[name][figure][k]:8.2f}" for name in engines)
            print(f"{figure + ', ' + place:<58} {values}")
    return (
        report("events a second against SimPy", speed["ours"] / speed["SimPy"], AGAINST_SIMPY, "times", at_least=True),
        report("events a second against Ciw", speed["ours"] / speed["Ciw"], AGAINST_CIW, "times", at_least=True),
    )


def system_year() -> tuple[bool, ...]:
    """The worked example's year, 30 replications on two threads, in a process of its own after compilation."""
    code = "import sys; sys.path.insert(0, 'benchmarks'); from patient_flow import run_the_system; run_the_system()"
    took, memory, movements = (float(x) for x in run([sys.executable, "-c", code]).split())
    print(f"{'movements of people in one replication':<58} {movements:10,.0f}")
    return (
        report("the worked example, one year, 30 replications", took, SYSTEM_SECONDS),
        report("peak memory, Python and libraries included", memory, SYSTEM_MIB, "MiB"),
    )


def run_the_system() -> None:
    """Print the seconds of 30 replications, the peak memory in MiB and the movements in one replication."""
    from bettercare import read_plan
    from bettercare.engines.forecast.expected import expected_activity
    from bettercare.engines.simulate.from_plan import network_of

    plan = read_plan("llr").under("two-acute-sites")
    found = expected_activity(plan, "2018/19")
    simulation = Simulation(network_of(plan, "2018/19", found.activity, found.dispersion), seed=1)
    simulation.run(1)  # compiles, or loads what was compiled
    took = seconds(lambda: simulation.run(30))
    stations = simulation.run(1)[0][0].stations
    print(took, peak_mib(), float(stations.entered.sum() + stations.left.sum()))


if __name__ == "__main__":
    finish(*hospital(), *system_year())

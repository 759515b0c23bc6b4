"""1,000 cases with 5 raters each, compared by `dingji compare` on two cores: wall time of the whole command, start included.

    python benchmarks/compare.py [--cases 1000] [--processes 2] [--runs 3]

The cases vary the worked dispute of the 2017 paper: deaths, injuries, losses, likelihood, discipline, an official grade, and five
experts who grade around it. The bar is 10 s on two cores.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BAR = 10.0
GRADES = ["I", "II", "III", "IV"]
FACTS = """\
  hazard_category: illegal_construction
  nominal_voltage_kv: {voltage}
  construction_beside_line: true
  large_machine_near_live_line: {machine}
  persons_on_site: {persons}
  hazard_long_lasting: true
  occurrence_frequency: {frequency}
  potential_deaths: {deaths}
  potential_serious_injuries: {serious}
  potential_minor_injuries: 5
  direct_loss_cny: {loss}
  image_reach: {image}
  grid_events: [{{kind: forced_outage, voltage_kv: 500, load_cut_mw: 20}}]
  affected_grids: []
  plant_voltage_events: []
  unit_outages: []
  heating_outages: []
  power_safety_event: false
  equipment_events: []
  information_events: []
  fire_consequence: none
  traffic_consequence: none
  dam_consequence: none
  pollution_consequence: none
  flight_consequence: none
  management_hazard: false
  social_effect: false
"""


def case(number: int, dice: random.Random) -> str:
    """The text of one case file."""
    facts = FACTS.format(
        voltage=dice.choice([220, 330, 500]),
        machine=dice.choice(["true", "false"]),
        persons=dice.randint(1, 40),
        frequency=dice.choice(["monthly", "half_yearly", "yearly"]),
        deaths=dice.choice([0, 0, 0, 1, 2, 3, 5, 10, "unknown"]),
        serious=dice.choice([0, 1, 2, 10]),
        loss=dice.choice([50_000, 150_000, 600_000, 2_000_000]),
        image=dice.choice(["county", "city", "province"]),
    )
    middle = dice.randrange(4)
    given = [GRADES[min(3, max(0, middle + dice.choice([-1, 0, 0, 0, 1])))] for _ in range(5)]
    opinions = "".join(f"  - {{rater: expert-{n}, round: 1, grade: {grade}}}\n" for n, grade in enumerate(given, 1))
    panel = ", ".join(f"expert-{n}" for n in range(1, 6))
    official = dice.choice(["I-major", "II-major", "general", "safety-event"])
    return (
        f"case: generated-{number:04}\nsubject: hazard\nas_of: 2014-07-15\n"
        f"scope: {{sector: electric_power, special_field: none, discipline: {dice.choice(['transmission', 'substation'])}}}\n"
        f"facts:\n{facts}"
        f"survey: {{scale: hazard-level, panel: [{panel}], closed_on: 2014-07-20}}\n"
        f"opinions:\n{opinions}"
        f"official: {{scale: sg-class-2014, grade: {official}, by: county-{number % 7}}}\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    dice = random.Random(2017)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.cases):
            Path(folder, f"{number:04}.yaml").write_text(case(number, dice), "utf-8")
        command = [sys.executable, "-m", "dingji", "compare", folder, "--screen", "--processes", str(options.processes), "--format", "json"]
        times, cpu = [], []
        for run in range(options.runs + 1):
            start, before = time.perf_counter(), children()
            subprocess.run([*command, "-o", str(Path(folder, "out.txt"))], check=True)
            if run:  # the first run fills the knowledge cache
                times.append(time.perf_counter() - start)
                cpu.append(children() - before)
            Path(folder, "out.txt").unlink()
    best, used = min(times), min(cpu)
    print(f"{options.cases} cases x 5 raters, {options.processes} processes")
    print(f"wall: best {best:.1f} s, median {statistics.median(times):.1f} s; processor time of all processes: {used:.1f} s")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; the bar of {BAR:.0f} s is {'met' if best <= BAR else 'missed'}")
    return int(best > BAR)


def children() -> float:
    """Processor seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())

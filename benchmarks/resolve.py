"""A dispute with twelve issues over the whole knowledge base: 4 096 combinations, settled in at most two seconds.

    .venv/bin/python benchmarks/resolve.py

Ten facts of the photovoltaic case, a crosswalk and the method are in dispute. Each run starts from a base without compiled plans;
loading the base and reading the files is not counted, grading the shown rows by both evaluators is told beside it.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import dingji
from dingji.disputes.reader import parse_dispute
from dingji.disputes.settlement import Settlement

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 2.0
RUNS = 5
DISPUTE = """\
dispute: twelve-issues
case: cases/power-grid/photovoltaic-under-500kv.yaml
parties:
  site:
    name: {en: site, zh: 现场}
    claims: {scale: hazard-level, grade: III}
    facts:
      potential_deaths: 2
      potential_serious_injuries: 12
      direct_loss_cny: 100000
      image_reach: county
      persons_on_site: 5
      occurrence_frequency: yearly
      nominal_voltage_kv: 220
      large_machine_near_live_line: false
      construction_beside_line: unknown
      hazard_long_lasting: false
    relies_on: {method: example, profiles: [split-by-value]}
  office:
    name: {en: office, zh: 办公室}
    claims: {scale: hazard-level, grade: II}
"""


def main() -> int:
    base = dingji.load()
    dispute = parse_dispute(DISPUTE, folder=ROOT).check(base)
    times = []
    for _ in range(RUNS):
        fresh = dataclasses.replace(base, plans={})
        start = time.perf_counter()
        settlement = Settlement(dispute, fresh)
        settlement.tree()
        shown = (len(settlement.material), len(settlement.ways), len(settlement.verdicts))
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
        rows = settlement.confirm()
        confirmed = time.perf_counter() - start
    median = sorted(times)[RUNS // 2]
    print(f"{len(dispute.issues)} issues, {settlement.combinations} combinations, {settlement.grid.states} states evaluated")
    print(f"settled in {median:.2f} s (median of {RUNS}; limit {LIMIT:.0f} s); {shown[0]} issues matter")
    print(f"{rows} rows graded again by both evaluators in {confirmed:.2f} s")
    return int(median > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

"""Starts writers one after the other, kills each at a random moment, and holds the folder against what they had acknowledged.

    python killing.py FOLDER ROUNDS SEED

Writers are forked, so that a round costs milliseconds. Prints rounds, acknowledged records, and in how many rounds a file was left
half written.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from audit.samples import codes, report, toy  # noqa: E402
from dingji.audit.canonical import sha256  # noqa: E402
from dingji.audit.chain import append, load_file, name_of  # noqa: E402


def write_on(folder: Path, acknowledged: int, seed: int) -> None:
    """A writer that never stops: each record it got back is told through the pipe, number and digest."""
    number = 0
    while True:
        number += 1
        stored = append(folder, toy(f"round-{seed}-{number}"))
        os.write(acknowledged, f"{stored.number} {stored.digest}\n".encode())


def killed(folder: Path, after: float, seed: int) -> dict[int, str]:
    """What a writer acknowledged before it was killed."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        write_on(folder, theirs, seed)
    os.close(theirs)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(ours, "rb") as stream:
        told = stream.read().decode()
    lines = told.splitlines()
    return {int(number): digest for number, digest in (line.split() for line in lines)}


def main(folder: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    told: dict[int, str] = {}
    halves = 0
    append(folder, toy("the beginning"))  # loads what a writer needs, before the clock starts
    for number in range(rounds):
        told |= killed(folder, chance.uniform(0, 0.04), number)
        halves += (folder / ".pending").exists()
        newest = max(told, default=0)
        if newest:  # no acknowledged record may be lost, from the moment it was told
            assert load_file(folder / name_of(newest)).digest == told[newest]
    append(folder, toy("the end"))
    for number, digest in told.items():
        assert sha256((folder / name_of(number)).read_bytes()) == digest
    found = report(folder)
    assert codes(folder) == set(), found.whole
    assert found.count >= len(told) + 2
    print(rounds, len(told), halves, found.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

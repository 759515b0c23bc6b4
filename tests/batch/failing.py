"""`python tests/batch/failing.py FOLDER batch ...`: the command line, where the first part of every task that reads the input fails
twice before it succeeds; a file in FOLDER tells of each failure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def failing(session: Any, store: Any, folder: Path) -> None:
    """From now on the first part of every task that reads the input fails twice before it succeeds."""
    from pyspark.sql.functions import col, udf

    def broken(key: str) -> bool:
        from pathlib import Path as Place

        from pyspark import TaskContext

        task = TaskContext.get()
        assert task is not None
        if task.partitionId() == 0 and task.attemptNumber() < 2:
            (Place(str(folder)) / f"stage-{task.stageId()}-try-{task.attemptNumber()}").touch()
            raise RuntimeError("the executor lost its disk")
        return True

    frame = session.table(store.source)
    frame.where(udf(broken, "boolean", useArrow=False)(col("case"))).createOrReplaceTempView(store.source)


def main(folder: Path) -> None:
    """The command line, with a store whose input fails."""
    from dingji.batch.stores.spark import SparkStore
    from dingji.cli import main as command

    honest = SparkStore.read

    def read(store: SparkStore, frame: Any) -> None:
        honest(store, frame)
        failing(store.session, store, folder)

    SparkStore.read = read  # type: ignore[method-assign]
    command()


if __name__ == "__main__":
    place = Path(sys.argv.pop(1))
    main(place)

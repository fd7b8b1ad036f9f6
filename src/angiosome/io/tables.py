"""Tables as Parquet, written by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from angiosome.io.atomic import replacing

_SQL_TYPES = {"f": "DOUBLE", "i": "BIGINT", "u": "BIGINT", "b": "BOOLEAN"}


def write_table(file: Path, columns: Mapping[str, Sequence[Any] | np.ndarray]) -> None:
    """Write columns of one length as a Parquet file, whole or not at all."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    select = ", ".join(
        f'CAST("{name}" AS {_SQL_TYPES.get(array.dtype.kind, "VARCHAR")}) AS "{name}"'
        for name, array in arrays.items()
    )
    with replacing(file) as temporary, duckdb.connect() as database:
        database.register("given", arrays)
        # COPY takes no parameters; the column names are ours, and the path is quoted
        target = str(temporary).replace("'", "''")
        database.execute(
            f"COPY (SELECT {select} FROM given) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608 - names are ours, values are bound
        )


def read_table(file: Path) -> dict[str, np.ndarray]:
    """Read a Parquet file as arrays by column."""
    with duckdb.connect() as database:
        return database.execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchnumpy()

"""The commented study file that ``angiosome new`` writes."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from importlib.resources import files
from pathlib import Path
from string import Template

from angiosome.errors import AngiosomeError
from angiosome.study import vocabulary
from angiosome.study.schema import SCHEMA_VERSION


def write_template(file: Path) -> None:
    """Write a commented study to ``file``.

    Raises:
        AngiosomeError: the file exists, or its name makes no id.
    """
    plain = unicodedata.normalize("NFKD", file.stem).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")
    if not name:
        raise AngiosomeError(f"'{file.name}' makes no id; name the file in Latin letters or digits")
    template = files("angiosome.data").joinpath("study_template.yaml").read_text("utf-8")
    text = Template(template).substitute(
        file=file,
        id=name,
        schema=SCHEMA_VERSION,
        organs=", ".join(vocabulary.ORGANS),
        injuries=", ".join(vocabulary.INJURIES),
        species=", ".join(vocabulary.SPECIES),
        cargo_kinds=", ".join(vocabulary.CARGO_KINDS),
        routes=", ".join(vocabulary.ROUTES["heart"]),
        measures="\n#   ".join(textwrap.wrap(", ".join(vocabulary.MEASURES), 94)),
    )
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise AngiosomeError(f"{file} exists; choose another name, or remove it first") from error
    except OSError as error:
        raise AngiosomeError(f"{file}: cannot be written ({error.strerror})") from error

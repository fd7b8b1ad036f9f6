"""Results of the package's own tests, as pytest writes them, for the credibility appendix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from angiosome.errors import AngiosomeError

LARGEST_BYTES = 20_000_000
OUTCOMES = ("passed", "failed", "skipped")


@dataclass(frozen=True)
class TestResults:
    """How many tests passed, failed and were skipped, in all and for each package.

    Attributes:
        packages: package to counts by outcome, in the order of the file.
        when: the start of the tests, as the file says it.
    """

    packages: Mapping[str, Mapping[str, int]]
    when: str

    def count(self, outcome: str) -> int:
        """Tests with this outcome, of all packages."""
        return sum(counts[outcome] for counts in self.packages.values())

    def sentence(self) -> str:
        """The results in a line."""
        told = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in OUTCOMES)
        each = ", ".join(
            f"{name} {counts['passed']}/{sum(counts.values())}"
            for name, counts in self.packages.items()
        )
        return f"{told} ({self.when}). Passed of all, by package: {each}"


def read_test_results(file: Path) -> TestResults:
    """Read what ``pytest --junitxml=FILE`` wrote.

    Raises:
        AngiosomeError: the file cannot be read, or holds no results.
    """
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise AngiosomeError(f"{file} is larger than test results are ({LARGEST_BYTES} bytes)")
        root = Xml.parse(file).getroot()  # noqa: S314 expat bounds what entities expand to
    except (OSError, Xml.ParseError) as error:
        raise AngiosomeError(
            f"{file} holds no test results that can be read ({error}); "
            f"make them with: pytest --junitxml={file}"
        ) from error
    packages: dict[str, Counter[str]] = {}
    for case in root.iter("testcase"):
        words = case.get("classname", "").split(".")
        package = words[1] if len(words) > 2 else "others"
        tags = {child.tag for child in case}
        outcome = "failed" if tags & {"failure", "error"} else "passed"
        outcome = "skipped" if "skipped" in tags else outcome
        packages.setdefault(package, Counter())[outcome] += 1
    if not packages:
        raise AngiosomeError(f"{file} holds no test; make it with: pytest --junitxml={file}")
    suite = next(root.iter("testsuite"), root)
    return TestResults(packages, suite.get("timestamp", "time not said"))

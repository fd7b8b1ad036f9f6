"""One small run that all tests of the page share; its study tries to break out of every place."""

import pytest

from angiosome.evidence import find_study
from angiosome.report.page import write_report
from angiosome.trials.run import Request, finish, start

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


@pytest.fixture(scope="session")
def evil_study():
    study = find_study("gallet-2017")
    arms = tuple(arm.model_copy(update={"label": f"{arm.label} {EVIL}"}) for arm in study.arms)
    product = study.products[0]
    cargo = (*product.cargo, product.cargo[0].model_copy(update={"name": f"miR-{EVIL}"}))
    outcomes = tuple(
        outcome.model_copy(update={"note": EVIL}) if outcome.mean else outcome
        for outcome in study.outcomes
    )
    return study.model_copy(
        update={
            "title": EVIL,
            "arms": arms,
            "outcomes": outcomes,
            "products": (product.model_copy(update={"cell": EVIL, "cargo": cargo}),),
            "source": study.source.model_copy(update={"citation": EVIL}),
        }
    )


@pytest.fixture(scope="session")
def finished(evil_study, tmp_path_factory):
    request = Request("gallet-2017", 24, 1, "well-mixed", 3.0, ())
    return finish(start(request, evil_study, tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="session")
def page(finished):
    return write_report(finished)

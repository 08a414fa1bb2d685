"""schemathesis asks all that the description of the API allows, and judges the answers by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from mdtodo.serve.openapi.document import document
from tests.examples import TIMES

if TYPE_CHECKING:
    from tests.serve.server import Server

pytestmark = pytest.mark.tools

#: Asked in tests of their own: an answer without an end.
ENDLESS = ["/api/v1/events"]
#: Wrong tokens are counted, so that after some of them nothing else would be answered; and what no schema can say (a
#: date, a name that is there) is refused with a sentence.
_NOT_HERE = [ignored_auth, positive_data_acceptance]


schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document()))).exclude(path=ENDLESS)


@schema.parametrize()
@settings(
    max_examples=4 * TIMES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=TIMES == 1
)
@pytest.mark.sample(2)
def test_every_answer_is_as_described(case: Any, described: Server) -> None:
    case.call_and_validate(
        base_url=described.origin,
        headers={"Authorization": f"Bearer {described.token}"},
        excluded_checks=_NOT_HERE,
    )

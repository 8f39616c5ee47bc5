"""The HTTP API keeps to its own description, whatever schemathesis makes up for it."""

from collections.abc import Callable

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Server

CHECKS = [
    *(not_a_server_error, status_code_conformance),
    *(content_type_conformance, response_schema_conformance),
]


@pytest.fixture(scope="session")
def api(start_server: Callable[..., Server]):
    server = start_server("--workers", "1", "--max-api-per-minute", "1000000")
    return schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True, database=None)
@hypothesis.given(data=st.data())
def test_every_answer_is_as_described(api, data):
    case = data.draw(api["/api/v1/analyze"]["POST"].as_strategy())
    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize("name", ["portrait_jpeg", "empty_jpeg"])
def test_the_faces_are_as_described(api, request, name):
    operation = api["/api/v1/analyze"]["POST"]
    case = operation.Case(body=request.getfixturevalue(name), media_type="image/jpeg")
    assert case.call_and_validate(checks=CHECKS).status_code == 200

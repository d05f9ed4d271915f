import os

import pytest
from foreign import Reader, readers
from harness import real_server


@pytest.fixture(scope="session")
def server():
    """A server with two workers, shared by the tests that leave it as it was."""
    with real_server(workers=2) as running:
        yield running


@pytest.fixture(scope="session")
def business_server():
    """As ``server``, with Odoo's applications and their demo data; for files named ``test_business_…`` only.

    Its users have their login as password: admin, demo and portal, and those of ``new_user``.
    """
    with real_server(workers=2, template=os.environ["MCP_TEST_BUSINESS"]) as running:
        yield running


@pytest.fixture(scope="module")
def both_readers(business_server):
    with readers(business_server) as found:
        yield found


@pytest.fixture(params=("near", "both"))
def reader(request, both_readers) -> Reader:
    return both_readers[request.param]

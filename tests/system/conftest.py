import pytest
from harness import real_server


@pytest.fixture(scope="session")
def server():
    """A server with two workers, shared by the tests that leave it as it was."""
    with real_server(workers=2) as running:
        yield running

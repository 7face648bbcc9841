"""What the tests of this folder share: one web app, one gateway and one SFTP door, each a real process."""

import pytest
from web_process import running_web


@pytest.fixture(scope="session")
def web_up(minio, tmp_path_factory):
    """The web app: its settings and its process."""
    with running_web(minio, tmp_path_factory.mktemp("web")) as running:
        yield running

"""What the tests of this folder share: one web app, one gateway and one SFTP door, each a real process."""

import pytest
from support.door_process import Door
from support.gateway_process import Function
from support.web_process import running_web


@pytest.fixture(scope="session")
def web_up(minio, tmp_path_factory):
    """The web app: its settings and its process."""
    with running_web(minio, tmp_path_factory.mktemp("web")) as running:
        yield running


@pytest.fixture(scope="session")
def door_up(minio, tmp_path_factory):
    """The SFTP door on the store of all tests; users bmkg and bnpb. Who attacks it comes from another 127.x.y.z."""
    told = {"SIAGA_SECRETS": str(minio.secrets), "SIAGA_STORE_URL": minio.store_url}
    door = Door(tmp_path_factory.mktemp("door"), **told)
    door.start()
    yield door
    door.stop()


@pytest.fixture
def function(gateway):
    """The only slot of on-shakemap, of the gateway that the file's own fixture starts."""
    played = Function(gateway.settings.function_port)
    yield played
    played.stop()

import pytest

from booksales.local_stack.postgres_settings import HOST_RULES, server_settings, shared_buffers_mb
from jobs_config.machine import GIGABYTE


@pytest.mark.parametrize(
    ("memory_gigabytes", "buffers_mb"),
    [(0.1, 16), (1, 64), (4, 256), (64, 256)],
    ids=["a tiny machine", "a small machine", "a laptop", "a server"],
)
def test_buffers_fit(memory_gigabytes, buffers_mb):
    assert shared_buffers_mb(int(memory_gigabytes * GIGABYTE)) == buffers_mb


def test_no_route_in_is_trusted():
    methods = [line.split()[-1] for line in HOST_RULES.splitlines() if not line.startswith("#")]

    assert methods == ["scram-sha-256", "scram-sha-256"]


def test_the_port_is_the_one_asked_for():
    assert "port = '54321'" in server_settings(54321, GIGABYTE).splitlines()

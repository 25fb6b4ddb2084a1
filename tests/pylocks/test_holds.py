"""Does a lock still answer? Without uv, and without the network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.pylocks.conftest import Case

PINS = "numpy==2.0\npandas==2.2.3\nsix==1.16\n"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("numpy", None),
        ("NumPy>=2,<3", None),
        ("numpy\npandas[excel]", None),
        ("never ; python_version < '3.9'", None),
        ("never ; sys_platform == 'darwin'", None),
        ("numpy<2", "numpy==2.0 does not answer numpy<2"),
        ("scipy", "scipy is missing"),
        ("scipy ; python_full_version >= '3.11.0'", "scipy is missing"),
        ("-c limits.txt\nnumpy", "six==1.16 does not keep to six<1.15"),
        ("numpy @ https://example.org/numpy-2.0.zip", "numpy is missing, or comes from elsewhere"),
        ("a\nb\nc\nd", "a is missing; b is missing; c is missing; …"),
    ],
)
def test_a_lock_of_others(case: Callable[..., Case], wanted: str, why: str | None) -> None:
    made = case({"requirements.txt": wanted, "limits.txt": "six<1.15\nother<1\n"}, previous=PINS)
    assert made.holds() == why


def test_none_yet(case: Callable[..., Case]) -> None:
    assert case("numpy").holds() == "requirements.txt is not pinned yet"


@pytest.mark.parametrize(
    ("previous", "why"),
    [
        ("numpy>=2", "the lock: numpy is not pinned"),
        ("-r other.txt", "the lock: includes 'other.txt', and a lock stands alone"),
        ("numpy==2.*", "the lock: numpy is not pinned"),
        ("numpy==two", "the lock, line 1: found 'numpy==two'"),
    ],
)
def test_no_lock(case: Callable[..., Case], previous: str, why: str) -> None:
    told = case("numpy", previous=previous).holds()
    assert told
    assert told.startswith(why)


def test_hashes_of_the_file(case: Callable[..., Case]) -> None:
    lock = f"numpy==2.0 --hash=sha256:{'a' * 64}\n"
    assert case(f"numpy==2.0 --hash=sha256:{'a' * 64}", previous=lock).holds() is None
    assert case(f"numpy==2.0 --hash=sha256:{'b' * 64}", previous=lock).holds()


@pytest.mark.usefixtures("ours")
def test_a_lock_of_ours(case: Callable[..., Case]) -> None:
    made = case("alpha\nbeta\n")
    lock = made.lock().text
    made.write("requirements.txt", "beta  # as before\n\nalpha\n")
    assert made.after(lock).holds() is None
    made.write("requirements.txt", "alpha\n")
    assert made.after(lock).holds() == "requirements.txt changed since it was pinned"
    made.write("requirements.txt", "alpha\nbeta\n")
    edited = lock.replace("beta==1.5", "beta==0.5")
    assert made.after(edited).holds() is None, "a hand may change what still answers"
    gone = "\n".join(line for line in lock.splitlines() if not line.startswith("alpha"))
    assert made.after(gone).holds() is not None


@pytest.mark.usefixtures("ours")
def test_for_another_machine(case: Callable[..., Case]) -> None:
    made = case("beta")
    lock = made.lock().text
    made.platform = "osx-arm64"
    assert made.after(lock).holds() == (
        "pinned for Python 3.11 on linux-64, now wanted for Python 3.11 on osx-arm64"
    )
    made.python, made.platform = "3.12", "linux-64"
    assert made.after(lock).holds() == (
        "pinned for Python 3.11 on linux-64, now wanted for Python 3.12 on linux-64"
    )

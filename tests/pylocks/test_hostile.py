"""Lines that lead elsewhere, ask for secrets, or are nonsense."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pylocks.conftest import Case

from binderclip.errors import Refused
from binderclip.freeze.locking import Lockable
from binderclip.freeze.python.pinned import parse
from binderclip.freeze.requirements import RequirementsLocker
from binderclip.requirementfiles import Include, Option, Requirement, statements

HOSTILE = [
    ("--index-url https://ada:hunter2@example.org/simple", "credentials"),
    ("--extra-index-url=https://hunter2@example.org/simple", "credentials"),
    ("-f https://example.org/?token=hunter2", "credentials"),
    ("x @ https://example.org/x-1.tar.gz?X-Amz-Signature=hunter2", "credentials"),
    ("x @ git+https://hunter2@example.org/x.git", "credentials"),
    ("git+ssh://git:hunter2@example.org/x.git", "credentials"),
    ("-e git+https://ada:hunter2@example.org/x.git#egg=x", "credentials"),
    ("-r /etc/passwd", "outside"),
    ("-c/etc/passwd", "outside"),
    ("--requirement=~/secrets", "outside"),
    ("-r ../../x", "outside"),
    ("-r a/../../x", r"found '\.\.' within"),
    ("-r https://example.org/requirements.txt", "by its address"),
    ("-r file:///etc/passwd", "by its address"),
    ("-r FILE:///etc/passwd", "by its address"),
    ("-r 'a b'", "expected a plain one"),
    ("-r a%2fb", "expected a plain one"),
    ("-r missing.txt", "includes 'missing.txt', which is not there"),
    ("-r 'open", "no closing quotation"),
    ("${HOME}", "takes a variable"),
    ("x @ https://example.org/${TOKEN}/x.whl", "takes a variable"),
    ("--index-url https://example.org/${TOKEN}", "takes a variable"),
    ("./${HOME}", "takes a variable"),
    ("file:///etc", "leads outside"),
    ("x @ file:///etc", "leads outside"),
    ("x @ file://localhost/etc", "leads outside"),
    ("-e /etc", "outside"),
    ("-e ../x", "outside"),
    ("./../x", "outside"),
    ("x @ ../x", "outside"),
    ("x @ file:%2e%2e/x", "expected a plain one"),
    ("./x/../../y", r"found '\.\.' within"),
    ("git+file:///etc", "expected an address"),
    ("git+https:///etc", "expected an address"),
    ("x @ git+ext::sh", "expected an address"),
    ("hg+https://example.org/x", "expected an address"),
    ("x @ git+https://example.org/x#subdirectory=..", "outside"),
    ("-f /etc", "outside"),
    ("-f ../wheels", "outside"),
    ("--index-url file:///etc", "expected an address"),
    ("--index-url", "has no value"),
    ("--trusted-host 'a b'", "found no host"),
    ("--config-settings=x=y", "cannot be pinned"),
    ("--global-option=--x", "cannot be pinned"),
    ("-x", "expected a requirement or an option"),
    ("x --global-option=--y", "expected only"),
    ("x --hash=md5:0", "expected only"),
    ("x --hash=sha256:0", "expected only"),
    ("-e x", "is not there"),
    ("-e x==1", "expected a folder"),
    ("-e https://example.org/x.zip", "expected a folder"),
    ("==1", "expected a requirement"),
    ("x ; y", "expected a requirement"),
    ("./x ; y", "which is none"),
    ("x\u2028y", "expected plain text"),
    ("x  # fine\x0b-r /etc/passwd", "expected plain text"),
    ("\u202ex", "expected plain text"),
    ("\0", "expected plain text"),
    ("x" * 3000, "3000 characters"),
    ("link", None),
    ("./link", "a link that leads out"),
    ("-r link/passwd", "a link that leads out"),
    ("-f ./link", "a link that leads out"),
]


@pytest.mark.parametrize(("line", "match"), [(a, b) for a, b in HOSTILE if b])
def test_refused(case: Callable[..., Case], line: str, match: str) -> None:
    made = case(f"numpy\n{line}\n")
    (made.root / "link").symlink_to("/etc")
    with pytest.raises(Refused, match=match) as caught:
        made.lock()
    told = f"{caught.value} {caught.value.hint}"
    assert "hunter2" not in told
    assert told.isprintable() or told.replace("\n", "").isprintable()
    assert made.after("numpy==2.0\n").holds() == str(caught.value)


def test_the_line_is_named(case: Callable[..., Case]) -> None:
    made = case({"requirements.txt": "numpy \\\n  >=2\n-r in/base.txt", "in/base.txt": "\n\n-x"})
    with pytest.raises(Refused, match=r"^in/base\.txt, line 3: found '-x'"):
        made.lock()


def test_a_tower_of_includes(case: Callable[..., Case]) -> None:
    files = {f"r{n}.txt": f"-r r{n + 1}.txt\n" for n in range(80)}
    with pytest.raises(Refused, match="includes more than 64 files"):
        case({**files, "requirements.txt": "-r r0.txt"}).lock()


@pytest.mark.parametrize("text", ["a" * (1 << 21), "# " + "x" * (1 << 21)])
def test_too_long(case: Callable[..., Case], text: str) -> None:
    with pytest.raises(Refused, match="bytes long, expected at most"):
        case(text).lock()


@pytest.mark.parametrize(
    "text",
    [" " * 90_000 + "x", "x" + " " * 90_000 + "#", "./x" + " ;" * 40_000, "x\\\n" * 40_000],
)
def test_long_lines_take_no_time(text: str) -> None:
    with contextlib.suppress(Refused):
        list(statements(text, "requirements.txt"))


def test_pip_s_own_examples() -> None:
    """https://pip.pypa.io/en/stable/reference/requirements-file-format/"""
    text = (
        "# This is a comment, to show how #-prefixed lines are ignored.\n"
        "pytest\npytest-cov\nbeautifulsoup4\n"
        "docopt == 0.6.1\nrequests [security] >= 2.8.1, == 2.8.* ; python_version < '2.7'\n"
        "urllib3 @ https://github.com/urllib3/urllib3/archive/refs/tags/1.26.8.zip\n"
        "-r other-requirements.txt\n-c constraints.txt\n"
        "./downloads/numpy-1.9.2-cp34-none-win32.whl\n"
        "http://wxpython.org/builds/wxPython_Phoenix-3.0.3-cp34-none-any.whl\n"
        "FooProject >= 1.2 --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64 + "\n"
    )
    found = list(statements(text, "requirements.txt"))
    assert [one.line for one in found if isinstance(one, Requirement)] == [
        "pytest",
        "pytest-cov",
        "beautifulsoup4",
        "docopt==0.6.1",
        'requests[security]==2.8.*,>=2.8.1 ; python_version < "2.7"',
        "urllib3 @ https://github.com/urllib3/urllib3/archive/refs/tags/1.26.8.zip",
        "./downloads/numpy-1.9.2-cp34-none-win32.whl",
        "wxpython-phoenix @ http://wxpython.org/builds/wxPython_Phoenix-3.0.3-cp34-none-any.whl",
        "fooproject>=1.2",
    ]
    assert [one for one in found if isinstance(one, Include)] == [
        Include("other-requirements.txt", constraint=False),
        Include("constraints.txt", constraint=True),
    ]
    last = found[-1]
    assert isinstance(last, Requirement)
    assert len(last.hashes) == 2


_WORDS = """
numpy pandas>=2 x==1.0 ==1 [extra] ; @ # \\ , ~=1 -r -c -e -i -f --hash= == --index-url --pre
--no-binary :all: ./ ../ /etc file: git+https:// @main .whl https://h/x.whl python_version<'3' and
or ( ) ' " ${X} $ % = == ! * ? ~ <3 requirements.txt sha256: 0123456789abcdef link >=2
--hash=sha256: é
"""
_PIECES = st.sampled_from([*_WORDS.split(), " ", "\n", "\r", "\t", "\u2028", "\x00"])
_TEXTS = st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_TEXTS, previous=st.none() | _TEXTS)
def test_any_text_is_read_or_refused(tmp_path: Path, text: str, previous: str | None) -> None:
    (tmp_path / "requirements.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    wanted = Lockable(tmp_path, "requirements.txt", "3.11", "linux-64", previous)
    with contextlib.suppress(Refused):
        why = RequirementsLocker().holds(wanted)
        assert why is None or why.strip()


_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}([-_.][a-z0-9]{1,4})?", fullmatch=True)
_SPECS = st.sampled_from(["", "==1.0", ">=1", "~=1.0", "!=1.1,<3", "===1.0"])
_MARKERS = st.sampled_from(["", " ; python_version >= '3.9'", " ; sys_platform == 'win32'"])
_LINES = st.builds("{}{}{}".format, _NAMES, _SPECS, _MARKERS) | st.sampled_from(
    ["x @ git+https://example.org/x.git@main", "https://example.org/y-1-py3-none-any.whl", "--pre"]
)


@given(lines=st.lists(_LINES, max_size=8), noise=st.sampled_from(["\n", "\r\n", "  # c\n", "\n\n"]))
def test_what_was_read_reads_the_same_again(lines: list[str], noise: str) -> None:
    found = list(statements(noise.join(lines), "r"))
    again = "\n".join(
        one.line if isinstance(one, Requirement) else f"--{one.name}"
        for one in found
        if isinstance(one, (Requirement, Option))
    )
    assert list(statements(again, "r")) == found


@given(text=_TEXTS)
def test_any_lock_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text, "the lock")
    except Refused:
        return
    assert all(pin.version or pin.url for pin in found.pins.values())

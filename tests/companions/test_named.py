"""What a notebook's code names beside it, and what it never gets."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.companions.conftest import Fill, Found, Of

from binderclip.companions import named_files
from binderclip.companions.code import Reader
from binderclip.companions.globs import Search, glob
from binderclip.companions.names import is_secret, parts_of
from binderclip.errors import TooLarge


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("pd.read_csv('data/a.csv')", ["data/a.csv"]),
        ("open('./data/../x')\nopen('./README')", ["README"]),
        ("open(r'data/a.csv'); open(b'data/b.csv')", ["data/a.csv"]),
        ("open(os.path.join('data', 'a.csv'))", ["data/a.csv"]),
        ("d = Path('data')\nopen(d / 'a.csv')", ["data/a.csv"]),
        (
            "d: Path = Path('data')\nopen(d / f'{n}.csv')\nn = 'a'\nopen(f'{d}/{n}.csv')",
            ["data/a.csv"],
        ),
        ("open('data' + '/a.csv')", ["data/a.csv"]),
        ("d = Path('data')\nd = other()\nopen(d / 'a.csv')", []),
        ("'/'.join(['data', 'a.csv'])", []),
        ("glob('data/*.csv')", ["data/a.csv", "data/b.csv"]),
        ("Path('data').glob('*.csv')", ["data/a.csv", "data/b.csv"]),
        ("Path('data').rglob('*.csv')", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
        ("glob.glob('**/c.csv', recursive=True)", ["data/deep/c.csv"]),
        ("dask.dataframe.read_csv('data/*.csv')", ["data/a.csv", "data/b.csv"]),
        ("print('data/*.csv')", []),
        ("glob('*'); glob('**/*'); Path('.').rglob('*.*')", []),
        ("import helpers, numpy", ["helpers.py"]),
        ("from helpers import x", ["helpers.py"]),
        ("from .helpers import x", []),
        ("import pkg.part", ["pkg/__init__.py", "pkg/part.py", "pkg/sub/deep.py"]),
        ("import chain", ["chain.py", "data/a.csv", "helpers.py"]),
        ("%run helpers.py\nx = 1", ["helpers.py"]),
        (
            "if True:\n    %run helpers.py\n    !cat data/a.csv | wc -l\n    pass",
            ["data/a.csv", "helpers.py"],
        ),
        ("x = !head data/a.csv\ny = %sx cat README", ["README", "data/a.csv"]),
        ("open?\nopen('README')", ["README"]),
        ("%%time\nopen('README')", ["README"]),
        ("%%bash\ncat data/a.csv", ["data/a.csv"]),
        ("%%writefile README\n'data/a.csv'", ["README"]),
        ("text = '''\n%run helpers.py\n'''\nopen('README')", ["README"]),
        ("this is no Python: open('README'", ["README"]),
        ("await open('README')", ["README"]),
        ("open('a\\d.csv')", []),
        ("open('https://example.org/data/a.csv')", []),
        ("open('nb.ipynb'); open('other.ipynb')", ["other.ipynb"]),
        ("open('data')", []),
    ],
)
def test_what_python_names(fill: Fill, found: Found, code: str, names: list[str]) -> None:
    fill("data/a.csv", "data/b.csv", "data/deep/c.csv", "README", "nb.ipynb", "other.ipynb")
    fill("helpers.py", "pkg/__init__.py", "pkg/part.py", "pkg/sub/deep.py", "pkg/note.txt")
    fill("pkg/__pycache__/part.py", texts={"chain.py": "import helpers\nopen('data/a.csv')\n"})
    assert found(code) == names


def test_names_last_from_cell_to_cell(fill: Fill, found: Found) -> None:
    fill("data/a.csv")
    assert found("DATA = 'data'", "x = (", "open(f'{DATA}/a.csv')") == ["data/a.csv"]


@pytest.mark.parametrize("language", ["R", "julia", "bash"])
def test_other_languages_by_their_quoted_strings(fill: Fill, found: Found, language: str) -> None:
    fill("a.csv", "b.csv", "import.py")
    code = "x <- read.csv(\"a.csv\")\ny <- read('b.csv')\nimport import"
    assert found(code, language=language) == ["a.csv", "b.csv"]


def test_python_where_nothing_says_otherwise(fill: Fill, found: Found) -> None:
    fill("helpers.py")
    assert found("import helpers", language=None) == ["helpers.py"]


HIDDEN_OR_SECRET = (
    ".env", ".hidden/x.csv", "prod.env", "id_rsa", "keys/ID_ED25519", "tls.pem", "credentials",
    "credentials.json", "Credentials-old.csv", "secrets.toml", "client_secret_1.json", ".netrc",
    "kaggle.json", "service-account-x.json", "passwords.txt", "credentials/x.csv", "token.json",
)  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN_OR_SECRET)
def test_what_is_hidden_or_secret_is_never_named(
    fill: Fill, found: Found, folder: Path, name: str
) -> None:
    fill(name, "innocent.csv")
    (folder / "link.csv").symlink_to(name)
    stem, _, ending = name.rpartition("/")[2].rpartition(".")
    cells = [
        f"open({name!r}); open('./{name}')",
        f"glob('*{ending}'); glob('**/{stem}*'); glob('{name}*')",
        "open('link.csv'); open('innocent.csv')",
    ]
    assert found(*cells) == ["innocent.csv"]


SPEAKING = (
    "api_key.txt", "apikey.json", "github_token", "my_token.txt", "mytoken", "tokens.json",
    "accessKeys.csv", "rootkey.csv", "gcloud-key.json", "auth.json", "OAuth2.json", "APIKey.txt",
    "kubeconfig", "prod.kubeconfig", "id_rsa_work", "id_ed25519.old", "x.pem.bak", "x.key~",
    "wallet.dat", "npmrc", "_netrc", "pypirc", "pgpass.conf", "my.cnf", "aws-creds.ini",
    "api_keys.py", "secrets.py", "dbPassword.txt", "keyring.cfg", "prod.env.old", "a.p12 (1)",
    "\uff54oken.txt", "key.csv", "TOKEN2.txt",
)  # fmt: skip
ORDINARY = (
    "keyboard.csv", "monkey.png", "turkey.csv", "tokenizer.json", "tokenized.csv", "authors.csv",
    "author.txt", "keypoints.json", "environment.yml", "secretariat.csv", "token.py", "auth.py",
    "oauth_flow.py", "config.ini", "data.csv", "keynote.pdf", "credit.csv", "passengers.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", SPEAKING)
def test_names_that_speak_of_secrets_are_never_named(fill: Fill, found: Found, name: str) -> None:
    fill(name, f"{name}.d/x.csv" if "." not in name else "x.csv")
    assert is_secret(name)
    pattern = f"{name[:2]}*"
    assert name not in found(f"open({name!r}); glob({pattern!r})")


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_are_not_taken_for_secrets(name: str) -> None:
    assert not is_secret(name)


def test_secrets_that_are_left_out_are_told(folder: Path, fill: Fill, notebook_of: Of) -> None:
    fill("a.csv", "api_key.txt", "d/my_token.txt", "d/.env", "d/b.csv")
    told: list[str] = []
    code = "open('api_key.txt'); open('no_token.txt'); glob('d/*'); open('a.csv')"
    assert len(named_files(notebook_of(code), folder, remark=told.append)) == 2
    (line,) = told
    assert "api_key.txt, d/my_token.txt (" in line


def test_all_patterns_share_one_budget(folder: Path, found: Found) -> None:
    for number in range(1500):
        (folder / f"f{number}.csv").touch()
    assert len(found("\n".join(f"glob('f{n}.*')" for n in range(100)))) == 100, "read once"
    with pytest.raises(TooLarge, match="more than 200,000 names to compare"):
        found("\n".join(f"glob('q{n}*')" for n in range(200)))
    with pytest.raises(TooLarge, match="more than 1,000 patterns"):
        found("\n".join(f"glob('q{n}/*')" for n in range(1001)))


def test_many_names_that_are_not_there(found: Found, fill: Fill) -> None:
    fill("a.csv", "d/b.csv")
    nothing = ", ".join(f"'x{n}.csv'" for n in range(30_000))
    assert found(f"x = [{nothing}, 'a.csv']") == ["a.csv"]
    with pytest.raises(TooLarge, match="20,000 paths"):
        found("x = [" + ", ".join(f"'d/{n}'" for n in range(20_001)) + "]")


def test_in_threads_at_once(folder: Path, fill: Fill, notebook_of: Of) -> None:
    """Also what warns, and what nests deeply."""
    fill("a.csv")
    filters = list(warnings.filters)
    codes = ["x = '\\d'; open('a.csv')", "x = " + "(" * 5000 + "'a.csv'", "x = " + "-" * 20_000]
    with ThreadPoolExecutor(8) as pool:
        books = [notebook_of(codes[number % 3]) for number in range(48)]
        results = list(pool.map(lambda book: named_files(book, folder), books))
    assert [len(paths) for paths in results] == [1, 1, 0] * 16
    left = [one for one in warnings.filters if one not in filters]
    assert all(one[3] is not None for one in left), "none that is for other code"


def test_nothing_outside_and_nothing_odd(found: Found, folder: Path, fill: Fill) -> None:
    fill("real/x.csv")
    (folder / "out.csv").symlink_to("../outside.csv")
    (folder / "out").symlink_to("..")
    (folder / "ring").symlink_to("ring")
    (folder / "in.csv").symlink_to("real/x.csv")
    (folder / "into").symlink_to("real")
    os.mkfifo(folder / "pipe")
    absolute = folder / "real" / "x.csv"
    code = f"""
open('../outside.csv'); open('real/../../outside.csv'); open('out.csv'); open('out/outside.csv')
open({str(absolute)!r}); open('ring'); open('pipe'); open('/etc/passwd'); open('~/x')
glob('out/*.csv'); glob('../*.csv'); glob('o*/outside.csv'); import out
open('in.csv'); open('into/x.csv'); open('\\x00'); open('a\\nb'); open('\\ud800.csv')
"""
    assert found(code) == ["in.csv", "into/x.csv"]


def test_too_many_and_too_large(found: Found, folder: Path, fill: Fill) -> None:
    fill(*(f"d/{n}.csv" for n in range(201)))
    with pytest.raises(TooLarge, match="more than 200 files") as caught:
        found("glob('d/*.csv')")
    assert "--with" in str(caught.value.hint)
    with (folder / "big.bin").open("wb") as stream:
        stream.truncate(200 * 2**20 + 1)
    with pytest.raises(TooLarge, match="200 MiB"):
        found("open('big.bin')")


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * 5000,
        "x = " + "-" * 20_000 + "1",
        "x = " + "+".join(["'a'"] * 5000),
        "x = 'ab'\n" + "x = x + x\n" * 500 + "open(x)",
        " " * 500_000 + "x",
        "?" * 100_000,
        '"' * 99_999,
        "'\\\n" * 50_000,
        "\x00",
        "x = ['" + "', '".join(map(str, range(50_000))) + "']",
    ],
    ids=[
        "brackets",
        "signs",
        "sums",
        "doubling",
        "spaces",
        "marks",
        "quotes",
        "lines",
        "nul",
        "many",
    ],
)
def test_hostile_code_ends_soon(found: Found, fill: Fill, code: str) -> None:
    fill("README")
    assert found(code, "open('README')") == ["README"]


def test_patterns_that_lead_everywhere_end_soon(folder: Path, fill: Fill) -> None:
    fill("/".join("abcdefghijklmnop") + "/x")
    (folder / "a" / "b" / "again").symlink_to(folder / "a")
    found = set(glob(Search(folder, wary=True), ("**", "*") * 8))
    assert {path.name for path in found} == {"x"}
    deep = folder
    for _ in range(120):
        deep /= "d"
        deep.mkdir()
    with pytest.raises(TooLarge):
        list(glob(Search(folder, wary=True), ("**", "x.csv")))


@given(text=st.text())
def test_paths_of_any_text_stay_inside(text: str) -> None:
    parts = parts_of(text)
    if parts is not None:
        path = os.path.normpath(f"/here/{'/'.join(parts)}")
        assert path.startswith("/here/")
        assert parts == tuple(path.split("/")[2:])


PIECES = st.sampled_from(
    ["open", "(", ")", "'a.csv'", '"', "'", "%", "%%bash", "!", "?", "\n", " ", "=", "f'{x}'", "/",
     "Path", "glob", "import ", "x", "lambda", ":", "*", ".", "\\", "\t", "#", "{", "}", "\u2028"]
)  # fmt: skip


@given(pieces=st.lists(PIECES, max_size=40), language=st.sampled_from(["python", "r"]))
def test_any_code_can_be_read(pieces: list[str], language: str) -> None:
    reader = Reader(language)
    reader.read("".join(pieces))
    assert all(isinstance(text, str) for text in reader.paths | reader.globs | reader.modules)

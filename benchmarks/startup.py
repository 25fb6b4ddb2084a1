"""How long the command line takes to say something, beside bare Python and its peers."""

from __future__ import annotations

from places import ROOT, Places
from timing import Row, side_by_side, table

NOTEBOOK = ROOT / "examples" / "hello.ipynb"


def measure(places: Places, *, rounds: int) -> dict[str, list[Row]]:
    """Time ``show`` and ``--help``; print a table of each."""
    ours, peers = places.ours, places.peers
    python = places.command(peers / "python", "-c", "pass")
    show = {
        "binderclip show": places.command(ours / "binderclip", "show", NOTEBOOK),
        "python -c pass": python,
        "juv version": places.command(peers / "juv", "version"),
        "juv cat": places.command(peers / "juv", "cat", NOTEBOOK),
        "nbstripout --dry-run": places.command(peers / "nbstripout", "--dry-run", NOTEBOOK),
    }
    usage = {
        "binderclip --help": places.command(ours / "binderclip", "--help"),
        "python -c pass": python,
        "juv --help": places.command(peers / "juv", "--help"),
        "nbstripout --help": places.command(peers / "nbstripout", "--help"),
    }
    rows = {}
    for title, jobs in (("Start-up: show", show), ("Start-up: --help", usage)):
        rows[title] = side_by_side(jobs, rounds=rounds)
        table(title, rows[title], ours=next(iter(jobs)))
    return rows

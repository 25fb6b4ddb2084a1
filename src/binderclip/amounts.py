"""Numbers and lists for people."""

from __future__ import annotations


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 notebook``, ``2 notebooks``; ``many`` where the plural takes no plain s."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def size(n_bytes: int) -> str:
    """Bytes for people: ``1.4 MB``; powers of ten, as ``df --si`` and disks' makers count."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004 - powers of ten
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def lasting(seconds: float) -> str:
    """A time for people: ``90 seconds``, ``15 minutes``, ``12 hours``."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} seconds"
    if seconds < 7200:  # noqa: PLR2004 - two hours
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"


def some(names: list[str], most: int = 10) -> str:
    """The first of ``names``, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")

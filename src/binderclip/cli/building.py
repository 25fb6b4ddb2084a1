"""A notebook, a folder or a repository → how repo2docker would build it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from binderclip.cli.paint import flat, print_facts, print_rows
from binderclip.cli.reading import Seen, read
from binderclip.environment import Environment
from binderclip.errors import NotebookError, SourceError
from binderclip.rees import (
    Embedded,
    FolderListing,
    Overlaid,
    Report,
    Unbuildable,
    config_folder,
    report,
)
from binderclip.spec.model import Reference

_PLATFORM = "linux-64"
_REPOSITORY = re.compile(r"(?:gh|gl|bb|cb):.+|https?://[^?#]*\.git/?(?:@[^/]*)?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``report`` is None where the files do not say how it is built; then ``why`` does.
    ``repository`` is what was fetched, at which commit; ``remarks`` are what to know besides.
    """

    subject: str
    report: Report | None
    why: str | None = None
    repository: str | None = None
    commit: str | None = None
    remarks: tuple[str, ...] = ()


def look(subject: str, *, fetch: bool) -> Verdict:
    """Raises SourceError, NotebookError, SpecError; Refused as ``rees.report``; and, where
    something is fetched, ResolveError and Unreachable.
    """
    if os.path.isdir(subject):  # noqa: PTH112 - raises nothing, whatever the text
        return Verdict(subject, report(FolderListing(Path(subject))))
    if _REPOSITORY.fullmatch(subject):
        return _of_repository(subject)
    if "://" in subject:
        from binderclip import sources

        try:
            sources.resolve(subject)
        except SourceError:
            return _of_repository(subject)
    return _of_notebook(read(subject), fetch=fetch)


def _of_repository(address: str) -> Verdict:
    from binderclip.references import repository

    return _fetched(address, repository(address), {}, anonymous=False)


def _of_notebook(seen: Seen, *, fetch: bool) -> Verdict:
    binder = seen.reading.binder if seen.reading else None
    environment = Environment.of(binder) if binder else Environment()
    if environment.bare:
        raise NotebookError(
            f"{seen.address}: names no environment",
            hint="`binderclip embed` or `binderclip set` writes one",
        )
    files = environment.realised_files(_PLATFORM)
    remarks = _remarks(environment)
    if environment.build is None:
        if not files:
            return Verdict(seen.address, None, "it is an image, and nothing is built", None, None)
        return Verdict(seen.address, report(Embedded(files)), remarks=remarks)
    if fetch:
        # What a stranger's notebook names is not asked with the person's credentials.
        anonymous = seen.kind not in {"path", "stdin"}
        verdict = _fetched(seen.address, environment.build, files, anonymous=anonymous)
        return Verdict(
            verdict.subject,
            verdict.report,
            repository=verdict.repository,
            commit=verdict.commit,
            remarks=(*verdict.remarks, *remarks),
        )
    why = f"{environment.build.url} decides; look into it with --fetch"
    if files:
        why = (
            f"{environment.build.url} decides into which of its folders {', '.join(files)} are "
            "laid, and what else there is; look into it with --fetch"
        )
    return Verdict(seen.address, None, why, remarks=remarks)


def _remarks(environment: Environment) -> tuple[str, ...]:
    remarks = []
    if environment.image:
        remarks.append("where images can be run its image is tried first, and nothing is built")
    frozen = environment.frozen
    if frozen and frozen.files and frozen.platform in {None, _PLATFORM}:
        remarks.append(f"with the pinned {', '.join(frozen.files)}")
    return tuple(remarks)


def _fetched(
    subject: str, build: Reference, files: Mapping[str, str], *, anonymous: bool
) -> Verdict:
    return asyncio.run(_fetch(subject, build, files, anonymous=anonymous))


async def _fetch(
    subject: str, build: Reference, files: Mapping[str, str], *, anonymous: bool
) -> Verdict:
    from binderclip.cache import Cache
    from binderclip.cli.progress import Reporter
    from binderclip.repositories.cached import cached, resolved

    cache, reporter = Cache(), Reporter()
    repository = cached(build.url, cache, anonymous=anonymous)
    reporter.flash(f"fetching {repository.shown}")
    commit, remark = build.hash, None
    try:
        with cache.translated():
            if commit is None:
                commit, remark = await resolved(repository, build.ref or "HEAD")
            await repository.fetch(commit)
    finally:
        reporter.clear()
    with repository.tree(commit) as tree:
        try:
            found = report(Overlaid(tree, files, config_folder(tree)) if files else tree)
        except Unbuildable:  # both configuration folders
            found = report(tree)
    remarks = (remark,) if remark else ()
    return Verdict(subject, found, repository=repository.shown, commit=commit, remarks=remarks)


def verdict_as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "subject": verdict.subject,
        "repository": verdict.repository,
        "commit": verdict.commit,
        "report": asdict(verdict.report) if verdict.report else None,
        "why_not": verdict.why,
        "remarks": verdict.remarks,
    }


def print_verdict(verdict: Verdict) -> None:
    click.echo(click.style(flat(verdict.subject), bold=True))
    at = f"{verdict.repository} at {(verdict.commit or '')[:12]}"
    print_facts([("fetched", [at] if verdict.repository else [])])
    if verdict.report is None:
        print_rows("  ", [f"Not to be told from here: {verdict.why}."], indent=2)
    else:
        _print_report(verdict.report)
    for remark in verdict.remarks:
        print_rows(f"  {click.style('·', dim=True)} ", [remark], indent=4)
    if verdict.report:
        _print_traps(verdict.report)


def _print_report(found: Report) -> None:
    if found.buildpack is None:
        return
    by = f"by {found.trigger}" if found.trigger else "the default, for nothing asks for another"
    print_facts(
        [
            ("build", [f"{found.buildpack}, {by}"]),
            ("folder", [f"{found.folder}/"] if found.folder else []),
            ("python", [found.python] if found.python else []),
            ("uses", [", ".join(found.uses)] if found.uses else []),
            ("ignores", [f"{one.path}: {one.why}" for one in found.ignored]),
        ]
    )


def _print_traps(found: Report) -> None:
    for trap in found.traps:
        what = f"{trap.path}: {trap.what}" if trap.path else trap.what
        print_rows(f"  {click.style('!', fg='yellow')} ", [what], indent=4)
        print_rows("    ", [f"instead: {trap.instead}"], indent=4)
    if found.fails:
        print_rows(
            f"  {click.style('✗', fg='red')} ", [f"the build would fail: {found.fails}"], indent=4
        )
        if found.mend:
            print_rows("    ", [f"hint: {found.mend}"], indent=4)

"""An environment → the commit that any BinderHub builds to just that environment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from binderclip import rees
from binderclip.environment import Environment
from binderclip.envrepo import made
from binderclip.envrepo.laid import laid
from binderclip.envrepo.model import HUBS, File, Limits, Packed, Prefer
from binderclip.envrepo.objects import commit_of
from binderclip.envrepo.sources import Sources
from binderclip.errors import Refused
from binderclip.rees import Buildpack, Report
from binderclip.registries import Image
from binderclip.spec.model import Reference


def _silent(line: str) -> None:
    pass


def part(env: Environment, *, prefer: Prefer = "image", platform: str = HUBS) -> Environment:
    """What of ``env`` is to be built: its image alone, or else its repository and files, without
    what was frozen for another platform than ``platform``.

    Where both are named ``prefer`` decides. Raises Refused where nothing is named.
    """
    frozen = env.frozen
    if frozen and (not frozen.files or frozen.platform not in {None, platform}):
        frozen = None
    buildable = replace(env, image=None, frozen=frozen)
    if env.image and (prefer == "image" or buildable.bare):
        return Environment(image=env.image)
    if buildable.bare:
        raise Refused(
            f"the notebook names no environment for {platform}: there is nothing to put into a "
            "repository",
            hint="`binderclip guess` or `binderclip set` write one into it",
        )
    return buildable


def needs_none(env: Environment) -> bool:
    """Is ``env``, as ``part`` gives it, a repository as it is? Then it needs no other one."""
    return env.build is not None and not env.files and env.frozen is None


async def pack(
    env: Environment,
    sources: Sources,
    *,
    prefer: Prefer = "image",
    platform: str = HUBS,
    limits: Limits | None = None,
    observe: Callable[[str], None] = _silent,
) -> Packed:
    """The commit of what ``part`` gives. Nothing of it is run.

    Raises Refused, TooLarge, ResolveError, Unreachable, RateLimited, CacheError; Refused too where
    no such commit is needed.
    """
    most = limits or Limits()
    wanted = part(env, prefer=prefer, platform=platform)
    if needs_none(wanted):
        raise Refused(
            "the notebook's environment is a repository already, and needs no other one",
            hint="`binderclip link` gives the links that launch it",
        )
    if wanted.image:
        return await _of_image(wanted.image, sources, platform, observe)
    remarks = list(_thawed(env, wanted, platform))
    files = wanted.realised_files(platform)
    if wanted.build is None:
        found, left = made.files_alone(files)
        made.check_size(((file.path, len(file.content)) for file in found), most)
        report = rees.report(rees.Embedded({file.path: files[file.path] for file in found}))
    else:
        observe(f"reading {wanted.build.url}")
        repository, commit = await sources.fetched(wanted.build)
        wanted = replace(wanted, build=replace(wanted.build, hash=commit))
        over = await asyncio.to_thread(laid, repository, commit, files, most)
        found, left, report = list(over.files), list(over.remarks), over.report
    return _packed(wanted, found, report.buildpack, [*remarks, *left, *_doubts(report)])


async def _of_image(
    image: Reference, sources: Sources, platform: str, observe: Callable[[str], None]
) -> Packed:
    if image.hash is None:
        observe(f"asking for {image.url}:{image.ref or 'latest'}")
    image = replace(image, hash=await sources.digest(image, platform))
    file = made.dockerfile(Image.of(image))
    return _packed(Environment(image=image), [file], "docker", [])


def _packed(
    env: Environment, files: Sequence[File], buildpack: Buildpack | None, remarks: Iterable[str]
) -> Packed:
    commit, objects = commit_of(files)
    ordered = tuple(sorted(files, key=lambda file: file.path))
    return Packed(commit, env, ordered, objects, buildpack, tuple(remarks))


def _thawed(env: Environment, wanted: Environment, platform: str) -> Iterator[str]:
    if env.frozen and env.frozen.files and wanted.frozen is None:
        yield (
            f"binder.frozen: pinned for {env.frozen.platform}, not for {platform}: the files are "
            "taken as they were written"
        )


def _doubts(report: Report) -> Iterator[str]:
    if report.fails:
        yield f"no hub will build it: {report.fails}"
    elif report.trigger is None and report.buildpack == "python":
        yield "it names nothing to install; some hubs, mybinder.org among them, refuse that"

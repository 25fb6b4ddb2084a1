"""The tree at the top of errors.py is the tree; codes and exit codes are each class's own."""

from __future__ import annotations

import re

from binderclip import errors


def tree(cls: type[errors.BinderclipError]) -> list[type[errors.BinderclipError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in tree(child))]


def ours() -> list[type[errors.BinderclipError]]:
    return [cls for cls in tree(errors.BinderclipError) if cls.__module__ == errors.__name__]


def test_the_drawing_names_every_error_under_its_parent() -> None:
    drawn: dict[str, str | None] = {}
    trail: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│ ]*)(?:[├└]── )?([A-Z]\w+)", line)
        if not found or not issubclass(getattr(errors, found[2], object), errors.BinderclipError):
            continue
        depth = len(found[1]) // 4 + ("── " in line)
        trail[depth:] = [found[2]]
        drawn[found[2]] = trail[depth - 1] if depth else None
    real = {
        cls.__name__: None if cls is errors.BinderclipError else cls.__bases__[0].__name__
        for cls in ours()
    }
    assert drawn == real


def test_codes_are_unique() -> None:
    codes = [cls.code for cls in ours()]
    exits = [cls.exit_code for cls in ours()]
    assert len(set(codes)) == len(codes)
    assert len(set(exits)) == len(exits)
    assert not {0, 2} & set(exits), "0 is success, 2 is wrong usage"

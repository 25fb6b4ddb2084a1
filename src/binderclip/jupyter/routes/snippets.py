"""What to begin environment files with, as CodeMirror's ``snippetCompletion`` takes it: tab stops
are ``${1:placeholder}``, and braces that are none of theirs are escaped.

Source: https://codemirror.net/docs/ref/#autocomplete.snippet
"""

from __future__ import annotations

DOCKERFILE = """\
FROM ${1:quay.io/jupyter/minimal-notebook}:${2:2025-12-31}

RUN pip install --no-cache-dir ${3:numpy}
"""

JULIA = """\
[deps]
${1:CSV} = "${2:336ed68f-0bac-5ca0-87d4-7b16caf5d00b}"

[compat]
julia = "${3:1.10}"
"""

NIX = """\
let
  pkgs = import <nixpkgs> \\{\\};
in
pkgs.mkShell \\{
  packages = [
    (pkgs.python3.withPackages (ps: [ ps.notebook ps.${1:numpy} ]))
  ];
\\}
"""

DESCRIPTION = """\
Package: ${1:analysis}
Version: ${2:0.1}
Title: ${3:What it is for}
Imports:
    ${4:dplyr}
"""

ENVIRONMENT_YML = """\
channels:
  - conda-forge
dependencies:
  - python=${1:3.12}
  - ${2:numpy}
"""

PIPFILE = """\
[packages]
${1:numpy} = "*"

[requires]
python_version = "${2:3.12}"
"""

RUNTIME = "python-${1:3.12}\n"

SETUP = """\
from setuptools import setup

setup(
    name="${1:analysis}",
    version="${2:0.1}",
    install_requires=["${3:numpy}"],
)
"""

PYPROJECT = """\
[build-system]
requires = ["${1:hatchling}"]
build-backend = "${2:hatchling.build}"

[project]
name = "${3:analysis}"
version = "${4:0.1}"
dependencies = ["${5:numpy}"]
"""

REQUIREMENTS = """\
${1:numpy}
${2:matplotlib}
"""

INSTALL_R = 'install.packages("${1:dplyr}")\n'

APT = "${1:graphviz}\n"

POST_BUILD = """\
#!/bin/bash
set -euo pipefail

${1:python -m compileall .}
"""

START = """\
#!/bin/bash

export ${1:NAME}=${2:value}

exec "$@"
"""

IGNORE = "${1:data/}\n"

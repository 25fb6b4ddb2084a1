"""Modules whose distribution is called otherwise, and some that are not: the list by which the
table of names was chosen. A distribution that merely has the module's name is another project's
for about half of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from binderclip import guessing
from binderclip.distributions import canonical
from binderclip.guessing import names, wellknown
from binderclip.notebook import Notebook

KNOWN = """
cv2 opencv-python|opencv-python-headless|opencv-contrib-python
sklearn scikit-learn
PIL pillow
yaml pyyaml
bs4 beautifulsoup4
skimage scikit-image
Crypto pycryptodome
Cryptodome pycryptodomex
dateutil python-dateutil
attr attrs
serial pyserial
zmq pyzmq
google.cloud.storage google-cloud-storage
google.cloud.bigquery google-cloud-bigquery
google.protobuf protobuf
google.auth google-auth
googleapiclient google-api-python-client
mpl_toolkits matplotlib|basemap
osgeo gdal
gi pygobject
usb pyusb
jwt pyjwt
dotenv python-dotenv
docx python-docx
pptx python-pptx
magic python-magic
git gitpython
github pygithub
telegram python-telegram-bot
slugify python-slugify
Levenshtein levenshtein|python-levenshtein
OpenSSL pyopenssl
OpenGL pyopengl
MySQLdb mysqlclient
psycopg2 psycopg2|psycopg2-binary
ldap python-ldap
nacl pynacl
fitz pymupdf
pkg_resources setuptools
wx wxpython
Bio biopython
rdkit rdkit
umap umap-learn
hdbscan hdbscan
igraph igraph|python-igraph
community python-louvain
tables tables
netCDF4 netcdf4
mpi4py mpi4py
pywt pywavelets
faiss faiss-cpu
lightning_fabric lightning-fabric|lightning
pytorch_lightning pytorch-lightning
torch torch
torchvision torchvision
speech_recognition speechrecognition
sentence_transformers sentence-transformers
skopt scikit-optimize
imblearn imbalanced-learn
xlsxwriter xlsxwriter
markdown markdown
pyaudio pyaudio
flask_cors flask-cors
flask_sqlalchemy flask-sqlalchemy
rest_framework djangorestframework
factory factory-boy
MDAnalysis mdanalysis
cartopy cartopy
shapefile pyshp
ee earthengine-api
geojson geojson
gym gym
ipywidgets ipywidgets
websocket websocket-client
socketio python-socketio
engineio python-engineio
jose python-jose
pylab matplotlib
sksurv scikit-survival
kaggle kaggle
pycocotools pycocotools
cairo pycairo
cairosvg cairosvg
unidecode unidecode
snappy python-snappy
lxml lxml
tlz toolz
ruamel.yaml ruamel-yaml
zope.interface zope-interface
azure.storage.blob azure-storage-blob
azure.identity azure-identity
sphinx sphinx
openpyxl openpyxl
pymysql pymysql
discord discord-py
feedparser feedparser
nmap python-nmap
openai openai
rich rich
past future
"""
ROWS = [line.split() for line in KNOWN.strip().split("\n")]


@pytest.fixture
def table() -> None:
    pytest.importorskip("pigar", reason="the extra 'guess' is not installed")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("module", "right"), ROWS, ids=[row[0] for row in ROWS])
def test_well_known(notebook_of: Callable[..., Notebook], module: str, right: str) -> None:
    found = guessing.guess(notebook_of(f"import {module}"))
    (one,) = found.distributions
    assert one.distribution in right.split("|")
    assert one.sure
    assert not found.unknown


@pytest.mark.usefixtures("table")
def test_what_the_table_alone_knows_is_not_sure(notebook_of: Callable[..., Notebook]) -> None:
    """Anybody may have taken such a name."""
    (one,) = guessing.guess(notebook_of("import hdfs")).distributions
    assert (one.distribution, one.sure) == ("hdfs", False)


GENERIC = "utils config common tools helpers test_helpers mypkg.sub plot_utils tests my_module"


def test_names_of_files_of_one_s_own_are_nobody_s(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(notebook_of(f"import {', '.join(GENERIC.split())}"))
    assert found.distributions == ()
    assert set(found.unknown) == found.local == {name.split(".")[0] for name in GENERIC.split()}


def test_a_name_like_that_that_it_installs(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(notebook_of("%pip install mypkg\nimport mypkg, mysql.connector"))
    assert [one.distribution for one in found.distributions] == ["mypkg", "mysql-connector-python"]
    assert not found.unknown


def test_extensions(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(notebook_of("%load_ext sql\n%load_ext watermark"))
    told = [(one.distribution, one.sure, one.others) for one in found.distributions]
    assert told == [("jupysql", False, ("ipython-sql",)), ("watermark", True, ())]
    (own,) = guessing.guess(notebook_of("%pip install ipython-sql\n%load_ext sql")).distributions
    assert (own.distribution, own.sure) == ("ipython-sql", True)


@pytest.mark.skipif(sys.platform == "win32", reason="there it can be installed")
def test_what_is_there_in_one_place_alone(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(notebook_of("import google.colab\nimport win32com.client"))
    assert (found.distributions, found.unknown) == ((), ())
    assert found.notes == (
        "code cell 1: import google.colab: left out, since it is there on Google Colab alone",
        "code cell 1: import win32com.client: left out, since it is there on Windows alone",
    )


@pytest.mark.usefixtures("table")
def test_what_nobody_has_is_unknown(notebook_of: Callable[..., Notebook]) -> None:
    found = guessing.guess(notebook_of("import graph_tool.all, no_such_module_of_anybody"))
    assert found.distributions == ()
    assert found.unknown == ("graph_tool", "no_such_module_of_anybody")


@pytest.mark.usefixtures("table")
def test_others_that_have_it_are_named() -> None:
    """Where nothing stands out, nothing is taken."""
    path = names.database()
    assert path
    choice = names.Names(path, {"nmap"}).choose("nmap")
    assert choice.name is None
    assert choice.others


def test_a_database_of_another_shape_knows_nothing(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"no database at all")
    assert names.Names(tmp_path / "db", {"numpy"}).choose("numpy") == names.Choice(None)


def test_the_table_is_in_canonical_form() -> None:
    for module in ("cv2", "yaml", "google.cloud.storage.blob"):
        for name in wellknown.known(module):
            assert name == canonical(name)
    assert wellknown.known("google.cloud.storage.blob") == ("google-cloud-storage",)
    assert wellknown.known("google.colab") == ()

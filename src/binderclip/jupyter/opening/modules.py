"""Names of modules that Python, a kernel, Jupyter or this server imports. A kernel starts in its
notebook's folder and Python looks there first, so that a file of such a name runs, and no cell has
to (https://docs.python.org/3/library/sys_path_init.html).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

ENDINGS = frozenset({"py", "pyc", "pyo", "pyw", "so", "pyd", "dylib", "dll"})
"""Of files that Python imports, in lower case."""

# In some Pythons and not in others, from 3.8 on, by version and by how they are packaged: the
# kernel's need not be the server's.
_COMES_AND_GOES = frozenset(
    """
    _aix_support _android_support _apple_support _ast_unparse _bootlocale _bootsubprocess
    _colorize _dummy_thread _hmac _interpchannels _interpqueues _interpreters _ios_support
    _missing_stdlib_info _opcode_metadata _osx_support _py_warnings _pylong _pyrepl
    _remote_debugging _suggestions _sysconfig _testcapi _testinternalcapi _tokenize _types _typing
    _zstd aifc annotationlib asynchat asyncore audioop backports binhex cgi cgitb chunk
    compression crypt dbm distutils dummy_threading ensurepip formatter idlelib imghdr imp lib2to3
    macpath macurl2path mailcap msilib nis nntplib ossaudiodev parser pathlib pipes profiling
    smtpd sndhdr sqlite3 spwd string sunau symbol telnetlib tkinter tomllib turtledemo uu venv
    wsgiref xdrlib zoneinfo
    """.split()  # noqa: SIM905 - a list of so many names is read as text
)
STEADY = sys.stdlib_module_names - _COMES_AND_GOES
"""Python always finds these, so that a folder of that name without ``__init__`` is not asked."""

# What kernels and Jupyter import, or try to where they can do without: known to be tried, where it
# is not installed, by ipykernel 7, debugpy, jupyter_server and JupyterLab at their start.
_IMPORTED = frozenset(
    """
    _distutils_hack _pydev_bundle _pydev_runfiles _pydevd_bundle _pydevd_bundle_ext
    _pydevd_frame_eval _pydevd_frame_eval_ext _pydevd_sys_monitoring _pytest _typeshed _virtualenv
    allthekernels ansible_kernel anyio apache_toree appnope apport apport_python_hook
    apport_python_hooks argcomplete argon2 arrow astroid asttokens asyncssh atomicwrites attr
    attrs babel backcall bash_kernel beakerx bleach bokeh brotli brotlicffi bs4 calysto certifi
    cffi chardet charset_normalizer cloudpickle colorama comm coverage cryptography curio cython
    dask dateutil debugpy decorator defusedxml distributed django docrepr docutils entrypoints et
    exceptiongroup executing fastjsonschema fqdn gevent gi gnuplot_kernel google greenlet h2
    httpcore httpx idna imatlab importlib_metadata importlib_resources interegular ipycytoscape
    ipykernel ipykernel_launcher ipyparallel ipython ipython_genutils ipywidgets isoduration java
    jaraco jedi jinja2 json5 jsonpointer jsonschema jsonschema_specifications jupyter
    jupyter_client jupyter_console jupyter_core jupyter_events jupyter_kernel_test jupyter_lsp
    jupyter_packaging jupyter_server jupyter_server_terminals jupyter_server_ydoc jupyter_ydoc
    jupyterhub jupyterlab jupyterlab_pygments jupyterlab_server jupyterlab_widgets jupytext
    keyring lark lxml markdown markupsafe matlab_kernel matplotlib matplotlib_inline metakernel
    mistune mpl_toolkits msgpack mypy nb_conda_kernels nbclassic nbclient nbconvert nbdime
    nbformat nbgrader nest_asyncio nest_asyncio2 notebook notebook_shim numba numpy numpydoc
    oct2py octave_kernel org orjson packaging pandas pandocfilters parso pep517 pexpect
    pickleshare pil pip pixi_kernel pkg_resources platformdirs plotly poetry_kernel polars
    prometheus_client prompt_toolkit psutil psycopg2 ptyprocess pure_eval py py4j pyarrow
    pycparser pydantic pydantic_core pydev_ipython pydevconsole pydevd pydevd_file_utils
    pydevd_plugins pydevd_tracing pygments pyls pylsp pylab pyodbc pyparsing pyrsistent pyspark
    pytest python_socks pythonjsonlogger pytz pywintypes pyximport qtpy readline referencing regex
    remote_ikernel requests rfc3339_validator rfc3986_validator rfc3987 rfc3987_syntax rich rpds
    rpy2 ruamel sage sas_kernel saspy scipy seaborn send2trash setuptools simplejson simplegeneric
    sitecustomize six snappy sniffio socks socksio sos sos_notebook soupsieve sparkmagic
    spylon_kernel sqlalchemy stack_data stata_kernel storemagic sympy terminado testpath thread
    tinycss2 toml tomli tornado tqdm traitlets trio typing_extensions tzdata tzlocal uri_template
    urllib3 usercustomize uvloop voila watchdog wcwidth webcolors webencodings websocket wheel
    widgetsnbextension win32api win32con winpty wsaccel xeus xeus_python xeus_python_shell xonsh
    xpython xpython_launcher xyzservices yaml yappi zipp zmq zope zstandard
    """.split()  # noqa: SIM905 - a list of so many names is read as text
)
STANDING = frozenset(
    name.casefold() for name in (*sys.stdlib_module_names, *_COMES_AND_GOES, *_IMPORTED)
)
"""On every machine, in lower case."""

# Careless distributions install these; they are what people call their own helpers.
_ORDINARY = frozenset(
    """
    benchmark benchmarks build conf config data dist doc docs example examples helper helpers
    include lib notebooks scripts src test tests tool tools util utils
    """.split()  # noqa: SIM905 - as above
)
_PREFIXES = ("_pydev", "jupyter_", "jupyterlab_", "xeus_", "calysto_")


def is_module(name: str, names: Iterable[str] = STANDING) -> bool:
    """Whether ``name``, in lower case, is a module of ``names``, or one of a kind that Jupyter and
    Python import.
    """
    if name in names or name.startswith("_sysconfigdata"):
        return True
    return name.startswith(_PREFIXES) and name.isidentifier()


def installed(folders: Iterable[str | Path]) -> frozenset[str]:
    """The modules that lie in ``folders`` of a Python's path, in lower case."""
    return frozenset(name for folder in folders for name in _in(Path(folder))) - _ORDINARY


def loaded() -> frozenset[str]:
    """The modules that this server runs with, wherever they lie, in lower case."""
    names = {name.partition(".")[0].casefold() for name in [*sys.modules]}
    return frozenset(name for name in names if name.isidentifier()) - _ORDINARY - {"__main__"}


def first_name(name: str) -> str:
    """``importlib`` of ``importlib.cpython-311-x86_64-linux-gnu.so``."""
    return name.partition(".")[0]


def importable(name: str) -> bool:
    """Does Python import files that end like ``name``, in lower case?"""
    return name.rpartition(".")[2] in ENDINGS and "." in name


def _in(folder: Path) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.casefold()
            if first_name(name).isidentifier() and (importable(name) or entry.is_dir()):
                yield first_name(name)

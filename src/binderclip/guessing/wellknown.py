"""Modules of which everybody agrees whose they are, and those that are nobody's.

Of modules whose distribution has another name only those are here that are much used, or that a
distribution of the module's own name, an old or a foreign one, would be taken for. The first name
is the usual one; the others provide the same.
"""

from __future__ import annotations

import re

from binderclip.distributions import canonical

_TABLE = """
absl absl-py
airflow apache-airflow
attr attrs
azure.ai.ml azure-ai-ml
azure.core azure-core
azure.identity azure-identity
azure.storage.blob azure-storage-blob
azureml azureml-core
Bio biopython
bs4 beautifulsoup4
bson pymongo
cairo pycairo
cassandra cassandra-driver
community python-louvain
Crypto pycryptodome
Cryptodome pycryptodomex
cv2 opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless
dateutil python-dateutil
discord discord-py
dns dnspython
docx python-docx
dotenv python-dotenv
ee earthengine-api
engineio python-engineio
factory factory-boy
faiss faiss-cpu faiss-gpu
fitz pymupdf
gi pygobject
git gitpython
github pygithub
gitlab python-gitlab
google.auth google-auth
google.cloud.aiplatform google-cloud-aiplatform
google.cloud.bigquery google-cloud-bigquery
google.cloud.firestore google-cloud-firestore
google.cloud.storage google-cloud-storage
google.cloud.vision google-cloud-vision
google.generativeai google-generativeai
google.genai google-genai
google.oauth2 google-auth
google.protobuf protobuf
googleapiclient google-api-python-client
haystack haystack-ai
igraph igraph python-igraph
imblearn imbalanced-learn
impala impyla
jose python-jose
jwt pyjwt
kafka kafka-python
ldap python-ldap
Levenshtein levenshtein python-levenshtein
magic python-magic
mpl_toolkits matplotlib
mpl_toolkits.basemap basemap
MySQLdb mysqlclient
mysql mysql-connector-python
nacl pynacl
nmap python-nmap
odf odfpy
OpenGL pyopengl
OpenSSL pyopenssl
osgeo gdal
past future
PIL pillow
pkg_resources setuptools
pptx python-pptx
psycopg2 psycopg2-binary psycopg2
pwn pwntools
pylab matplotlib
pythoncom pywin32
pywintypes pywin32
pywt pywavelets
rest_framework djangorestframework
ruamel.yaml ruamel-yaml
serial pyserial
shapefile pyshp
skimage scikit-image
sklearn scikit-learn
skopt scikit-optimize
sksurv scikit-survival
slugify python-slugify
snappy python-snappy
socketio python-socketio
socks pysocks
speech_recognition speechrecognition
Stemmer pystemmer
surprise scikit-surprise
talib ta-lib
telegram python-telegram-bot
tlz toolz
umap umap-learn
usb pyusb
websocket websocket-client
win32api pywin32
win32com pywin32
win32con pywin32
win32gui pywin32
win32file pywin32
wx wxpython
Xlib python-xlib
yaml pyyaml
zmq pyzmq
zope.interface zope-interface
"""
_KNOWN = {words[0]: tuple(words[1:]) for line in _TABLE.split("\n") if (words := line.split())}

# Those that are called as their distribution is, as names are compared.
_OWN_NAMES = """
accelerate aiohttp alembic altair anndata anthropic anywidget arviz astropy astroquery autogluon
bertopic bitsandbytes black blosc bokeh boto3 botocore bqplot branca cairosvg cartopy catboost
celery cftime chromadb click contextily cooler cryptography cupy cvxpy Cython cython cytoolz dash
dask dataclasses_json datasets datashader diffusers distributed django docker duckdb earthpy einops
emcee evaluate fastai fastapi fastparquet feedparser filterpy fiona flask flask_cors
flask_sqlalchemy flax folium fsspec gcsfs gensim geocoder geojson geopandas geopy gpytorch gradio
graphviz great_expectations gym gymnasium h5netcdf h5py hdbscan healpy holoviews httpx
huggingface_hub humanize hvplot hypothesis imageio intake ipycanvas ipydatagrid ipyleaflet ipympl
ipyparallel ipywidgets itables jax jaxlib jieba jinja2 joblib jsonschema jupyter_client jupyterlab
jupytext kaggle kaleido keras kornia kubernetes langchain langchain_community langchain_core
langchain_openai librosa lightfm lightgbm lightning lightning_fabric lime line_profiler llvmlite
lmfit lxml markdown matplotlib MDAnalysis mdtraj memory_profiler mesa metpy missingno mlflow mlxtend
mne mpi4py mpmath msgpack mygene mypy nbclient nbconvert nbformat netCDF4 networkx nibabel nilearn
nltk notebook numba numexpr numpy oauthlib obspy onnx onnxruntime openai openpyxl optuna orjson
osmnx pandas pandera panel papermill param paramiko patsy peft pint plotly plotnine polars pooch
praw prophet psutil pulp pyarrow pyaudio pycaret pycocotools pydantic pydeck pydicom pydot pyfftw
pygame pygments pygmt pykrige pymatgen pymc pymc3 pymongo pymysql pynndescent pyodbc pyogrio
pyparsing pyproj pysal pyspark pytest pytorch_lightning pytz pyvis pyvista qgrid qiskit qutip
rasterio rasterstats ray rdkit redis regex requests requests_html rich rioxarray rpy2 s3fs sacrebleu
SALib scanpy scipy scrapy seaborn selenium sentence_transformers sentencepiece shap shapely simpy
six skrub sounddevice spacy sphinx sqlalchemy statsforecast statsmodels streamlit sunpy sympy tables
tabulate tensorboard tensorflow tensorflow_datasets tensorflow_hub tensorflow_probability testbook
textblob thinc tiktoken timm tokenizers toolz torch torchaudio torchmetrics torchtext torchvision
tornado tqdm traitlets transformers trimesh tsfresh tweepy typer ujson uncertainties unidecode
urllib3 uvicorn vaex vega vega_datasets vtk wandb watermark wikipedia wordcloud xarray xgboost xlrd
xlsxwriter xmltodict yellowbrick yfinance zarr
"""
_OWN = frozenset(_OWN_NAMES.split())

# A stranger's package may have any of these names; what is meant is a file of one's own.
_GENERIC_NAMES = """
app base classes common conf config configs constants core custom data dataloader dataset
db env func funcs function functions general global_vars globals helper helperfunctions helpers
lib libs loader local main misc model models module modules network nets networks params plot
plots plotting preprocess preprocessing process project scripts settings setup shared src
tool tools train training util utilities utility utils variables visualization visualize
"""
_GENERIC = frozenset(_GENERIC_NAMES.split())
_LOCAL = re.compile(r"test[a-z]*(?:_.*|\d*)|my.*|.*_(?:utils?|helpers?|functions)")

# Magics that a distribution of another name brings; where two do, either may be meant.
_EXTENSIONS = {
    "autotime": ("ipython-autotime",),
    "lab_black": ("nb-black",),
    "sql": ("jupysql", "ipython-sql"),
}

# Where some modules are there already, and nobody can install them elsewhere.
_BOUND = {
    "google.colab": "Google Colab",
    "kaggle_datasets": "Kaggle",
    "kaggle_secrets": "Kaggle",
    "js": "JupyterLite",
    "piplite": "JupyterLite",
    "pyodide": "JupyterLite",
}
_WINDOWS = re.compile(r"win32\w*|pythoncom|pywintypes|wmi")

_SHARED = "aws_cdk azure backports google jaraco opentelemetry ruamel sphinxcontrib zope"
NAMESPACES = frozenset(_SHARED.split())
"""Names that many distributions share: what follows them makes the name."""

# Whatever runs notebooks brings these.
_WITH_THE_KERNEL = frozenset({"IPython", "ipykernel"})
# Of Pythons before ours: 2, and those that 3.12 and later dropped.
_FORMER = """
__builtin__ _winreg aifc asynchat asyncore audioop BaseHTTPServer binhex cgi cgitb chunk commands
ConfigParser Cookie cookielib copy_reg cPickle crypt cStringIO distutils dummy_thread exceptions
HTMLParser htmlentitydefs httplib imghdr imp lib2to3 mailcap md5 msilib new nis nntplib ossaudiodev
parser pipes Queue robotparser sets sha smtpd SimpleHTTPServer sndhdr SocketServer spwd sre StringIO
sunau symbol telnetlib thread Tkinter tkFileDialog tkMessageBox urllib2 urlparse UserDict uu xdrlib
xmlrpclib
"""


def known(module: str, *, extension: bool = False) -> tuple[str, ...]:
    """Distributions of a dotted module, or of an extension of IPython's, the usual one first; ()
    where it is none of these.
    """
    if extension and module in _EXTENSIONS:
        return _EXTENSIONS[module]
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if names := _KNOWN.get(".".join(parts[:length])):
            return names
    return (canonical(parts[0]),) if parts[0] in _OWN else ()


def is_generic(module: str) -> bool:
    """Is its top named as people name files of their own?"""
    top = module.partition(".")[0]
    return top.lower() in _GENERIC or _LOCAL.fullmatch(top) is not None


def bound_to(module: str, platform: str) -> str | None:
    """The only place that has such a module, where that is not ``platform``, as ``sys.platform``
    has it.
    """
    parts = module.split(".")
    if _WINDOWS.fullmatch(parts[0]):
        return None if platform == "win32" else "Windows"
    return next((_BOUND[name] for name in (parts[0], ".".join(parts[:2])) if name in _BOUND), None)


def in_namespace(module: str) -> tuple[str, ...]:
    """What the distribution of a module in a shared namespace may be called, longest first."""
    parts = module.split(".")
    if parts[0] not in NAMESPACES:
        return ()
    return tuple(canonical("-".join(parts[:length])) for length in range(len(parts), 1, -1))


def comes_with_python(module: str, standard: frozenset[str]) -> bool:
    """Part of Python, of a former one, or of what runs the notebook."""
    return module in standard or module in _WITH_THE_KERNEL or module in _FORMER.split()

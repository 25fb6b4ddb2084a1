"""Modules whose distribution has another name, where everybody agrees which it is.

Only those are here that are much used, or that a distribution of the module's own name, an old or a
foreign one, would be taken for. The first name is the usual one; the others provide the same.
"""

from __future__ import annotations

import re

_TABLE = """
absl absl-py
airflow apache-airflow
attr attrs
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
google.cloud.bigquery google-cloud-bigquery
google.cloud.storage google-cloud-storage
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
pythoncom pywin32
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
wx wxpython
Xlib python-xlib
yaml pyyaml
zmq pyzmq
"""
_KNOWN = {words[0]: tuple(words[1:]) for line in _TABLE.split("\n") if (words := line.split())}

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


def known(module: str) -> tuple[str, ...]:
    """Distributions of a dotted module, the usual one first; () where it is none of these."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if names := _KNOWN.get(".".join(parts[:length])):
            return names
    return ()


def in_namespace(module: str) -> tuple[str, ...]:
    """What the distribution of a module in a shared namespace may be called, longest first."""
    parts = module.split(".")
    if parts[0] not in NAMESPACES:
        return ()
    return tuple(canonical("-".join(parts[:length])) for length in range(len(parts), 1, -1))


def comes_with_python(module: str, standard: frozenset[str]) -> bool:
    """Part of Python, of a former one, or of what runs the notebook."""
    return module in standard or module in _WITH_THE_KERNEL or module in _FORMER.split()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

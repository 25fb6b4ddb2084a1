"""Drives and buckets: Dropbox, Google Drive, OneDrive, SharePoint, S3, Google Cloud Storage."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from urllib.parse import quote

from binderclip.addresses.answers import Found, folder
from binderclip.addresses.link import Link, quoted
from binderclip.addresses.naming import DEFAULT
from binderclip.errors import SourceError

_DRIVE_ID = re.compile(r"[\w-]{10,}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def dropbox(link: Link) -> Found | None:
    """``dl=1`` asks for the file; ``rlkey`` and the rest stay, for links without it are refused."""
    if link.site not in {"dropbox.com", "dl.dropbox.com"}:
        return None
    match link.parts:
        case ("sh", *_) | ("scl", "fo", *_):
            raise folder(link.url, "Dropbox")
        case ("s", _, *_) | ("scl", "fi", *_):
            kept = [p for p in link.query.split("&") if p and not re.match(r"(dl|raw)(=|$)", p)]
            url = f"https://www.dropbox.com{link.path}?{'&'.join([*kept, 'dl=1'])}"
            return Found(url, "a file on Dropbox")
    return None


def google_drive(link: Link) -> Found | None:
    """``file/d/ID/view``, ``open?id=``, ``uc?id=`` → the download address."""
    if link.site not in {"drive.google.com", "docs.google.com"}:
        return None
    if "folders" in link.parts:
        raise folder(link.url, "Google Drive")
    parts, identifier = link.parts, link.params.get("id", "")
    if "file" in parts and "d" in parts[:-1]:
        identifier = parts[parts.index("d") + 1]
    elif parts and parts[-1] not in {"open", "uc"}:
        return None
    return drive_file(identifier, link.params.get("resourcekey"))


def drive_file(identifier: str, resource_key: str | None = None) -> Found | None:
    """The request for a file of Google Drive, or None for what is no id of one."""
    if not _DRIVE_ID.fullmatch(identifier):
        return None
    url = f"https://docs.google.com/uc?export=download&id={identifier}"
    if resource_key:
        url += f"&resourcekey={quote(resource_key, safe='')}"
    return Found(url, "a file on Google Drive", DEFAULT)


def onedrive(link: Link) -> Found | None:
    """A sharing link becomes an id: ``u!`` and the link in base64url without padding."""
    if link.site not in {"1drv.ms", "onedrive.live.com"} or not (link.parts or link.query):
        return None
    shared = f"https://{link.host}{link.path}" + (f"?{link.query}" if link.query else "")
    identifier = urlsafe_b64encode(shared.encode()).decode().rstrip("=")
    url = f"https://api.onedrive.com/v1.0/shares/u!{identifier}/root/content"
    return Found(url, "a file on OneDrive", DEFAULT, origin=shared)


def sharepoint(link: Link) -> Found | None:
    if not link.host.endswith(".sharepoint.com"):
        return None
    match link.parts:
        case (":f:", *_):
            raise folder(link.url, "SharePoint")
    kept = [p for p in link.query.split("&") if p and not p.startswith(("download=", "web="))]
    url = f"https://{link.host}{link.path}?{'&'.join([*kept, 'download=1'])}"
    return Found(url, "a file on SharePoint")


def bucket(address: str) -> Found:
    """``s3://B/K`` and ``gs://B/K``: the public address of the object. Raises SourceError."""
    scheme, _, rest = address.partition("://")
    name, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(name) or not key.strip("/") or not key.isprintable():
        raise SourceError(
            f"found an address {scheme}:// without bucket or key, "
            f"expected {scheme.lower()}://BUCKET/PATH/TO/NOTEBOOK.ipynb"
        )
    if key.endswith("/"):
        raise folder(address, "a bucket")
    if scheme.lower() == "gs":
        return Found(
            f"https://storage.googleapis.com/{name}/{quoted(key)}", "an object of a bucket"
        )
    # The wildcard in Amazon's certificate covers no bucket with a dot in its name.
    place = f"s3.amazonaws.com/{name}" if "." in name else f"{name}.s3.amazonaws.com"
    return Found(f"https://{place}/{quoted(key)}", "an object of a bucket")

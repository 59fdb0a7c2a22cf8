"""Certificates in a directory, in the names of a Kubernetes TLS Secret. No reader ever sees half a file.

All three files are written aside and flushed to disk before the first is renamed. The renames are three,
though: for an instant, or for good if the machine dies there, a new tls.crt stands beside the old tls.key.
So a reader loads the pair as `ssl.SSLContext.load_cert_chain` does, which refuses one that does not match,
keeps what it has, and tries again at its next look. Writing again mends it.

The CA's private key is never written: nobody needs it once the serving certificate is signed, and who
has it can pretend to be the webhook. A renewal therefore comes with a CA of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from certs.authority import names_our_authority
from certs.errors import CertificateFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from certs.authority import Authority, ServingCertificate

CA_FILE = "ca.crt"
CERTIFICATE_FILE = "tls.crt"
KEY_FILE = "tls.key"

_PUBLIC = 0o644
_PRIVATE = 0o600


def write_certificates(
    directory: Path, authority: Authority, serving: ServingCertificate, *, force: bool = False
) -> None:
    """Write ca.crt, tls.crt and tls.key (mode 0600) into the directory, which is made if it is missing.

    Certificates that this package issued before are replaced: that is how they are renewed. Others only
    with `force`. Raises CertificateFileError when there are others, or the directory cannot be written to.
    """
    # The key last: a tls.key without a tls.crt is then never ours, see _refuse_to_replace_others.
    files = (
        (CA_FILE, authority.certificate, _PUBLIC),
        (CERTIFICATE_FILE, serving.certificate, _PUBLIC),
        (KEY_FILE, serving.key, _PRIVATE),
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _locked(directory) as descriptor:
            if not force:
                _refuse_to_replace_others(directory)
            _replace(directory, files)
            os.fsync(descriptor)  # so that the renames are on disk, too
    except FileExistsError as error:
        raise CertificateFileError(f"{directory} is a file: give a directory") from error
    except OSError as error:
        where = error.filename2 or error.filename or directory
        raise CertificateFileError(
            f"cannot write certificates at {where}: {error.strerror}."
            " Check that this user may read and write there, and that there is room"
        ) from error


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[int]:
    """Hold the directory for one writer: two at once could leave the key of one and the leaf of the other."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # NFS locks no directories; writing again mends a torn pair there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_to_replace_others(directory: Path) -> None:
    """Refuse to overwrite what we did not issue: a private key that is overwritten is lost for good."""
    for name in (CA_FILE, CERTIFICATE_FILE):
        path = directory / name
        if path.exists() and not names_our_authority(path.read_bytes()):
            raise _not_ours(path)
    if (directory / KEY_FILE).exists() and not (directory / CERTIFICATE_FILE).exists():
        raise _not_ours(directory / KEY_FILE)


def _not_ours(path: Path) -> CertificateFileError:
    return CertificateFileError(
        f"{path} was not issued by Baseward: choose another directory, or force overwriting it"
    )


def _replace(directory: Path, files: Iterable[tuple[str, bytes, int]]) -> None:
    """Write the files (name, content, mode) aside, then rename them into place in their order."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=directory) as aside:
        for name, content, mode in files:
            _write(Path(aside, name), content, mode, owner_of=directory / name)
        for name, _, _ in files:
            Path(aside, name).replace(directory / name)


def _write(path: Path, content: bytes, mode: int, owner_of: Path) -> None:
    """Write a new file to disk, flushed. The key is never readable by others, not even for an instant.

    When root renews, the file keeps the owner it had, or the serving process could not read it any more.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        if os.geteuid() == 0 and owner_of.exists():
            owner = owner_of.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

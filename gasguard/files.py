"""What several parts do to files in the same way."""

import os
from pathlib import Path


def is_special(path: Path) -> bool:
    """Whether a device, a pipe or a link is there, which a file put in its place would do away with
    for everybody. A link is not followed: who made it may not be who may write where it leads to.
    """
    return os.path.lexists(path) and (path.is_symlink() or not path.is_file())


def sync_folder(folder: Path) -> None:
    """Have names that were given or taken away in it outlive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What several parts do to files in the same way."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Have names that were given or taken away in it outlive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Static files pressed once, so that no request pays for it."""

from pathlib import Path

from whitenoise.compress import Compressor

MOMENT = 0.001  # as exact as the time of a file survives being copied


def compress(folder: Path) -> int:
    """Press every file that is new or changed since; how many there were."""
    press = Compressor(quiet=True)
    done = 0
    for path in folder.rglob("*"):
        if path.is_file() and press.should_compress(path.name) and not _pressed(path):
            # Gone first: a file too small to gain from pressing must not keep its old one.
            path.with_name(f"{path.name}.gz").unlink(missing_ok=True)
            press.compress(str(path))
            done += 1
    return done


def _pressed(path: Path) -> bool:
    """WhiteNoise gives the pressed file the time of its original, so an edit shows."""
    beside = path.with_name(f"{path.name}.gz")
    return beside.exists() and abs(beside.stat().st_mtime - path.stat().st_mtime) < MOMENT

"""Fetches browser parts and fonts we build on, at pinned versions, into static/vendor (`--check` needs no network)."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
ICONS = Path(__file__).with_name("icons.txt")


@dataclass(frozen=True)
class Package:
    """One package: the exact version, the digest of its archive, and the files we take from it."""

    name: str
    version: str
    sha512: str
    files: dict[str, str]


PACKAGES = [
    Package(
        "@tabler/core",
        "1.6.1",
        "lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg==",
        {"dist/css/tabler.min.css": "tabler/tabler.min.css"},
    ),
    Package(
        "@tabler/icons",
        "3.51.0",
        "0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
        {"LICENSE": "icons/LICENSE"},
    ),
    Package(
        "htmx.org",
        "2.0.11",
        "Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        {"dist/htmx.min.js": "htmx/htmx.min.js", "LICENSE": "htmx/LICENSE"},
    ),
    Package(
        "uplot",
        "1.6.32",
        "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        {
            "dist/uPlot.iife.min.js": "uplot/uplot.min.js",
            "dist/uPlot.min.css": "uplot/uplot.min.css",
            "LICENSE": "uplot/LICENSE",
        },
    ),
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        {
            "swagger-ui-bundle.js": "swagger-ui/swagger-ui-bundle.js",
            "swagger-ui.css": "swagger-ui/swagger-ui.css",
            "LICENSE": "swagger-ui/LICENSE",
            "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui/LICENSE-bundled.txt",
        },
    ),
    Package(
        "redoc",
        "2.5.4",
        "M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
        {
            "bundles/redoc.standalone.js": "redoc/redoc.standalone.js",
            "LICENSE": "redoc/LICENSE",
            "bundles/redoc.standalone.js.LICENSE.txt": "redoc/LICENSE-bundled.txt",
        },
    ),
    Package(
        "leaflet",
        "1.9.4",
        "nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
        {
            "dist/leaflet.js": "leaflet/leaflet.js",
            "dist/leaflet.css": "leaflet/leaflet.css",
            "LICENSE": "leaflet/LICENSE",
        },
    ),
    Package(
        "topojson-client",
        "3.1.0",
        "605uxS6bcYxGXw9qi62XyrV6Q3xwbndjachmNxu8HWTtVPxZfEJN9fd/SZS1Q54Sn2y0TMyMxFj/cJINqGHrKw==",
        {"dist/topojson-client.min.js": "topojson/topojson-client.min.js", "LICENSE": "topojson/LICENSE"},
    ),
    Package(  # the outlines under a map that asks no tile server
        "world-atlas",
        "2.0.2",
        "IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
        {"countries-50m.json": "world-atlas/countries-50m.json", "LICENSE": "world-atlas/LICENSE"},
    ),
    Package(  # reads labels where the browser has no reader of its own
        "barcode-detector",
        "3.2.2",
        "/4QOrrNrCRmDSBWiiP4aC72dnkuXUEdcFRidHgbPRXUpy82XcCMvJssI6fEs6JT42LS7DvBVZO70qasJbYKyrA==",
        {"dist/iife/ponyfill.js": "barcode/barcode-detector.js", "LICENSE": "barcode/LICENSE"},
    ),
    Package(
        "zxing-wasm",
        "3.1.3",
        "3lC9BJk4fR5ZJxcGjb0hVnDFOW7KpLXHIebiBmVd4FDRQZVeObztoTKxRUPxlWwSgxrMRONK0u50hBD1aTYEKg==",
        {"dist/reader/zxing_reader.wasm": "barcode/zxing_reader.wasm", "LICENSE": "barcode/LICENSE-zxing-wasm"},
    ),
    Package(  # printed into receipts: the faces that every PDF reader has of its own lack the naira sign
        "dejavu-fonts-ttf",
        "2.37.3",
        "f1hd7jJbeQa1VWcw+K2KrTXS50zTMaHpVC4XIKJpNcDeYR5ajMtj/iLlQDYNvLOKamUB3ARVVCf79lNwNVztSQ==",
        {
            "ttf/DejaVuSans.ttf": "dejavu/DejaVuSans.ttf",
            "ttf/DejaVuSans-Bold.ttf": "dejavu/DejaVuSans-Bold.ttf",
            "LICENSE": "dejavu/LICENSE",
        },
    ),
    Package(  # for the tests alone, and so never served
        "axe-core",
        "4.14.1",
        "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        {
            "axe.min.js": "../../tests/support/axe/axe.min.js",
            "LICENSE": "../../tests/support/axe/LICENSE",
            "LICENSE-3RD-PARTY.txt": "../../tests/support/axe/LICENSE-bundled.txt",
        },
    ),
]
BINARY = (".ttf", ".wasm")
SOURCE_MAP = re.compile(rb"(//[#@] sourceMappingURL=\S*|/\*[#@] sourceMappingURL=.*?\*/)\s*$")


def fetch(package: Package, into: Path) -> tarfile.TarFile:
    """The package's archive, refused unless it is byte for byte the one we pinned."""
    done = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(into), f"{package.name}@{package.version}"],
        check=True,
        capture_output=True,
        text=True,
    )
    archive = into / done.stdout.split()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.sha512:
        sys.exit(f"{package.name} {package.version} is not the archive we pinned. Nothing was changed.")
    return tarfile.open(archive)


def read(archive: tarfile.TarFile, path: str) -> bytes:
    member = archive.extractfile(f"package/{path}")
    assert member is not None
    return member.read()


def sprite(archive: tarfile.TarFile) -> bytes:
    """The icons we picked, as one file of symbols: each page names one by `icons.svg#bed`."""
    symbols = []
    for name in sorted(set(ICONS.read_text().split())):
        drawing = read(archive, f"icons/outline/{name}.svg").decode()
        inner = re.sub(r"\s+", " ", re.sub(r"(?s)^.*?<svg[^>]*>|</svg>.*$", "", drawing)).strip()
        inner = inner.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


def vendor() -> None:
    """Fetch everything again and write the manifest."""
    manifest: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            with fetch(package, Path(scratch)) as archive:
                files = {target: read(archive, path) for path, target in package.files.items()}
                if package.name == "@tabler/icons":
                    files["icons/icons.svg"] = sprite(archive)
            for target, raw in sorted(files.items()):
                content = raw if target.endswith(BINARY) else SOURCE_MAP.sub(b"", raw).rstrip() + b"\n"
                place = VENDOR / target
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
                manifest[target] = {
                    "package": package.name,
                    "version": package.version,
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
    MANIFEST.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    print(f"{len(manifest)} files in {VENDOR.relative_to(ROOT)}")


def check() -> list[str]:
    """What differs between the manifest and the files in static/vendor; nothing when all is well."""
    manifest = json.loads(MANIFEST.read_text())
    here = {str(f.relative_to(VENDOR)) for f in VENDOR.rglob("*") if f.is_file() and f.suffix not in (".gz", ".br")}
    wrong = [
        f"{name} is not in the manifest" for name in sorted(here - set(manifest) - {"manifest.json", "tabler/LICENSE"})
    ]
    for name, entry in manifest.items():
        place = VENDOR / name
        if not place.exists():
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(place.read_bytes()).hexdigest() != entry["sha256"]:
            wrong.append(f"{name} has been changed by hand")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare the files with the manifest")
    if parser.parse_args().check:
        problems = check()
        sys.exit("\n".join(problems) if problems else 0)
    vendor()

"""Small files that say why they are there, and templates without scripts or styles of their own."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 400


def tracked(*endings: str) -> list[Path]:
    """The files git knows or would add, apart from what others wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    paths = [ROOT / name for name in listed if name.endswith(endings) and not name.startswith("static/vendor/")]
    return [path for path in paths if path.is_file()]


def test_no_file_is_over_four_hundred_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py", ".html", ".js", ".css", ".yaml")
        if (lines := len(path.read_text().splitlines())) > LIMIT
    }
    assert not long, f"a noun is waiting to be split out: {long}"


@pytest.mark.parametrize("folder", ["portal", "jobs"])
def test_every_module_and_public_name_says_what_it_is_for(folder):
    silent = []
    for path in tracked(".py"):
        if path.relative_to(ROOT).parts[0] != folder:
            continue
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        silent += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
            and not any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)
        ]
    assert not silent, silent


def test_every_file_a_newcomer_opens_says_why_it_is_there():
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked(".html", ".css", ".js", ".yaml", ".toml", ".in", "Makefile")
        if not path.read_text().startswith(("/*", "//", "{#", "#"))
    ]
    assert not silent, silent


INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son(?:click|change|submit|load|input|key\w+)=|hx-on|javascript:",
    re.IGNORECASE,
)


def test_no_template_carries_a_script_or_a_style():
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in tracked(".html")
        if "emails" not in path.parts
        for match in INLINE.finditer(path.read_text())
    ]
    assert not found, found


def test_the_repository_names_no_package_host():
    hosts = re.compile(r"files\.pythonhosted|registry\.npmjs|pypi\.org|deb\.debian\.org")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked(".py", ".txt", ".in", ".toml", ".md", ".json", ".html", ".js", ".sh", "Makefile")
        if path != Path(__file__).resolve() and hosts.search(path.read_text(errors="ignore"))
    ]
    assert not found, found

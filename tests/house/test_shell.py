"""Scripts parse, and no merge was left half done."""

import subprocess

import pytest

from tests.house.test_files import ROOT, tracked


@pytest.mark.parametrize("script", [".ci/run"])
def test_a_script_can_be_read_by_its_shell(script):
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0


def test_no_merge_is_left_half_done():
    marks = ("<" * 7 + " ", ">" * 7 + " ")
    torn = [
        str(path.relative_to(ROOT))
        for path in tracked(".py", ".html", ".css", ".js", ".md", ".yaml", ".toml", ".txt", ".in", ".csv")
        if any(line.startswith(marks) for line in path.read_text(errors="ignore").splitlines())
    ]
    assert not torn, torn

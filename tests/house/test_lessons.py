"""What went wrong elsewhere is played here: every named fault and every named bad input has its test, or its desk."""

import ast
import csv
from functools import cache

import pytest
import yaml

from tests.house.test_files import ROOT

TESTS = ROOT / "tests"
#: What a row may wait for, and the file whose arrival means that it waits no longer; None where no file is drawn yet.
DESKS = {
    "the front desk": "portal/web/frontdesk/stays.py",
    "the till": "portal/trades/pos/services/sales.py",
    "the depot": "portal/trades/depot/services/meters.py",
    "the fleet": "portal/trades/fleet/services/tracking.py",
    "stock": "portal/shared/stock/services/adjustments.py",
    "credits": "portal/shared/credits/services/claims.py",
    "the ledger": "portal/shared/ledger/services/entries.py",
    "invoices": "portal/shared/invoicing/services/invoices.py",
    "refunds": "portal/shared/payments/services/refunds.py",
    "transfers": "portal/shared/payments/services/payouts.py",
    "M-Pesa": "portal/gateways/daraja/__init__.py",
    "files": "portal/core/files.py",
    "reports": "portal/reporting/sales.py",
    "a register of devices": None,
    "imports from a spreadsheet": None,
    "backup and restore": None,
    "flask doctor": None,
}


def bad_inputs():
    """(name, tests, desk) of each row of the list."""
    with (TESTS / "bad_inputs.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield f"{row['interface']} {row['n']}", row["played_by"].split(), row["waits_for"]


def faults():
    """(name, tests, desk) of each fault of the five systems before this one."""
    for system, told in yaml.safe_load((TESTS / "lessons.yaml").read_text()).items():
        for each in told:
            assert each.keys() <= {"fault", "tests", "waits_for"}, each
            yield f"{system}: {each['fault']}", each.get("tests", []), each.get("waits_for", "")


@cache
def names_in(path):
    """The names of the tests in a file under tests/."""
    file = TESTS / path
    return {node.name for node in ast.parse(file.read_text()).body if hasattr(node, "name")} if file.is_file() else ()


@pytest.mark.parametrize("rows", [bad_inputs, faults])
def test_each_is_played_by_a_test_or_waits_for_a_desk(rows):
    neither = [name for name, played, desk in rows() if not played and not desk]
    gone = [
        f"{name} -> {test}"
        for name, played, _desk in rows()
        for test in played
        if test.partition("::")[2] not in names_in(test.partition("::")[0])
    ]
    assert not neither, f"neither played nor waiting: {neither}"
    assert not gone, f"no such test: {gone}"


@pytest.mark.parametrize("rows", [bad_inputs, faults])
def test_nothing_waits_for_a_desk_that_is_here(rows):
    waiting = [(name, desk) for name, _played, desk in rows() if desk]
    assert {desk for _name, desk in waiting} <= DESKS.keys()
    late = [f"{name} waited for {desk}" for name, desk in waiting if DESKS[desk] and (ROOT / DESKS[desk]).exists()]
    assert not late, f"the desk is here, so play these: {late}"


def test_the_list_of_bad_inputs_is_the_one_that_was_agreed():
    """Where the plan lies beside the clone, it is compared row by row; a row is never lost."""
    with (TESTS / "bad_inputs.csv").open(encoding="utf-8", newline="") as lines:
        ours = [tuple(row[name] for name in ("interface", "n", "input", "expected")) for row in csv.DictReader(lines)]
    assert len(set(ours)) == len(ours) >= 144
    plan = next((up / "shared/data/bad_inputs.csv" for up in ROOT.parents if (up / "shared/data").is_dir()), None)
    if plan:
        with plan.open(encoding="utf-8", newline="") as lines:
            assert ours == [tuple(row.values()) for row in csv.DictReader(lines)]

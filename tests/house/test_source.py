"""Faults that can be read in the source before anybody runs it."""

import ast
import re
from importlib import metadata

from packaging.requirements import Requirement

from tests.house.test_files import ROOT, tracked

FOLDERS = ("portal", "jobs", "bench", "scripts", "docs", ".ci")
FILES = ("config.py", "config_providers.py", "config_reader.py", "run.py", "wsgi.py", "Makefile", "README.md")


def product(*endings):
    """Path and text of the product's own files."""
    for path in tracked(*endings):
        where = path.relative_to(ROOT)
        if where.parts[0] in (*FOLDERS, *FILES):
            yield str(where), path.read_text(errors="replace")


def trees(folder):
    for where, text in product(".py"):
        if where.startswith(folder):
            yield where, ast.parse(text)


def test_no_password_and_no_key_is_committed():
    in_an_address = re.compile(r"(?:postgres\w*|rediss?|mqtts?)://[^\s:/@\"'{}<$]+:(?!\.\.\.)[^\s@\"'{}<$]+@")
    assigned = re.compile(r"(?:SECRET_KEY|PASSWORD|API_KEY|secret_key|password)\s*=\s*[\"']\w[^\"']{7,}[\"']")
    live = re.compile(r"sk_live_\w+|-----BEGIN [A-Z ]*PRIVATE KEY")
    found = [
        f"{where}: {match.group(0)}"
        for where, text in product(".py", ".md", ".toml", ".yaml", ".sh", "Makefile", "run")
        for pattern in (in_an_address, assigned, live)
        for match in pattern.finditer(text)
        if not where.startswith("portal/demo/")  # the demo's logins are printed at every start
    ]
    assert not found, found
    assert not [path for path in tracked("") if path.name.startswith(".env")]


def test_no_strangers_broker_or_database_is_written_in():
    """Where things are is said by the settings; only this machine is known by name."""
    address = re.compile(r"(?:postgres\w*|rediss?|mqtts?|amqps?)://(?:[^\s/@\"']*@)?([a-zA-Z][\w.-]*\.[a-z]{2,})")
    found = [f"{where}: {match.group(0)}" for where, text in product(".py") for match in address.finditer(text)]
    assert not found, found


def test_secrets_are_compared_in_constant_time():
    telling = re.compile(r"signature|secret|digest|hmac|password|verif_?hash|self\._hash|proof\(", re.IGNORECASE)
    found = [
        f"{where}:{node.lineno} {ast.unparse(node)}"
        for where, tree in trees("portal/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and telling.search(ast.unparse(node))
        and not any(isinstance(each, ast.Constant) for each in (node.left, *node.comparators))
    ]
    assert not found, found


def test_whoever_proves_where_a_message_comes_from_compares_in_constant_time():
    """Each provider's signature or hash, and paybill addresses that carry a proof instead of standing in a table."""
    proving = {
        (where, node.name): {
            each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            for each in ast.walk(node)
            if isinstance(each, ast.Call)
        }
        for where, tree in trees("portal/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and not where.startswith("portal/gateways/vocabulary/")
        and (node.name == "parse_webhook" or (where.endswith("paybill_accounts.py") and node.name == "by_token"))
    }
    assert {where.split("/")[2] for where, _name in proving} >= {"paystack", "flutterwave", "payments"}
    careless = [each for each, calls in proving.items() if "compare_digest" not in calls]
    assert not careless, careless


def test_the_address_of_a_phones_answer_is_looked_up_and_never_compared_here():
    """Daraja signs nothing; its tokens hold 128 bits of chance, and the database's index finds them or does not."""
    found = [
        f"{where}:{node.lineno} {ast.unparse(node)}"
        for where, tree in trees("portal/")
        if where.startswith(("portal/shared/payments/services", "portal/api/", "portal/gateways/daraja"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and any(re.search(r"(^|[._])token$", ast.unparse(each)) for each in (node.left, *node.comparators))
        and not any("self._token" in ast.unparse(each) for each in (node.left, *node.comparators))
    ]
    assert not found, found


def test_only_the_one_link_talks_to_the_broker():
    """No request opens a connection of its own: a command is queued, and the link that is open sends it."""
    users = {
        where
        for where, tree in trees("portal/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        and any("paho" in name or "gateways.broker" in name for name in _imported(node))
    }
    strangers = {each for each in users if not each.startswith(("portal/mqtt/", "portal/demo/", "portal/gateways/"))}
    assert users
    assert not strangers, strangers


def _imported(node):
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [f"{node.module}.{each.name}" for each in node.names]


def test_money_is_never_a_float():
    rooms = ("portal/core/money", "portal/shared/payments", "portal/shared/access", "portal/reporting/revenue",
             "portal/gateways/paystack", "portal/gateways/flutterwave", "portal/gateways/daraja",
             "portal/gateways/vocabulary", "portal/gateways/figures", "portal/gateways/sandbox")  # fmt: skip
    found = [
        f"{where}:{node.lineno}"
        for room in rooms
        for where, tree in trees(room)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "float"
    ]
    assert not found, found


def test_what_is_installed_is_what_the_lock_says():
    other = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if not line.startswith((" ", "#", "-")) and "==" in line:
            asked = Requirement(line.removesuffix("\\").strip())
            if asked.marker is None or asked.marker.evaluate():
                installed = metadata.version(asked.name)
                if not asked.specifier.contains(installed):
                    other[str(asked)] = installed
    assert not other, f"make lock, or remove .venv: {other}"


def test_each_decision_names_what_enforces_it():
    """A rule that only stands in prose is a rule nobody calls."""
    loose = []
    for where, text in product(".md"):
        if where.startswith("docs/decisions/"):
            enforced = re.search(r"Enforced by(.*)", text, re.DOTALL)
            named = re.findall(r"`([\w./]+)`", enforced.group(1)) if enforced else []
            paths = [each for each in named if "/" in each]
            if not paths or not all((ROOT / each).exists() for each in paths):
                loose.append(f"{where}: {named}")
    assert not loose, loose

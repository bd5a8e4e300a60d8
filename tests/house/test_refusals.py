"""Every refusal is a sentence that a clerk understands: read from the source, so that none is missed."""

import ast
import re

from portal.core.errors import DomainError
from tests.house.test_files import ROOT, tracked

PLACEHOLDER = re.compile(r"%\(\w+\)s")
#: What tells a programmer something, and a clerk nothing.
JARGON = re.compile(
    r"_|[a-z][A-Z]|\w*(Error|Exception)\b|\b(null|None|NULL|True|False|UUID|ISO|regex|integer|boolean|string|array|"
    r"enum|constraint|transaction id|payload|exception|traceback|invalid|unsupported|deserial\w+|commit|rollback)\b"
)
#: The JSON door speaks to programs: what they send is named as they write it.
NAMES = ("Idempotency-Key", "UUID", "room_number", "vehicle_number", "phone_number")
#: Answers in the very words of the provider it stands for; no clerk reads them.
PROVIDER = "portal/gateways/sandbox"


def refusals(kind=DomainError):
    for each in kind.__subclasses__():
        yield each.__name__
        yield from refusals(each)


def said():
    """(where, words) of every refusal made in the source."""
    names = {"DomainError", "ValidationError", *refusals()}
    for path in tracked(".py"):
        where = path.relative_to(ROOT)
        if where.parts[0] not in ("portal", "jobs") or where.is_relative_to(PROVIDER):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
                yield f"{where}:{node.lineno}", node.args[0] if node.args else None


def sentences(words):
    """The texts of `_(...)` and `ngettext(...)` in what a refusal is given to say."""
    for each in ast.walk(words):
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") in ("_", "ngettext"):
            yield from (text.value for text in each.args[:2] if isinstance(text, ast.Constant))


def test_every_refusal_is_a_sentence_without_jargon():
    bad = []
    for where, words in said():
        for text in sentences(words) if words is not None else ():
            plain = PLACEHOLDER.sub("101", text)
            for name in NAMES:
                plain = plain.replace(name, "name")
            if not plain.endswith((".", "?", ".”")) or plain[0].islower() or JARGON.search(plain):
                bad.append(f"{where}: {text}")
    assert not bad, "\n".join(bad)


def test_every_refusal_speaks_and_can_be_translated():
    bare = [where for where, words in said() if words is None or isinstance(words, ast.Constant | ast.JoinedStr)]
    assert not bare, bare

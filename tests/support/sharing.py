"""How the workers of a run share its tests: what uses the running portal goes to one of them, the rest one by one."""

from functools import cache
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from config import ROOT

PORTAL = ("portal_url", "running_portal")


class Shares(LoadScopeScheduling):
    """A portal is started once, and no two browsers draw maps at the same time.

    The group that a test is marked with would say the same, but does not reach this side with every pytest.
    """

    def _split_scope(self, nodeid: str) -> Any:
        return "journeys" if _uses_the_portal(nodeid.partition("::")[0]) else nodeid


@cache
def _uses_the_portal(path: str) -> bool:
    words = (ROOT / path).read_text()
    return any(name in words for name in PORTAL)

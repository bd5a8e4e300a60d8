"""The rights matrix as a page of the documentation: docs/rights.md is this, written by `flask rights-doc`."""

from __future__ import annotations

from portal.shared.identity.models import Role
from portal.shared.identity.permissions import Permission, matrix

HEAD = """# Who may do what

Written by `flask rights-doc` from `portal/shared/identity/permissions.yaml`; do not edit it here.
Rights are held per place, by role. Nothing is allowed that is not listed: another place's things read as not
there (404), a right the role lacks is refused in words (403). A platform admin has an owner's rights at every
place, and the audit trail says so. `re` means that the password must have been given within the last half hour
(an access token counts for an hour after the password it was got with).
"""


def as_markdown() -> str:
    """The page."""
    rights = matrix()
    roles = [role for role in Role if role is not Role.CUSTOMER]
    lines = [HEAD, "| Right | " + " | ".join(rights.roles[role] for role in roles) + " | Name |"]
    lines.append("|---|" + ":-:|" * len(roles) + "---|")
    for right in rights.permissions.values():
        cells = [_cell(right, role) for role in roles]
        lines.append(f"| {_words(right)} | {' | '.join(cells)} | `{right.name}` |")
    return "\n".join(lines) + "\n"


def _words(right: Permission) -> str:
    more = (["With a written reason."] if right.always_with_reason else []) + ([right.note] if right.note else [])
    return f"{right.words}{f' ({chr(32).join(more)})' if more else ''}"


def _cell(right: Permission, role: Role) -> str:
    if role not in right.roles:
        return "–"
    return "re" if role in right.re else "✓"

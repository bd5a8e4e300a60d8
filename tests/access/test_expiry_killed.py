"""The expiry worker is killed in the middle of its work; what it left is finished, and nothing is done twice."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from portal.shared.access.services import expiry
from tests.factories import assets

UNITS = 1_000
WORKER = """
from tests.support.databases import settings_for_tests
from portal import create_app
import sys
app = create_app(settings_for_tests(sys.argv[1]))
with app.app_context():
    from portal.shared.access.services import expiry
    print(expiry.expire_ended(), flush=True)
"""


def count(session, condition):
    session.rollback()
    return session.scalar(text(f"select count(*) from {condition}"))


def test_a_thousand_ends_survive_a_killed_worker(committed, database_url):
    """Scenario 16."""
    _due_units(committed, assets.place().id)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, database_url],
        cwd=Path(__file__).parents[2],
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    give_up_at = time.monotonic() + 60
    while count(committed, "unit where status = 'expired'") < UNITS * 4 // 10:
        assert worker.poll() is None, worker.communicate()
        assert time.monotonic() < give_up_at
        time.sleep(0.005)
    worker.kill()
    worker.communicate()
    done = count(committed, "unit where status = 'expired'")
    assert UNITS * 4 // 10 <= done < UNITS
    assert count(committed, "device_command") == done

    assert expiry.expire_ended() == UNITS - done
    assert count(committed, "unit where status = 'expired'") == UNITS
    assert count(committed, "device_command where action = 'lock'") == UNITS
    assert count(committed, "(select distinct unit_id from device_command) told") == UNITS
    assert count(committed, "access_grant where ended_at is null") == 0
    assert expiry.expire_ended() == 0


def _due_units(session, asset_id):
    """Rooms that were let until a minute ago."""
    session.execute(
        text(
            "with made as (insert into unit"
            " (id, asset_id, number, kind, label, price, status, activated_at, expires_at)"
            " select gen_random_uuid(), :a, n::text, 'room', 'L' || n, 1000000, 'active',"
            " now() - interval '1 day', now() - interval '1 minute' from generate_series(1, :n) n returning id)"
            " insert into access_grant (id, unit_id, asset_id, during, kind, holder, granted_by)"
            " select gen_random_uuid(), id, :a, tstzrange(now() - interval '1 day', now() - interval '1 minute'),"
            " 'paid', 'ada@example.com', 'tests' from made"
        ),
        {"a": asset_id, "n": UNITS},
    )
    session.commit()

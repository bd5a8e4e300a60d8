"""A redelivery is recognised by order and packet id; an equal reading sent twice is not one."""

from __future__ import annotations

from portal.mqtt.replay import Replay, entry


def delivery(packet_id, payload=b"1"):
    return entry(packet_id, b"rooms/H/1/occupancy", payload)


LOG = [delivery(7), delivery(8), delivery(9)]


def test_the_tail_that_comes_again_is_not_stored_again():
    replay = Replay(LOG)
    assert replay.stored_before(True, delivery(8))
    assert replay.stored_before(True, delivery(9))
    assert not replay.stored_before(True, delivery(10))
    assert not replay.stored_before(True, delivery(9)), "after the first new one everything is new"


def test_an_unmarked_message_is_new_however_equal_it_looks():
    assert not Replay(LOG).stored_before(False, delivery(9))


def test_a_packet_id_that_means_another_message_by_now_is_new():
    assert not Replay(LOG).stored_before(True, delivery(8, b"0"))


def test_the_youngest_use_of_a_packet_id_counts():
    replay = Replay([*LOG, delivery(7), delivery(8)])
    assert replay.stored_before(True, delivery(7))
    assert replay.stored_before(True, delivery(8))
    assert not replay.stored_before(True, delivery(9))


def test_a_new_session_has_nothing_to_repeat():
    assert not Replay().stored_before(True, delivery(7))

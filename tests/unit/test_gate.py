"""Latest wins, one in a worker and one waiting, clients in turn."""

import threading

from webapp.gate import Following, Gate, Ticket

DONE = {"type": "result"}


def submit(gate: Gate, client: str, encoded: bytes = b"x") -> Ticket:
    ticket = Ticket(client, encoded, Following(), 0.0)
    gate.submit(ticket)
    return ticket


def test_a_newer_frame_replaces_the_waiting_one():
    gate = Gate()
    old, new = submit(gate, "a"), submit(gate, "a")
    assert old.finished.is_set()
    assert old.outcome is None
    assert gate.take() is new


def test_one_in_a_worker_and_one_waiting():
    gate = Gate()
    first = submit(gate, "a")
    assert gate.take() is first
    second = submit(gate, "a")
    other = submit(gate, "b")
    assert gate.take() is other  # a's second frame waits until its first is done
    gate.release(first, DONE)
    assert first.outcome == DONE
    assert gate.take() is second


def test_clients_are_served_in_turn():
    """A client that floods gets no more turns than one that does not."""
    gate = Gate()
    served = []
    for client in "abc":
        submit(gate, client)
    for _ in range(9):
        ticket = gate.take()
        served.append(ticket.client)
        for _ in range(5 if ticket.client == "a" else 1):
            submit(gate, ticket.client)
        gate.release(ticket, DONE)
    assert served == list("abcabcabc")


def test_giving_up_on_a_waiting_frame_makes_room():
    gate = Gate()
    late = submit(gate, "a")
    gate.give_up(late)
    assert late.finished.is_set()
    assert gate.take(0.01) is None
    fresh = submit(gate, "a")
    assert gate.take() is fresh


def test_a_client_whose_frame_hangs_a_worker_gets_no_second_one():
    gate = Gate()
    stuck = submit(gate, "a")
    gate.take()
    gate.give_up(stuck)
    assert stuck.outcome is None
    fresh = submit(gate, "a")
    assert gate.take(0.01) is None
    gate.release(stuck, DONE)  # late: wakes nobody, but frees the place
    assert stuck.outcome is None
    assert gate.take() is fresh


def test_the_state_of_the_faces_goes_from_frame_to_frame():
    gate, following = Gate(), Following()
    for i in range(3):
        gate.submit(Ticket("a", b"x", following, 0.0))
        ticket = gate.take()
        assert ticket.following.tracks == (None if i == 0 else {"next": i - 1})
        gate.release(ticket, {"type": "result", "tracks": {"next": i}})
        assert "tracks" not in ticket.outcome


def test_a_client_that_leaves_takes_its_frames_along():
    gate = Gate()
    served, waiting = submit(gate, "a"), None
    gate.take()
    waiting = submit(gate, "a")
    gate.remove("a")
    gate.remove("a")
    assert served.finished.is_set()
    assert waiting.finished.is_set()
    next_one = submit(gate, "b")
    assert gate.take() is next_one


def test_closing_ends_waiting_takers():
    gate = Gate()
    taken = []
    taker = threading.Thread(target=lambda: taken.append(gate.take()))
    taker.start()
    gate.close()
    taker.join(5)
    assert taken == [None]

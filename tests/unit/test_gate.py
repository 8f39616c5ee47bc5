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


def test_giving_up_frees_the_slot_and_ignores_the_late_answer():
    gate = Gate()
    stuck = submit(gate, "a")
    gate.take()
    gate.give_up(stuck)
    assert stuck.outcome is None
    fresh = submit(gate, "a")
    assert gate.take() is fresh
    gate.release(stuck, DONE)  # late: must not touch the frame now in a worker
    assert stuck.outcome is None
    later = submit(gate, "a")
    gate.release(fresh, DONE)
    assert gate.take() is later


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

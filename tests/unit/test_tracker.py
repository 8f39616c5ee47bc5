"""Track numbers stay with their faces: through crossings, losses, returns and crowds."""

import json

import numpy as np

from model.tracker import follow

FRAME_MS = 66.0


def face_at(x: float, y: float, side: float = 60) -> list[float]:
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def play(frames: list[list[list[float]]], step_ms: float = FRAME_MS) -> list[list[int]]:
    """Track numbers of each frame's boxes; the state goes through JSON as it does in service."""
    state, numbers = None, []
    for i, boxes in enumerate(frames):
        found, state = follow(state, np.array(boxes, np.float32).reshape(-1, 4), 1000 + i * step_ms)
        state = json.loads(json.dumps(state))
        numbers.append(found)
    return numbers


def test_numbers_are_given_in_order_and_kept():
    frames = [[face_at(100 + 3 * i, 100), face_at(400, 200 + 2 * i)] for i in range(30)]
    assert play(frames) == [[0, 1]] * 30


def test_the_order_of_boxes_does_not_matter():
    a, b = face_at(100, 100), face_at(400, 200)
    assert play([[a, b], [b, a], [a, b]]) == [[0, 1], [1, 0], [0, 1]]


def test_crossing_faces_keep_their_numbers():
    """Two faces walk through each other, a little apart in height, as people do."""
    frames = [[face_at(100 + 8 * i, 200), face_at(500 - 8 * i, 225)] for i in range(51)]
    assert play(frames) == [[0, 1]] * 51


def test_crossing_faces_that_hide_each_other_keep_their_numbers():
    frames = [[face_at(100 + 8 * i, 200), face_at(500 - 8 * i, 210)] for i in range(51)]
    numbers = play([pair if not 23 <= i <= 27 else pair[:1] for i, pair in enumerate(frames)])
    assert numbers[22] == [0, 1]
    assert numbers[-1] == [0, 1]


def test_a_short_loss_keeps_the_number():
    still = [face_at(300, 200)]
    assert play([still] * 5 + [[]] * 10 + [still] * 5)[-1] == [0]


def test_a_face_that_leaves_and_returns_leaves_the_others_alone():
    a, b = face_at(150, 200), face_at(450, 200)
    away = int(3000 / FRAME_MS)
    numbers = play([[a, b]] * 5 + [[a]] * away + [[a, b]] * 5)
    assert all(n[0] == 0 for n in numbers)
    assert numbers[-1] == [0, 2]  # too long away: a new number, never somebody else's


def test_ten_faces():
    rng = np.random.default_rng(0)
    places = [face_at(60 + 120 * (i % 5), 100 + 200 * (i // 5)) for i in range(10)]
    frames, expected = [], []
    for _ in range(40):
        order = rng.permutation(10)
        frames.append([list(np.array(places[i]) + rng.normal(0, 3, 4)) for i in order])
        expected.append(order)
    numbers = play(frames)
    first = dict(zip(expected[0], numbers[0], strict=True))
    for order, found in zip(expected, numbers, strict=True):
        assert found == [first[i] for i in order]


def test_a_jump_is_a_new_face():
    assert play([[face_at(100, 100)], [face_at(500, 400)]]) == [[0], [1]]


def test_a_clock_that_runs_backwards_starts_new_tracks():
    _, state = follow(None, np.array([face_at(100, 100)]), 5000)
    numbers, _ = follow(state, np.array([face_at(100, 100)]), 1000)
    assert numbers == [1]


def test_no_faces():
    assert follow(None, np.zeros((0, 4), np.float32), 0) == ([], {"next": 0, "tracks": []})


def test_the_state_stays_small_when_time_stands_still():
    rng = np.random.default_rng(0)
    state = None
    for _ in range(50):
        corners = rng.uniform(0, 2000, (30, 2))
        _, state = follow(state, np.concatenate([corners, corners + 20], 1), 0)
    assert len(state["tracks"]) <= 64


def test_a_face_that_turns_round_keeps_its_number():
    """Back and forth, seen four times a second: at each turn motion points the wrong way."""
    state, seen = None, set()
    for i in range(40):
        x = 60.0 * abs(i % 12 - 6)
        numbers, state = follow(state, np.array([[x, 0, x + 80, 80]]), 250.0 * i)
        seen |= set(numbers)
    assert seen == {0}

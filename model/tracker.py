"""Which face is which from frame to frame, by position and motion alone; nobody is identified.

`follow` is a pure function. Its small state is plain JSON: it travels with each frame to whichever
worker serves it, and back with the result.
"""

from typing import Any

import numpy as np

from model.geometry import iou

# A lost face keeps its number for this long.
_MEMORY_MS = 1500.0
# Motion is trusted this far ahead; a face does not keep its speed for longer.
_FORESIGHT_MS = 400.0
# Share of the newest step in the running speed.
_SPEED_GAIN = 0.5
# A face further from where it was expected than this many of its own sides is another one.
_REACH = 1.2
# Weight of the place where a face was last seen, against the place where it was heading.
_TURNED = 0.5
_MAX_TRACKS = 64
# Faces whose sides differ by more than this factor are different ones.
_MAX_GROWTH = 2.0


def follow(
    state: dict[str, Any] | None, boxes: np.ndarray, now_ms: float
) -> tuple[list[int], dict[str, Any]]:
    """Give each box the number of the track it continues, or a new one.

    Pairs are taken best first, by IoU with the place where motion would have brought the track, and
    where they do not overlap, by how near they are.

    Args:
        state: what the last call returned; None starts anew.
        boxes: (N, 4) xyxy, in units of which a face is many wide (pixels, say), always the same.
        now_ms: time of the frame; only differences count.

    Returns:
        The N track numbers, counted from 0, and the new state.
    """
    state = state or {"next": 0, "tracks": []}
    tracks = [t for t in state["tracks"] if 0 <= now_ms - t["seen"] <= _MEMORY_MS]
    expected, last = (
        np.array(places).reshape(-1, 4)
        for places in ([_expected(t, now_ms) for t in tracks], [t["box"] for t in tracks])
    )
    pairs = _match(expected, last, boxes)
    numbers = [-1] * len(boxes)
    kept = dict(enumerate(tracks))
    following = []
    for track_at, box_at in pairs:
        track = kept.pop(track_at)
        numbers[box_at] = track["id"]
        following.append(_moved(track, boxes[box_at], now_ms))
    next_id = state["next"]
    for box_at, box in enumerate(boxes):
        if numbers[box_at] < 0:
            numbers[box_at] = next_id
            following.append({"id": next_id, "box": _plain(box), "speed": [0, 0], "seen": now_ms})
            next_id += 1
    # Bounded, whatever a client says the time is: the state travels with every frame.
    return numbers, {"next": next_id, "tracks": (following + list(kept.values()))[:_MAX_TRACKS]}


def expected(state: dict[str, Any], last_ms: float, now_ms: float) -> np.ndarray:
    """(N, 4) xyxy boxes where the faces of one frame would be now if they kept their speed.

    Args:
        state: what `follow` returned for that frame.
        last_ms: time of that frame; faces that it did not show are left out.
        now_ms: time of the next frame.
    """
    places = [_expected(t, now_ms) for t in state["tracks"] if t["seen"] == last_ms]
    return np.array(places).reshape(-1, 4)


def _expected(track: dict[str, Any], now_ms: float) -> np.ndarray:
    """(4,) box where the track would be now if it kept its speed."""
    ahead = min(now_ms - track["seen"], _FORESIGHT_MS)
    return np.array(track["box"]) + np.tile(np.array(track["speed"]) * ahead, 2)


def _match(expected: np.ndarray, last: np.ndarray, boxes: np.ndarray) -> list[tuple[int, int]]:
    if not len(expected) or not len(boxes):
        return []
    side_a, side_b = _sides(last)[:, None], _sides(boxes)[None]
    alike = np.maximum(side_a / side_b, side_b / side_a) <= _MAX_GROWTH

    def nearness(places: np.ndarray) -> np.ndarray:
        """1 at the same place, below 0 out of reach."""
        centres = np.linalg.norm(_centres(places)[:, None] - _centres(boxes)[None], axis=2)
        return 1 - centres / np.minimum(side_a, side_b) / _REACH

    # IoU decides among overlapping pairs, nearness among the others, which come later. A face
    # that turned round is nearer to where it was than to where it was heading.
    turned = _TURNED * nearness(last)
    near = np.maximum(nearness(expected), turned)
    pairs, score = [], np.where(alike & (near >= 0), iou(expected, boxes) + near, -1.0)
    while score.size and score.max() > 0:
        track_at, box_at = np.unravel_index(score.argmax(), score.shape)
        pairs.append((int(track_at), int(box_at)))
        score[track_at], score[:, box_at] = -1.0, -1.0
    return pairs


def _moved(track: dict[str, Any], box: np.ndarray, now_ms: float) -> dict[str, Any]:
    passed = now_ms - track["seen"]
    speed = np.array(track["speed"])
    if passed > 0:
        step = (_centres(box[None]) - _centres(np.array([track["box"]])))[0] / passed
        speed = speed + _SPEED_GAIN * (step - speed)
    rounded = [round(float(v), 5) for v in speed]
    return {"id": track["id"], "box": _plain(box), "speed": rounded, "seen": now_ms}


def _sides(boxes: np.ndarray) -> np.ndarray:
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return np.sqrt(np.maximum(width * height, 1.0))


def _centres(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _plain(box: np.ndarray) -> list[float]:
    return [round(float(v), 1) for v in box]

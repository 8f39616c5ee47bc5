"""One streaming Socket.IO client in a process of its own, started by `benchmarks.load`.

`python -m benchmarks.client JSON`, the arguments of `stream` as an object. It says `ready` when it
has warmed up, starts at a line on standard input, prints its measurements as a line of JSON, and
stays connected until its input ends.
"""

import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import socketio

_WARM_UP_FRAMES = 3
# For what is still on its way at the end.
_LAST_LIMIT_S = 10.0


def stream(url: str, frame: str, seconds: float, in_flight: int, rate: float | None) -> None:
    """Send one picture over and over.

    Args:
        url: of the server.
        frame: file of the picture.
        seconds: to send for.
        in_flight: frames kept on their way, as the page does.
        rate: frames a second that are offered instead, whatever comes back; or None.
    """
    encoded = Path(frame).read_bytes()
    client = socketio.Client(reconnection=False)
    round_trips: list[float] = []
    server: list[dict[str, float]] = []
    acks: Counter[str] = Counter()
    credit = threading.Semaphore(in_flight)
    last: dict = {}

    def on_result(result: dict) -> None:
        last.update(result, at=time.perf_counter())
        if result["id"] > _WARM_UP_FRAMES:
            round_trips.append((last["at"] - result["sent_at"]) * 1e3)
            server.append(result["timing_ms"])

    def on_ack(ack: dict) -> None:
        acks["ok" if ack["ok"] else ack["code"]] += 1
        credit.release()

    client.on("result", on_result)
    client.connect(url, transports=["websocket"])
    for frame_id in range(1, _WARM_UP_FRAMES + 1):
        client.call("frame", ({"id": frame_id, "sent_at": time.perf_counter()}, encoded))
    print("ready", flush=True)
    sys.stdin.readline()

    started = time.perf_counter()
    # Clients do not offer their frames all at the same moment.
    due = started + random.random() / rate if rate else started
    sent = 0
    while due < started + seconds:
        if rate:
            time.sleep(max(0.0, due - time.perf_counter()))
            due += 1 / rate
        else:
            credit.acquire()
            due = time.perf_counter()
        sent += 1
        header = {"id": _WARM_UP_FRAMES + sent, "sent_at": time.perf_counter()}
        client.emit("frame", (header, encoded), callback=on_ack)
    deadline = time.perf_counter() + _LAST_LIMIT_S
    while acks.total() < sent and time.perf_counter() < deadline:
        time.sleep(0.005)
    answer = {
        "sent_to_result_ms": round_trips,
        "server_ms": server,
        "sent": sent,
        "dropped": acks["dropped"],
        "refused": acks.total() - acks["ok"] - acks["dropped"],
        "faces": len(last.get("faces", ())),
        "seconds": max(seconds, last.get("at", started) - started),
    }
    print(json.dumps(answer), flush=True)
    sys.stdin.readline()
    client.disconnect()


if __name__ == "__main__":
    stream(**json.loads(sys.argv[1]))

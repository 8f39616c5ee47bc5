"""One streaming Socket.IO client in a process of its own; prints its measurements as JSON.

Started by `benchmarks.service`: `python -m benchmarks.client URL SECONDS FACES IN_FLIGHT`.
"""

import json
import sys
import threading
import time

import socketio

from benchmarks.frames import portrait_frame, to_jpeg


def stream(url: str, seconds: float, faces: int, in_flight: int) -> dict:
    """Keep frames in flight for a while, as the page does.

    Returns:
        sent_to_result_ms, server_ms (received to sent), dropped, faces (found in the last frame),
        seconds.
    """
    encoded = to_jpeg(portrait_frame(faces))
    client = socketio.Client(reconnection=False)
    credit = threading.Semaphore(in_flight)
    round_trips, server, last = [], [], {}

    def on_result(result: dict) -> None:
        last.update(result)
        if result["id"] > warm_up:
            round_trips.append((time.perf_counter() - result["sent_at"]) * 1e3)
            server.append(result["timing_ms"])

    client.on("result", on_result)
    client.connect(url, transports=["websocket"])
    warm_up, frame_id = 5, 0
    started = None
    while started is None or time.perf_counter() - started < seconds:
        credit.acquire()
        if frame_id == warm_up:
            started = time.perf_counter()
        frame_id += 1
        header = {"id": frame_id, "sent_at": time.perf_counter()}
        client.emit("frame", (header, encoded), callback=lambda _ack: credit.release())
    elapsed = time.perf_counter() - started
    client.disconnect()
    return {
        "sent_to_result_ms": round_trips,
        "server_ms": server,
        "dropped": last.get("dropped", 0),
        "faces": len(last.get("faces", ())),
        "seconds": elapsed,
    }


if __name__ == "__main__":
    address, duration, face_count, window = sys.argv[1:]
    print(json.dumps(stream(address, float(duration), int(face_count), int(window))))

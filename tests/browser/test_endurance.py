"""An hour of results, fed fast to the live page: it must not grow, nor draw slower.

The page is untouched and its own: only its clock, its display frames and its timer are the test's.
"""

import re
import statistics

import pytest

from model.labels import LABELS
from tests.browser.test_live import start, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RESULTS_A_TENTH = 15 * 360
DISPLAY_EVERY = 75  # results; more often it would only take time
# Drawing is timed in this many short runs, within the time that a face is shown without a result.
RUNS, FRAMES_A_RUN = 31, 36
MOST_GROWTH = 1.2

# Before the page's own scripts: remember its connection and its timers.
REMEMBER = """
window.remembered = {frames: [], timers: [], driven: false};
const remembered = window.remembered;
const display = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) =>
    remembered.driven ? remembered.frames.push(draw) : display(draw);
const repeat = window.setInterval.bind(window);
window.setInterval = (fire, ms) => {
    remembered.timers.push(fire);
    return repeat(() => remembered.driven || fire(), ms);
};
window.WebSocket = class extends WebSocket {
    constructor(...where) {
        super(...where);
        remembered.socket = this;
    }
    send(message) {
        remembered.stream = /"stream":"([^"]+)"/.exec(message)?.[1] ?? remembered.stream;
        super.send(message);
    }
};
"""

# From here on time is what the test says, and the camera is off.
TAKE_OVER = """(labels) => {
    const {remembered} = window;
    const realNow = performance.now.bind(performance);
    let now = realNow();
    performance.now = () => now;
    for (const track of document.querySelector("video").srcObject.getTracks()) track.stop();
    remembered.driven = true;
    let id = 1e9;

    function face(track, place, seconds) {
        const weights = labels.map((_, i) => Math.exp(2 * Math.sin(seconds / 3 + i + track)));
        const total = weights.reduce((sum, w) => sum + w);
        const probabilities = Object.fromEntries(labels.map((l, i) => [l, weights[i] / total]));
        const confidence = Math.max(...Object.values(probabilities));
        const label = labels.find((l) => probabilities[l] === confidence);
        const box = [20 + 200 * place + 10 * Math.sin(seconds), 100, 90, 120];
        const confident = confidence > 0.5;
        return {track, box, score: 0.99, label, confidence, confident, probabilities};
    }

    // One stays, one comes anew every 10 seconds, one every 20.
    function result() {
        const seconds = now / 1000;
        const tracks = [0, 2 * Math.floor(seconds / 10) + 1, 2 * Math.floor(seconds / 20) + 2];
        return {
            id: id++, sent_at: now - 60, stream: remembered.stream, t: now - 60,
            width: 640, height: 480, dropped: 0,
            faces: tracks.map((track, place) => face(track, place, seconds)),
            timing_ms: {queue: 1, decode: 2, detect: 30, classify: 10, total: 43},
        };
    }

    async function receive() {
        now += 1000 / 15;
        remembered.socket.onmessage({data: "42" + JSON.stringify(["result", result()])});
        await null; // Socket.IO hands on in a microtask
    }

    function drawFrame() {
        for (const draw of remembered.frames.splice(0)) draw(now);
    }

    async function fireTimers() {
        for (const fire of remembered.timers) fire();
        await null; // the timeline draws in a microtask
    }

    remembered.feed = async (count, displayEvery) => {
        for (let i = 1; i <= count; i++) {
            await receive();
            if (i % displayEvery === 0) {
                drawFrame();
                await fireTimers();
            }
            if (i % 600 === 0) await new Promise(setTimeout); // lets the connection's pings in
        }
        return document.querySelector("#others").innerText;
    };

    remembered.display = async (count) => {
        for (let i = 0; i < count; i++) {
            now += 1000 / 60;
            drawFrame();
        }
        await fireTimers();
    };
}"""


class LongLived:
    """A live page with the camera's consent given, whose results come from the test."""

    def __init__(self, page) -> None:
        self.page = page
        page.add_init_script(REMEMBER)
        page.reload()
        start(page)
        wait_for(page, "window.remembered.stream")
        page.evaluate(TAKE_OVER, LABELS)
        self._devtools = page.context.new_cdp_session(page)
        # The main thread's own time, so that other programs count less.
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def feed(self, count: int) -> str:
        """What the page says of its faces after this many more results."""
        return self.page.evaluate("(how) => window.remembered.feed(...how)", [count, DISPLAY_EVERY])

    def weigh(self) -> dict[str, int]:
        """Bytes of its objects, and number of its nodes."""
        self._devtools.send("HeapProfiler.collectGarbage")
        return {
            "heap": self._devtools.send("Runtime.getHeapUsage")["usedSize"],
            "nodes": self._devtools.send("Memory.getDOMCounters")["nodes"],
        }

    def drawing_s(self) -> float:
        """Seconds to draw some frames after a result."""
        self.feed(1)
        before = self._busy_s()
        self.page.evaluate("(count) => window.remembered.display(count)", FRAMES_A_RUN)
        return self._busy_s() - before

    def _busy_s(self) -> float:
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def test_an_hour_leaves_the_page_as_light_and_as_quick(server, open_page):
    pages = young, old = LongLived(open_page(server)), LongLived(open_page(server))
    for page in pages:
        page.feed(RESULTS_A_TENTH)
        for _ in range(RUNS):  # what the browser compiles is neither growth nor slowness
            page.drawing_s()
    first = old.weigh()
    said = old.feed(9 * RESULTS_A_TENTH)
    # All of the hour's faces have come.
    assert max(map(int, re.findall(r"\d+", said))) > 2 * 3600 / 10
    last = old.weigh()
    # In turn, so that both meet the same load: `young` is still at the end of its first tenth.
    slower = statistics.median(old.drawing_s() / young.drawing_s() for _ in range(RUNS))
    growth = {name: last[name] / first[name] for name in first} | {"drawing": slower}
    assert max(growth.values()) <= MOST_GROWTH, growth
    assert young.page.errors == old.page.errors == []

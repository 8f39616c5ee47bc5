"""An hour of results, fed fast to the live page: it must not grow, nor draw slower.

The page is untouched and its own: only its clock, its display frames and its timer are the test's.
"""

import re

import pytest

from model.labels import LABELS
from tests.browser.test_live import start, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RESULTS_A_TENTH = 15 * 360
# Drawing is timed in this many runs; the quickest one counts.
RUNS, RESULTS_A_RUN = 12, 25
DRAW_EVERY = 75  # results; elsewhere it would only take time
MOST_GROWTH = 1.2

# Before the page's own scripts: remember its connection and its timers.
REMEMBER = """
window.remembered = {frames: [], timers: [], driven: false,
    display: window.requestAnimationFrame.bind(window)};
const remembered = window.remembered;
window.requestAnimationFrame = (draw) =>
    remembered.driven ? remembered.frames.push(draw) : remembered.display(draw);
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

    // Draw what there is at every so many results.
    remembered.feed = async (count, drawEvery) => {
        for (let i = 1; i <= count; i++) {
            now += 1000 / 15;
            const data = "42" + JSON.stringify(["result", result()]);
            remembered.socket.onmessage({data});
            await null; // Socket.IO hands on in a microtask
            if (i % 600 === 0) await new Promise(setTimeout); // lets the connection's pings in
            if (i % drawEvery) continue;
            for (const draw of remembered.frames.splice(0)) draw(now);
            for (const fire of remembered.timers) fire();
            await null; // so does the timeline
        }
        return document.querySelector("#others").innerText;
    };
}"""


def test_an_hour_leaves_the_page_as_light_and_as_quick(server, open_page):
    page = open_page(server)
    page.add_init_script(REMEMBER)
    page.reload()
    start(page)
    wait_for(page, "window.remembered.stream")
    page.evaluate(TAKE_OVER, LABELS)
    devtools = page.context.new_cdp_session(page)
    # The main thread's own time, so that a busy machine does not count.
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def feed(count: int, draw_every: int) -> str:
        return page.evaluate("(how) => window.remembered.feed(...how)", [count, draw_every])

    def busy_s() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    def drawing_s() -> float:
        before = busy_s()
        feed(RESULTS_A_RUN, 1)
        return busy_s() - before

    def tenth() -> dict[str, float]:
        """Feed a tenth of an hour; bytes, elements and seconds at its end."""
        feed(RESULTS_A_TENTH - RUNS * RESULTS_A_RUN, DRAW_EVERY)
        seconds = min(drawing_s() for _ in range(RUNS))
        devtools.send("HeapProfiler.collectGarbage")
        return {
            "heap": devtools.send("Runtime.getHeapUsage")["usedSize"],
            "nodes": devtools.send("Memory.getDOMCounters")["nodes"],
            "drawing": seconds,
        }

    first = tenth()
    feed(8 * RESULTS_A_TENTH, DRAW_EVERY)
    last = tenth()
    newest = max(map(int, re.findall(r"\d+", feed(1, 1))))
    assert newest > 2 * 3600 / 10  # all of the hour's faces have come
    growth = {name: last[name] / first[name] for name in first}
    assert max(growth.values()) <= MOST_GROWTH, (growth, first, last)
    assert page.errors == []

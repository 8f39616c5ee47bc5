import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_ROWS, Session } from "../../static/js/session.js";

const FRAME = { width: 640, height: 480 };
const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const shown = (track, label, confident = true) => ({
  track,
  label,
  confident,
  probabilities: { Happy: label === "Happy" ? 0.8 : 0.2, Sad: label === "Sad" ? 0.8 : 0.2 },
});
const RAW = [0, 1].map((track) => ({
  track,
  box: [1, 2, 3, 4],
  label: "Sad",
  confidence: 0.7,
  confident: true,
  probabilities: { Happy: 0.3, Sad: 0.7 },
}));

function recorded() {
  const session = new Session(START);
  for (let ms = 0; ms <= 1000; ms += 100) {
    session.add([shown(0, ms < 600 ? "Happy" : "Sad"), ...(ms < 300 ? [shown(1, "Sad")] : [])], RAW, START + ms, FRAME);
  }
  return session;
}

test("time in each expression, changes and confidence by track", () => {
  const [first, second] = recorded().summary();
  assert.equal(first.ms, 1000);
  assert.ok(Math.abs(first.share.Happy - 0.6) < 1e-9);
  assert.ok(Math.abs(first.share.Sad - 0.4) < 1e-9);
  assert.equal(first.changes, 1);
  assert.ok(Math.abs(first.confidence - 0.7) < 1e-9);
  assert.deepEqual([second.ms, second.changes], [200, 0]);
});

test("a long absence is not counted as shown", () => {
  const session = new Session(START);
  for (const ms of [0, 100, 9000, 9100]) session.add([shown(0, "Happy")], RAW, START + ms, FRAME);
  assert.equal(session.summary()[0].ms, 200);
});

test("segments of one expression each, with gaps where the face was away", () => {
  const session = new Session(START);
  const seen = [[0, "Happy"], [100, "Happy"], [200, "Sad"], [300, "Sad"], [9000, "Sad"], [9100, "Sad"]];
  for (const [ms, label] of seen) session.add([shown(0, label)], RAW, START + ms, FRAME);
  assert.deepEqual(session.summary()[0].segments, [
    { label: "Happy", from_ms: 0, to_ms: 200 },
    { label: "Sad", from_ms: 200, to_ms: 300 },
    { label: "Sad", from_ms: 9000, to_ms: 9100 },
  ]);
});

test("a time in which the page was unsure counts for no expression, and changes nothing", () => {
  const session = new Session(START);
  const seen = [[0, "Happy", true], [100, "Happy", false], [200, "Sad", false], [400, "Sad", true], [500, "Sad", true]];
  for (const [ms, ...what] of seen) session.add([shown(0, ...what)], RAW, START + ms, FRAME);
  const [{ segments, share, changes }] = session.summary();
  assert.deepEqual(segments, [
    { label: "Happy", from_ms: 0, to_ms: 100 },
    { label: "Unsure", from_ms: 100, to_ms: 400 },
    { label: "Sad", from_ms: 400, to_ms: 500 },
  ]);
  assert.deepEqual(share, { Happy: 0.2, Unsure: 0.6, Sad: 0.2 });
  assert.equal(changes, 1);
  const steady = session.toCsv().split("\r\n")[2].split(",").slice(12, 14);
  assert.deepEqual(steady, ["Happy", "false"]);
  assert.equal(JSON.parse(session.toJson()).rows[1].steady_confident, false);
});

test("a recording lasts until its end, not until its last face", () => {
  const session = recorded();
  session.end(START + 5000);
  assert.equal(session.durationMs, 5000);
  assert.equal(JSON.parse(session.toJson()).duration_ms, 5000);
});

test("CSV: one line a face, raw values beside the steadied ones, ISO times", () => {
  const lines = recorded().toCsv().trim().split("\r\n");
  assert.equal(lines.length, 1 + 11 + 3);
  assert.equal(
    lines[0],
    "time,ms,track,x,y,width,height,label,confidence,confident,p_Happy,p_Sad,steady_label,steady_confident,steady_p_Happy,steady_p_Sad,frame_width,frame_height",
  );
  assert.equal(
    lines[1],
    "2026-01-02T03:04:05.000Z,0,0,1,2,3,4,Sad,0.7,true,0.3,0.7,Happy,true,0.800000,0.200000,640,480",
  );
});

test("JSON carries the same rows and the summary", () => {
  const session = recorded();
  const parsed = JSON.parse(session.toJson());
  assert.equal(parsed.started, "2026-01-02T03:04:05.000Z");
  assert.equal(parsed.rows.length, session.rows.length);
  assert.equal(parsed.rows[0].steady_label, "Happy");
  assert.equal(parsed.summary.length, 2);
});

test("a recording is bounded, and may be empty", () => {
  const session = new Session(START);
  assert.deepEqual(session.summary(), []);
  assert.equal(session.toCsv().trim().split("\r\n").length, 1);
  for (let i = 0; i < MAX_ROWS + 10; i++) session.add([shown(0, "Sad")], RAW, START + i, FRAME);
  assert.equal(session.rows.length, MAX_ROWS);
});

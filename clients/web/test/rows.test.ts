import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf } from "../src/ansi";
import { groupsOf, headlineOf, rowOf, whyLine } from "../src/rows";
import { pointsOf } from "../src/spark";
import { Frames } from "../src/sse";
import type { InstanceStatus, ServiceStatus, Snapshot, Word } from "../src/wire";

const NOW = new Date("2026-03-01T14:31:07Z");
const MOMENT = { now: NOW, isStale: false, at: "14:31:07" };

function instance(word: Word, change: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    id: "api/0", goal: "up", phase: "running", health: "ready", word, since: "2026-03-01T12:16:00Z", pid: null, run: 1,
    started_at: null, uptime_seconds: null, memory_mb: null, cpu_percent: null, restart_count: 0, ports: {}, url: null,
    last_exit: null, last_stop: null, pending: null, waiting_for: null, next_try: null, cause: [], ...change,
  } as InstanceStatus;
}

function service(word: Word, change: Partial<ServiceStatus> = {}): ServiceStatus {
  return { status: word, instances: [instance(word)], enabled: true, oneshot: false, max_instances: 1, command: "x", has_reload_signal: false, ...change };
}

function snapshot(services: Record<string, ServiceStatus>): Snapshot {
  return { seq: 1, services, supervisor: {} } as unknown as Snapshot;
}

test("what happened is told before what was decided", () => {
  const cause = [{ code: "immediate-exit", text: "ended sooner than 2 s" }, { code: "exited", text: "exit 1, 0.4 s after start" }];
  const failed = instance("failed", { cause, last_exit: { run: 1, code: 1, signal: null, at: "", after_ms: 400, last_line: "address already in use" } });
  assert.equal(whyLine(failed, NOW), "exit 1, 0.4 s after start: address already in use");
});

test("backoff says when it tries again", () => {
  const backoff = instance("backoff", { cause: [{ code: "exited", text: "exit 1" }], next_try: "2026-03-01T14:31:25Z" });
  assert.equal(whyLine(backoff, NOW), "exit 1. Next try in 18 s");
  assert.equal(whyLine({ ...backoff, next_try: "2026-03-01T14:31:00Z" }, NOW), "exit 1. Trying again now");
});

test("nothing is claimed of an engine that does not answer", () => {
  const row = rowOf("api", service("running", { instances: [instance("running", { pid: 7, url: "http://localhost:1/" })] }), undefined, { ...MOMENT, isStale: true });
  assert.deepEqual([row.word, row.why, row.cpu, row.url, row.canStop, row.pid], ["unknown", "was Running, 14:31:07", "", undefined, false, undefined]);
});

test("a state that this page does not know is unknown", () => {
  assert.equal(rowOf("api", service("melting" as Word), undefined, MOMENT).word, "unknown");
});

test("the worst is said first and the rest is counted", () => {
  const many = { api: service("failed"), dash: service("degraded"), gh: service("backoff"), web: service("running") };
  assert.deepEqual(headlineOf(snapshot(many)), { title: "api failed", summary: "1 of 4 running, 2 more need attention", mood: "failed" });
  const said = (services: Record<string, ServiceStatus>): string => headlineOf(snapshot(services)).title;
  assert.equal(said({ a: service("running"), b: service("running") }), "All 2 running");
  assert.equal(said({ a: service("running"), b: service("starting") }), "b starting");
  assert.equal(said({ a: service("stopped") }), "Nothing runs");
  assert.equal(said({}), "No services");
});

test("a filter finds names, groups and states, and groups keep their sum", () => {
  const services = { api: service("failed", { group: "Backend" }), db: service("running", { group: "Backend" }), docs: service("stopped") };
  const found = (filter: string, only: "all" | "attention" = "all"): unknown =>
    groupsOf(snapshot(services), new Map(), MOMENT, { filter, only }).map((group) => [group.name, group.summary, group.rows.map((row) => row.name).join()]);
  assert.deepEqual(found(""), [["Backend", "1 of 2 running, 1 failed", "api,db"], ["", "0 of 1 running", "docs"]]);
  assert.deepEqual(found("BACK", "attention"), [["Backend", "1 of 2 running, 1 failed", "api"]]);
  assert.deepEqual(found("stopp"), [["", "0 of 1 running", "docs"]]);
  assert.deepEqual(found("nothing"), []);
});

test("a course ends at the right and stays within its size", () => {
  assert.deepEqual(pointsOf([0, 10], 10), [[70.2, 19], [72, 1]]);
  assert.deepEqual(pointsOf(Array<number>(40).fill(5), 10)[0], [0, 10]);
});

test("events are whole however they arrive", () => {
  const text = "retry: 3000\n: welcome\n\nid: a-1\r\nevent: gap\r\ndata: {\"x\":\r\ndata: 1}\r\n\r\nid: a-2\ndata:two\n\n";
  const expected = [{ id: "a-1", name: "gap", data: '{"x":\n1}' }, { id: "a-2", name: "message", data: "two" }];
  for (let size = 1; size <= text.length; size += 1) {
    const frames = new Frames();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...frames.push(text.slice(at, at + size)));
    assert.deepEqual(found, expected, `in pieces of ${size}`);
  }
});

test("colours are shown and other escapes are told", () => {
  assert.deepEqual(piecesOf("\u001b[32mGET\u001b[0m /x \u001b[1;31mno\u001b[m\u001b[2J"), [
    { text: "GET", look: "ok" }, { text: " /x ", look: "" }, { text: "no", look: "fail bold" }, { text: "\\u{1b}[2J", look: "" },
  ]);
  assert.deepEqual(piecesOf("\u001b[38;5;31mx\u001b[38;2;1;31;3my"), [{ text: "x", look: "" }, { text: "y", look: "" }]);
});

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { after, test } from "node:test";

import WebSocket from "ws";

import { Bus } from "../src/bus.mjs";
import { serve } from "../src/serve.mjs";

const bus = new Bus();
const served = await serve({ port: 0, bus, isOwn: true });
after(() => served.close());
const base = `127.0.0.1:${served.port}`;
const post = (value, headers = {}) =>
  fetch(`http://${base}/api/events`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  });

test("without a supervisor its own bus reaches the WebSocket, and who comes back misses nothing", async () => {
  const messages = [];
  const open = (query, count) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://${base}/ws${query}`);
      let left = count;
      socket.on("message", (text) => {
        messages.push(JSON.parse(text));
        left -= 1;
        if (left === 0) resolve(socket);
      });
    });
  const first = open("", 2);
  const told = await post({ event_type: "plan_updated", plan_id: "7" });
  const { id } = await told.json();
  (await first).terminate();
  await post({ event_type: "test" });
  const again = open(`?last_event_id=${id}`, 3);
  // One that it has already, as a server that has just begun hears it.
  bus.tell({ id, data: { event_type: "plan_updated" } });
  await post({ event_type: "last" });
  (await again).terminate();
  const events = messages.filter(({ type }) => type === "mcp_event").map(({ data }) => data.data.event_type);
  assert.deepEqual(events, ["plan_updated", "test", "last"]);
});

test("other sites may neither read nor tell", async () => {
  assert.equal((await post({ event_type: "x" }, { origin: "http://evil.example" })).status, 403);
  const status = await new Promise((resolve) => {
    request({ host: "127.0.0.1", port: served.port, headers: { host: "evil.example" } }, ({ statusCode }) => resolve(statusCode)).end();
  });
  assert.equal(status, 403);
  const refused = await new Promise((resolve) => {
    new WebSocket(`ws://${base}/ws`, { origin: "http://evil.example" }).on("error", resolve).on("open", resolve);
  });
  assert.match(String(refused), /403/);
  assert.equal((await post("no event")).status, 400);
});

test("an address that is none, and one who is gone before the answer, end nothing", async () => {
  const refused = await new Promise((resolve) => {
    const socket = connect(served.port, "127.0.0.1", () => {
      socket.write(`GET // HTTP/1.1\r\nHost: ${base}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    });
    socket.once("data", (text) => resolve(String(text)));
  });
  assert.match(refused, /^HTTP\/1\.1 403/);
  for (let time = 0; time < 20; time += 1) {
    await new Promise((resolve) => {
      const socket = connect(served.port, "127.0.0.1", () => {
        socket.write("GET /ws HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        socket.resetAndDestroy();
        resolve();
      });
    });
  }
  assert.equal((await fetch(`http://${base}/health`)).status, 200);
});

test("who comes back after the supervisor began anew gets what follows, and nothing twice", () => {
  const kept = new Bus();
  for (const id of ["a-1", "a-2", "b-1", "b-2", "b-3"]) kept.tell({ id });
  const after = (last) => kept.after(last).map(({ id }) => id);
  assert.deepEqual(after("b-2"), ["b-3"]);
  assert.deepEqual(after("a-1"), ["a-2", "b-1", "b-2", "b-3"]);
  assert.deepEqual(after("b-0"), ["b-1", "b-2", "b-3"]);
  assert.deepEqual(after("c-7").length, 6);
  assert.deepEqual(kept.after("c-7")[0].data, {
    event_type: "gap",
    requested: "c-7",
    dropped: null,
    reason: "restart",
  });
});

test("who was away for longer than events are kept is told how many are missing", () => {
  const kept = new Bus();
  for (let number = 1; number <= 600; number += 1) kept.tell({ id: `a-${number}` });
  const [gap, ...rest] = kept.after("a-40");
  assert.deepEqual(gap.data, { event_type: "gap", requested: "a-40", dropped: 60, reason: "evicted" });
  assert.equal(gap.id, "a-40");
  assert.deepEqual([rest.length, rest[0].id], [500, "a-101"]);
  assert.equal(kept.after("a-100")[0].id, "a-101");
  assert.equal(kept.after("a-600").length, 0);
});

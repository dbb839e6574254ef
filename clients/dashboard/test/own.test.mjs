import assert from "node:assert/strict";
import { request } from "node:http";
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

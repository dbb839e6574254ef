import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { subscribe } from "../src/supervisor.mjs";

const cleanups = [];
after(() => cleanups.forEach((cleanup) => cleanup()));

/** A supervisor that answers one connection after another as the test says. */
async function supervisor(answers) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.headers["last-event-id"]);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    answer(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ending = new AbortController();
  cleanups.push(() => {
    ending.abort();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, signal: ending.signal };
}

const head = (response) => response.writeHead(200, { "content-type": "text/event-stream" });
const frame = (number) => `id: e-${number}\ndata: {"id":"e-${number}","data":{"event_type":"test"}}\n\n`;

/** Hears until so many events have come. */
async function hear({ url, signal }, count, silence = 60_000) {
  const events = [];
  const states = [];
  await new Promise((resolve) => {
    subscribe(url, {
      signal,
      firstWait: 5,
      silence,
      onEvent: (event) => events.push(event.id) === count && resolve(),
      onState: (state, why) => states.push(why ? `${state}: ${why}` : state),
    });
  });
  return { events, states };
}

test("a stream that breaks off is gone on with after the last event", async () => {
  const there = await supervisor([
    (response) => head(response).end(frame(1) + frame(2) + "id: e-3\ndata: {never"),
    (response) => response.writeHead(503).end(),
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    (response) => response.destroy(),
    (response) => head(response).write(frame(3)),
  ]);
  const { events, states } = await hear(there, 3);
  assert.deepEqual(events, ["e-1", "e-2", "e-3"]);
  assert.deepEqual(there.asked, ["earliest", "e-2", "e-2", "e-2", "e-2"]);
  assert.ok(states.includes("waiting: the supervisor answers 503"), states.join(", "));
});

test("one that falls silent is asked anew, and what is no JSON is left out", async () => {
  const there = await supervisor([
    (response) => head(response).write(frame(1) + "data: no json\n\n"),
    (response) => head(response).write(frame(2)),
  ]);
  const { events, states } = await hear(there, 2, 3000);
  assert.deepEqual([events, there.asked], [["e-1", "e-2"], ["earliest", "e-1"]]);
  assert.ok(states.some((state) => state.includes("too long")), states.join(", "));
});

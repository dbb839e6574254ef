// The page, its WebSocket, and the bus of a dashboard that runs without a supervisor.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

import { isAfter } from "./bus.mjs";

const BODY_MAX = 64 * 1024;
const CLIENTS_MAX = 256;
/** One who takes so little of what it is told is sent away; it comes back and goes on. */
const BEHIND_MAX = 1024 * 1024;
const PING_EVERY = 30_000;

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.mjs": ["page.mjs", "text/javascript; charset=utf-8"],
};
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Listens; `port` 0 takes any free one. */
export async function serve({ port, bus, isOwn }) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  const server = createServer((request, response) => {
    if (!isFromHere(request)) return say(response, 403, { message: "this server is for this machine and its own page" });
    answer(request, response, { bus, isOwn }).catch(() => say(response, 500, { message: "this did not work" }));
  });
  server.on("upgrade", (request, socket, head) => {
    // One that is gone before it is answered is nobody's loss.
    socket.on("error", () => socket.destroy());
    const url = addressOf(request);
    if (!isFromHere(request) || url?.pathname !== "/ws" || sockets.clients.size >= CLIENTS_MAX) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      // What else it says is thrown away, so that its end is heard.
      socket.resume();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => attend(client, bus, url.searchParams.get("last_event_id")));
  });
  const pinging = setInterval(() => sockets.clients.forEach(ping), PING_EVERY);
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () => {
    clearInterval(pinging);
    sockets.clients.forEach((client) => client.terminate());
    server.close();
    server.closeAllConnections();
  };
  return { port: server.address().port, close };
}

/** Tells a client what it missed, and from then on all that happens. */
function attend(client, bus, last) {
  client.isAlive = true;
  client.on("pong", () => (client.isAlive = true));
  client.on("error", () => client.terminate());
  const send = (message) => {
    if (client.bufferedAmount > BEHIND_MAX) client.terminate();
    else client.send(JSON.stringify(message));
  };
  send({ type: "state", state: bus.state });
  for (const event of bus.after(last)) send({ type: "mcp_event", data: event });
  // A server that has just begun may hear only now what this client has already.
  const leave = bus.listen((message) => {
    if (message.type !== "mcp_event" || isAfter(message.data.id, last)) send(message);
  });
  client.on("close", leave);
}

function ping(client) {
  if (!client.isAlive) return client.terminate();
  client.isAlive = false;
  client.ping();
}

async function answer(request, response, { bus, isOwn }) {
  const pathname = addressOf(request)?.pathname;
  const file = FILES[pathname];
  if (request.method === "GET" && file) {
    const text = await readFile(new URL(`../public/${file[0]}`, import.meta.url));
    response.writeHead(200, { ...HEADERS, "content-type": file[1] }).end(text);
  } else if (request.method === "GET" && pathname === "/health") {
    say(response, 200, { status: "ok", events: bus.state });
  } else if (request.method === "GET" && pathname === "/api/events/stream") {
    stream(request, response, bus);
  } else if (request.method === "POST" && pathname === "/api/events" && isOwn) {
    const data = await body(request);
    if (typeof data?.event_type === "string") say(response, 200, { id: bus.tellOwn(data) });
    else say(response, 400, { message: 'send JSON such as {"event_type": "plan_updated", "plan_id": "7"}' });
  } else {
    say(response, 404, { message: "there is nothing here" });
  }
}

/** The bus as server-sent events, so that a supervisor can take it in. */
function stream(request, response, bus) {
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
  const send = ({ type, data }) => {
    if (type !== "mcp_event") return;
    if (response.writableLength > BEHIND_MAX) response.destroy();
    else response.write(`id: ${data.id}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  response.write(": welcome\n\n");
  const last = request.headers["last-event-id"];
  if (last) for (const data of bus.after(last)) send({ type: "mcp_event", data });
  const beating = setInterval(() => response.write(":\n\n"), PING_EVERY);
  const leave = bus.listen(send);
  response.on("close", () => {
    clearInterval(beating);
    leave();
  });
}

async function body(request) {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return undefined;
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > BODY_MAX) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a request asks for; nothing if that is no address. */
function addressOf(request) {
  try {
    return new URL(request.url, "http://127.0.0.1");
  } catch {
    return undefined;
  }
}

/** Whether a request means this server, and comes from its own page or from none. */
function isFromHere({ headers }) {
  const host = headers.host ?? "";
  const isLocal = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
  return isLocal && (headers.origin === undefined || headers.origin === `http://${host}`);
}

function say(response, status, value) {
  if (response.headersSent) return response.destroy();
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(value));
}

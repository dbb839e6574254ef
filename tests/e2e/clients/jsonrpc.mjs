// JSON-RPC with Node's standard library: node jsonrpc.mjs SOCKET | HOST:PORT [TOKEN]
import assert from "node:assert/strict";
import net from "node:net";
import readline from "node:readline";

const [where, token] = process.argv.slice(2);
const [, host, port] = /^(.*):(\d+)$/.exec(where) ?? [];
const socket = host ? net.connect(Number(port), host) : net.connect(where);
socket.setTimeout(30_000, () => socket.destroy(new Error("no answer")));
const waiting = new Map(), events = [];
readline.createInterface({ input: socket }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method) return events.push(message.params);
  waiting.get(message.id)(message);
  waiting.delete(message.id);
});
let lastId = 0;
const call = (method, params = {}) =>
  new Promise((resolve) => {
    waiting.set(++lastId, resolve);
    socket.write(JSON.stringify({ jsonrpc: "2.0", id: lastId, method, params }) + "\n");
  });

const hello = await call("hello", { client: "node", version: "1", ...(token && { token }) });
assert.equal(hello.result.server, "ostler");
const { seq } = (await call("watch")).result;
// Two at once; each is found by its id.
const [restarted, why] = await Promise.all([
  call("restart", { service: "api", wait: "ready" }),
  call("why", { service: "api" }),
]);
assert.equal(restarted.result.outcome[0].phase, "running");
assert.equal(why.result.instances[0].status.id, "api/0");
const status = (await call("status", { service: "api" })).result;
assert.equal(status.services.api.instances[0].pid, restarted.result.outcome[0].pid);
assert.ok(events.some((event) => event.type === "instance_phase" && event.instance === "api/0"));
assert.deepEqual(events.map((event) => event.seq), events.map((_, n) => seq + 1 + n));
assert.equal((await call("statsu")).error.code, -32601);
socket.end();
console.log("well");

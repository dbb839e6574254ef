// The type-tagged dialect with Node's standard library: node type-tagged.mjs SOCKET | HOST:PORT [TOKEN]
import assert from "node:assert/strict";
import net from "node:net";
import readline from "node:readline";

const [where, token] = process.argv.slice(2);
const [, host, port] = /^(.*):(\d+)$/.exec(where) ?? [];
const socket = host ? net.connect(Number(port), host) : net.connect(where);
socket.setTimeout(30_000, () => socket.destroy(new Error("no answer")));
const lines = readline.createInterface({ input: socket })[Symbol.asyncIterator]();
const ask = async (type, fields = {}) => {
  socket.write(JSON.stringify({ type, ...fields }) + "\n");
  const answer = JSON.parse((await lines.next()).value);
  assert.deepEqual(Object.keys(answer).sort(), ["data", "error", "ok"]);
  return answer;
};
const data = async (type, fields) => {
  const answer = await ask(type, fields);
  assert.ok(answer.ok, answer.error);
  return answer.data;
};

if (token) await data("Hello", { token });
const me = await data("WhoAmI", { request_id: "1", client: "node", client_version: "1" });
assert.deepEqual([me.request_id, me.server_name, me.protocol_version], ["1", "ostler", "1"]);
assert.deepEqual(await data("Start", { service: "api" }), { service: "api", status: "starting" });
const end = Date.now() + 30_000;
const state = async () => (await data("Status")).find((service) => service.name === "api").status;
while ((await state()) !== "Running") assert.ok(Date.now() < end, "it runs in time");
assert.equal((await data("ServiceHealth", { service: "api" })).state, "healthy");
assert.equal((await data("HealthSnapshot")).children.length, 2);
const { client_id } = await data("AttachClient", { pid: process.pid, window_id: 7 });
assert.ok((await data("ListClients")).some((client) => client.client_id === client_id));
assert.match((await ask("Statsu")).error, /"Status"/);
assert.equal((await data("EventStats")).subscriber_count, 0);
assert.equal((await data("EmitTestEvent", { message: "hello" })).emitted, true);
assert.match((await ask("ListMcpInstances")).error, /not available yet/);
socket.end();
console.log("well");

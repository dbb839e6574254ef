// The variant-tagged dialect with Node's standard library: node variant-tagged.mjs SOCKET | HOST:PORT [TOKEN]
import assert from "node:assert/strict";
import net from "node:net";
import readline from "node:readline";

const [where, token] = process.argv.slice(2);
const [, host, port] = /^(.*):(\d+)$/.exec(where) ?? [];

/** One line per connection, as such web servers do. */
const ask = (command) =>
  new Promise((resolve, reject) => {
    const socket = host ? net.connect(Number(port), host) : net.connect(where);
    socket.setTimeout(30_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    readline.createInterface({ input: socket }).once("line", (line) => {
      socket.end();
      const answer = JSON.parse(line);
      assert.deepEqual(Object.keys(answer).sort(), ["data", "message", "success", "timestamp"]);
      assert.ok(Date.parse(answer.timestamp) > 0, answer.timestamp);
      resolve(answer);
    });
    socket.write((token ? `token ${token}\n` : "") + JSON.stringify(command) + "\n");
  });

assert.ok((await ask({ Restart: { args: null } })).success);
const end = Date.now() + 30_000;
while ((await ask("Status")).data.status !== "Running") assert.ok(Date.now() < end, "it runs in time");
assert.ok((await ask("HealthCheck")).data.healthy);
const around = { pre_commands: ["greet"], start_args: null, post_commands: ["greet"], env_vars: {} };
const restart = await ask({ CustomRestart: around });
assert.ok(restart.data.overall_success, restart.message);
assert.equal(restart.data.pre_command_results[0].stdout, "good morning\n");
const failed = await ask({ ExecuteCommand: { command: "fail", timeout_seconds: 20 } });
assert.deepEqual([failed.success, failed.data.exit_code], [false, 3]);
// Over TCP without a token, a first line that is no request closes the connection unread.
if (token || !host) assert.equal((await ask("Statsu")).success, false);
console.log("well");

// A service that tells events: POST /emit tells one under the next id, GET /events is the stream. Its numbers outlive
// it, and it tells whoever comes all that it still knows, whatever is asked for: what was told must not come twice.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const listeners = new Set();
const known = existsSync("told.json") ? JSON.parse(readFileSync("told.json", "utf8")) : [];
const frame = (id) => `id: ${id}\nevent: plan_updated\ndata: {"plan_id":"${id}"}\n\n`;

createServer((request, response) => {
  if (request.method === "POST") {
    known.push(known.length + 1);
    writeFileSync("told.json", JSON.stringify(known));
    for (const listener of listeners) listener.write(frame(known.length));
    response.end(String(known.length));
  } else {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`: hello\n\n${known.map(frame).join("")}`);
    listeners.add(response);
    response.on("close", () => listeners.delete(response));
  }
}).listen(Number(process.env.PORT), "127.0.0.1");

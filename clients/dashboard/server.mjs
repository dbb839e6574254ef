// A dashboard server: what happens comes in, its page hears of it over a WebSocket. Nothing is polled.
//
//   PORT                    where it listens on 127.0.0.1; 3001 if it is not set
//   SUPERVISOR_EVENTS_URL   Ostler's event stream; without it, only what is told here is heard
//
// As a service of Ostler:   env = { SUPERVISOR_EVENTS_URL = "${events_url}" }

import { Bus } from "./src/bus.mjs";
import { serve } from "./src/serve.mjs";
import { subscribe } from "./src/supervisor.mjs";

const port = Number(process.env.PORT ?? 3001);
const url = process.env.SUPERVISOR_EVENTS_URL;

const bus = new Bus();
const ending = new AbortController();
const served = await serve({ port, bus, isOwn: !url });
console.log(`dashboard listening on http://127.0.0.1:${served.port}, hearing ${url ? "the supervisor" : "its own bus"}`);

if (url) {
  subscribe(url, {
    signal: ending.signal,
    onEvent: (event) => bus.tell(event),
    // The address holds a key, so that it is never printed.
    onState: (state, why) => {
      bus.turn(state);
      console.log(`supervisor: ${state}${why ? ` (${why})` : ""}`);
    },
  });
} else {
  bus.turn("connected");
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    ending.abort();
    served.close();
  });
}

// Reads an event stream with the `eventsource` package and writes down what it was given, until it was given all.
// Usage: node events.mjs URL LAST_EVENT_ID END
import { writeSync } from "node:fs";
import { EventSource } from "eventsource";

const [url, after, end] = process.argv.slice(2);
const source = new EventSource(`${url}&last_event_id=${after}`);

function told(text) {
  writeSync(1, `${text}\n`);
}

source.onmessage = (event) => {
  told(`event ${event.lastEventId}`);
  if (JSON.parse(event.data).data.message === end) {
    source.close();
  }
};
source.addEventListener("gap", (event) => {
  const { dropped, reason } = JSON.parse(event.data).data;
  told(`gap ${event.lastEventId} ${dropped} ${reason}`);
});
source.onerror = (event) => {
  if (source.readyState === EventSource.CLOSED) {
    console.error("it gave up", event.code, event.message);
    process.exit(1);
  }
};

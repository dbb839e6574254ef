// Ostler's event stream, gone on with wherever it broke off.

import { createParser } from "eventsource-parser";

/** Waits between two tries, in milliseconds: doubled each time, a little longer or shorter so that many do not come at once. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** A stream that says nothing for so long is dead: Ostler comments every 30 s if nothing else is set. */
const SILENCE = 95_000;
/** A frame of Ostler is shorter. */
const FRAME_MAX = 1024 * 1024;

/**
 * Hears the stream until the signal is aborted.
 *
 * @param {string} url
 * @param {{ signal: AbortSignal, onEvent: (event: object) => void, onState: (state: string, why?: string) => void,
 *   firstWait?: number, silence?: number }} how
 */
export async function subscribe(url, { signal, onEvent, onState, firstWait = FIRST_WAIT, silence = SILENCE }) {
  // At first all that the supervisor still has, so that a page that was there before goes on without a hole.
  let last = "earliest";
  let tries = 0;
  let floor = 0;
  const heard = (event) => {
    tries = 0;
    if (event.id) last = event.id;
    onEvent(event.data);
  };
  while (!signal.aborted) {
    onState("connecting");
    const why = await once(url, {
      signal,
      last,
      silence,
      onOpen: () => onState("connected"),
      onEvent: heard,
      onRetry: (wait) => (floor = Math.min(wait, LONGEST_WAIT)),
    });
    if (signal.aborted) return;
    const wait = Math.min(firstWait * 2 ** Math.min(tries, 10), LONGEST_WAIT);
    tries += 1;
    onState("waiting", why);
    await pause(Math.max(wait * (0.8 + 0.4 * Math.random()), floor), signal);
  }
}

/** Reads one connection to its end; says why it ended. */
async function once(url, { signal, last, silence, onOpen, onEvent, onRetry }) {
  const quiet = new AbortController();
  const stop = () => quiet.abort();
  signal.addEventListener("abort", stop);
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, silence);
  };
  try {
    alive();
    const headers = { accept: "text/event-stream", "last-event-id": last };
    const response = await fetch(url, { headers, signal: quiet.signal, redirect: "error" });
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !type.startsWith("text/event-stream")) {
      await response.body?.cancel();
      return `the supervisor answers ${response.status}`;
    }
    onOpen();
    const parser = createParser({
      onRetry,
      onEvent: ({ id, data }) => {
        const event = parsed(data);
        if (event) onEvent({ id, data: event });
      },
    });
    const decoder = new TextDecoder();
    let length = 0;
    for await (const bytes of response.body) {
      alive();
      const text = decoder.decode(bytes, { stream: true });
      length = text.includes("\n\n") ? 0 : length + text.length;
      if (length > FRAME_MAX) return "a frame does not end";
      parser.feed(text);
    }
    return "the stream has ended";
  } catch (error) {
    if (quiet.signal.aborted) return "nothing was heard for too long";
    return error.cause?.code ?? error.message;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

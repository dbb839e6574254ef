/** Server-sent events by the WHATWG rules, read from a stream, because an EventSource can send no header. */

/** One event. */
export type Frame = { readonly id: string | undefined; readonly name: string; readonly data: string };

/** Characters of one event; a longer one ends the stream. */
const FRAME_MAX = 4 * 1024 * 1024;

/** Takes text in pieces and gives whole events. */
export class Frames {
  #rest = "";
  #id: string | undefined;
  #name = "";
  #data: string[] = [];

  /** The events that are whole with this piece. */
  push(piece: string): Frame[] {
    const found: Frame[] = [];
    let text = this.#rest + piece;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(text);
      if (!end) break;
      const frame = this.#line(text.slice(0, end.index));
      if (frame) found.push(frame);
      text = text.slice(end.index + end[0].length);
    }
    if (text.length > FRAME_MAX) throw new Error("an event has no end");
    this.#rest = text;
    return found;
  }

  #line(line: string): Frame | undefined {
    if (line === "") {
      const frame = { id: this.#id, name: this.#name || "message", data: this.#data.join("\n") };
      const isEvent = this.#data.length > 0;
      [this.#name, this.#data] = ["", []];
      return isEvent ? frame : undefined;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }
}

/** Gives each event of an answer, and `undefined` for whatever else shows that the stream lives. */
export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame | undefined> {
  const frames = new Frames();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const found = frames.push(decoder.decode(value, { stream: true }));
      if (found.length === 0) yield undefined;
      yield* found;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

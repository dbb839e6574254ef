// What was told lately, and who listens.

import { randomBytes } from "node:crypto";

const KEPT_MAX = 500;

/** Whether an event comes after another. Ids are EPOCH-NUMBER; those of another epoch are all new. */
export function isAfter(id, last) {
  const [epoch, number] = split(id);
  const [lastEpoch, lastNumber] = split(last ?? "");
  return epoch !== lastEpoch || number > lastNumber;
}

function split(id) {
  const at = id.lastIndexOf("-");
  return [id.slice(0, at), Number(id.slice(at + 1))];
}

export class Bus {
  #kept = [];
  #listeners = new Set();
  #own = 0;
  // Another one each time, so that no id of a server that ran before is taken for one of this.
  #epoch = `own${randomBytes(4).toString("hex")}`;
  state = "connecting";

  /** Tells an event that has an id; those who listen hear it at once. */
  tell(event) {
    this.#kept.push(event);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) listener({ type: "mcp_event", data: event });
  }

  /** Tells an event of this server itself. */
  tellOwn(data) {
    this.#own += 1;
    const event = { id: `${this.#epoch}-${this.#own}`, at: new Date().toISOString(), source: "dashboard", data };
    this.tell(event);
    return event.id;
  }

  /** Whether the source of the events is reached. */
  turn(state) {
    this.state = state;
    for (const listener of this.#listeners) listener({ type: "state", state });
  }

  /**
   * What was told after an event; of an epoch of which nothing is known, all that is kept. What is not kept any more
   * is said by a gap before the rest, as the supervisor does.
   */
  after(last) {
    const [epoch, number] = split(last ?? "");
    const first = this.#kept.findIndex(({ id }) => split(id)[0] === epoch);
    const rest = this.#kept.slice(Math.max(first, 0)).filter(({ id }) => isAfter(id, last));
    if (!last || this.#kept.length === 0 || first > 0) return rest;
    const missed = first === 0 ? split(this.#kept[0].id)[1] - 1 - number : null;
    if (missed !== null && missed <= 0) return rest;
    const reason = missed === null ? "restart" : "evicted";
    const data = { event_type: "gap", requested: last, dropped: missed, reason };
    return [{ id: last, at: new Date().toISOString(), source: "dashboard", data }, ...rest];
  }

  /** Hears what is told from now on; the answer ends it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

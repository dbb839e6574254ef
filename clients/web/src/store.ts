/** What the page knows, and who is told when it changes. */
import { refusalOf } from "./api";
import type { Refusal } from "./api";
import { askFor } from "./api";
import { Link } from "./link";
import type { LinkState, Told } from "./link";
import type { Class, Usage } from "./rows";
import { SAMPLES_MAX } from "./spark";
import type { Snapshot } from "./wire";
import { refusalText } from "./words";

/** Events that are kept for the page. */
const EVENTS_MAX = 500;

/** What can be done to a service. */
export type Verb = "start" | "stop" | "restart";

/** Where one is in the page. */
export type Place = { readonly page: "services" | "events"; readonly service: string | undefined; readonly tab: "overview" | "logs" };

/** Something that a person should read. */
export type Note = { readonly id: number; readonly title: string; readonly text: string };

/** All of it. A new object with each change. */
export type State = {
  readonly link: LinkState;
  readonly snapshot: Snapshot | undefined;
  /** When the snapshot was had. */
  readonly at: Date | undefined;
  readonly usage: ReadonlyMap<string, Usage>;
  /** What services used since the page is open, the newest last. */
  readonly courses: ReadonlyMap<string, readonly Usage[]>;
  readonly events: readonly Told[];
  /** How many events there ever were. */
  readonly told: number;
  /** What was asked for and is not in a snapshot yet: the verb, and the event after which it must be. */
  readonly sent: ReadonlyMap<string, { readonly verb: Verb; readonly after: number | undefined }>;
  readonly note: Note | undefined;
  readonly place: Place;
  readonly filter: string;
  readonly only: Class;
  readonly folded: ReadonlySet<string>;
};

const EMPTY: State = {
  link: { is: "connecting" }, snapshot: undefined, at: undefined, usage: new Map(), courses: new Map(), events: [], told: 0, sent: new Map(),
  note: undefined, place: placeOf(location.hash), filter: "", only: "all", folded: new Set(),
};

/** Where `#/services/api/logs` is. */
export function placeOf(hash: string): Place {
  const [page, service, tab] = hash.replace(/^#\/?/, "").split("/");
  if (page === "events") return { page, service: undefined, tab: "overview" };
  const name = page === "services" && service ? decoded(service) : undefined;
  return { page: "services", service: name, tab: tab === "logs" ? "logs" : "overview" };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function hashOf({ page, service, tab }: Place): string {
  if (page === "events") return "#/events";
  return service === undefined ? "#/services" : `#/services/${encodeURIComponent(service)}/${tab}`;
}

/** Owns the link and the state. */
export class Store {
  #state = EMPTY;
  #listeners = new Set<() => void>();
  #link: Link | undefined;
  #notes = 0;

  get state(): State {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** Connects, as for the first time. */
  connect(): void {
    this.#link?.close();
    this.set({ link: { is: "connecting" }, events: [], told: 0 });
    const link = new Link({
      state: (state) => this.#link === link && this.set({ link: state }),
      snapshot: (snapshot) => this.#link === link && this.#taken(snapshot),
      usage: (usage) => this.#link === link && this.#measured(usage),
      event: (event) => this.#link === link && this.#heard(event),
    });
    this.#link = link;
    link.open();
  }

  disconnect(): void {
    this.#link?.close();
    this.#link = undefined;
    this.set({ ...EMPTY, place: this.#state.place, link: { is: "signed-out", why: "" } });
  }

  tryNow(): void {
    this.#link?.tryNow();
  }

  go(place: Partial<Place>): void {
    const next = { ...this.#state.place, ...place };
    if (hashOf(next) !== hashOf(this.#state.place)) history.pushState(null, "", hashOf(next));
    this.set({ place: next });
  }

  /** Follows the address, as when one goes back. */
  follow(): void {
    this.set({ place: placeOf(location.hash) });
  }

  tell(title: string, refusal: Refusal): void {
    this.#notes += 1;
    this.set({ note: { id: this.#notes, title, text: refusalText(refusal.error) } });
  }

  /** Does something to a service. */
  async act(verb: Verb, service: string): Promise<void> {
    this.#sent(service, { verb, after: undefined });
    try {
      const path = `/api/v1/services/${encodeURIComponent(service)}/${verb}`;
      const { accepted_at } = await askFor<{ accepted_at: number }>(path, { method: "POST" });
      this.#sent(service, { verb, after: accepted_at });
      await this.#link?.refresh();
    } catch (error) {
      this.#sent(service, undefined);
      this.tell(`${service} was not ${verb === "stop" ? "stopped" : `${verb}ed`}`, refusalOf(error));
    }
  }

  async restartAll(): Promise<void> {
    await this.#ask("Not all services were restarted", "/api/v1/restart", { all: true });
  }

  async setMode(mode: string): Promise<void> {
    await this.#ask(`The mode is not ${mode} now`, "/dashboard/api/mode", { mode });
  }

  async #ask(title: string, path: string, body: unknown): Promise<void> {
    try {
      await askFor(path, { method: "POST", body });
      await this.#link?.refresh();
    } catch (error) {
      this.tell(title, refusalOf(error));
    }
  }

  #sent(service: string, wish: { verb: Verb; after: number | undefined } | undefined): void {
    const sent = new Map(this.#state.sent);
    if (wish) sent.set(service, wish);
    else sent.delete(service);
    this.set({ sent });
  }

  #measured(usage: ReadonlyMap<string, Usage>): void {
    const course = (name: string, latest: Usage): readonly Usage[] => [...(this.#state.courses.get(name) ?? []), latest].slice(-SAMPLES_MAX);
    // A service that is down has no course; the next run begins another.
    this.set({ usage, courses: new Map([...usage].map(([name, latest]) => [name, course(name, latest)])) });
  }

  #heard(event: Told): void {
    const { events, told } = this.#state;
    this.set({ events: [...events, event].slice(-EVENTS_MAX), told: told + 1 });
  }

  #taken(snapshot: Snapshot): void {
    const open = [...this.#state.sent].filter(([, { after }]) => after === undefined || after > snapshot.seq);
    this.set({ snapshot, at: new Date(), sent: new Map(open) });
  }
}

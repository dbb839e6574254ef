/** The link to the engine: a snapshot, then events, for as long as the page is open. */
import { Refusal, ask, askFor, has, refusalOf } from "./api";
import { keys } from "./keys-store";
import { checkServer } from "./proof";
import type { Usage } from "./rows";
import { framesOf } from "./sse";
import type { Snapshot } from "./wire";

/** How it stands. */
export type LinkState =
  | { readonly is: "connecting" }
  /** `isPolled`: the engine tells no events, so that it is asked now and then. */
  | { readonly is: "live"; readonly isPolled: boolean }
  | { readonly is: "lost"; readonly since: Date; readonly why: string }
  /** Nobody has looked for a while, so that the stream was let go. */
  | { readonly is: "resting" }
  | { readonly is: "signed-out"; readonly why: string };

/** An event as it was told. */
export type Told = {
  readonly id: string;
  readonly at: string;
  readonly source: string;
  readonly data: { readonly [name: string]: unknown };
};

/** What the link tells of. */
export type Listener = {
  state(state: LinkState): void;
  snapshot(snapshot: Snapshot): void;
  usage(usage: ReadonlyMap<string, Usage>): void;
  event(event: Told): void;
};

type Status = Snapshot & { as_of?: string };
type System = { services: { [name: string]: { memory_mb: number; cpu_percent: number; pid: number | null } } };

/** Pauses before another try. */
const PAUSES = [250, 500, 1000, 2000, 4000, 8000];
/** Between two snapshots while much changes. */
const SNAPSHOT_PAUSE = 200;
/** Between two looks at CPU and memory, and at everything where no events are told. */
const GLANCE = 3000;
/** After so long without a byte one looks whether the engine lives. */
const SILENCE = 40_000;
/** A hidden page lets go of its stream after so long: browsers open few connections to one server. */
const HIDDEN = 30_000;
/** Events after which another snapshot is of no use. */
const NO_CHANGE = new Set(["connection_changed", "test", "raw"]);

/** Keeps the page in step with the engine. One per page. */
export class Link {
  readonly #listener: Listener;
  #ending = new AbortController();
  #round: AbortController | undefined;
  #lastId: string | undefined;
  #isAsking = false;
  #isStale = false;
  #failures = 0;
  #isResting = false;
  /** The engine ends and there is nothing more to learn of it; whoever answers next may be somebody else. */
  #isEnding = false;
  /** No stream is open that would say that the engine has ended. */
  #isPolling = false;
  #lostSince: Date | undefined;
  #wake: (() => void) | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Begins, until it is closed. */
  open(): void {
    document.addEventListener("visibilitychange", this.#seen);
    window.addEventListener("online", this.tryNow);
    void this.#run();
    void this.#glance();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#seen);
    window.removeEventListener("online", this.tryNow);
    clearTimeout(this.#hiding);
    this.#ending.abort();
    this.#round?.abort();
    this.#wake?.();
  }

  /** Tries at once instead of when the pause is over. */
  readonly tryNow = (): void => {
    this.#failures = 0;
    this.#wake?.();
  };

  /** Has the state read again, now or as soon as the present reading is over. */
  readonly refresh = async (): Promise<void> => {
    if (this.#isEnding) return;
    if (this.#isAsking) {
      this.#isStale = true;
      return;
    }
    this.#isAsking = true;
    try {
      do {
        this.#isStale = false;
        this.#listener.snapshot(await this.#status());
        await this.#pause(SNAPSHOT_PAUSE);
      } while (this.#isStale && !this.#isEnding && !this.#ending.signal.aborted);
    } catch (error) {
      // Whatever is wrong ends the stream too, which then says so.
      if (refusalOf(error).isSignedOut || refusalOf(error).isSilence) this.#round?.abort();
    } finally {
      this.#isAsking = false;
    }
  };

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.#live();
        this.#lost("the connection was closed");
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal.isSignedOut) {
          this.#listener.state({ is: "signed-out", why: keys.read() === undefined ? "" : refusal.message });
          return;
        }
        this.#lost(refusal.message);
      }
      await this.#untilNextTry();
    }
  }

  async #status(): Promise<Status> {
    const status = await askFor<Status>("/supervisor/status", this.#signal());
    if (has(status, "services", "supervisor")) {
      const isDown = Object.values(status.services).every(({ instances }) => instances.every(({ pid }) => pid == null));
      this.#isEnding = status.supervisor.status === "stopping" && isDown;
      return status;
    }
    throw new Refusal(0, { code: "internal", message: "this is no answer of an engine" });
  }

  /** A snapshot and then its events, until the stream ends. */
  async #live(): Promise<void> {
    this.#isPolling = false;
    const key = keys.read();
    if (key !== undefined) await checkServer(key);
    const round = new AbortController();
    this.#round = round;
    const status = await this.#status();
    this.#listener.snapshot(status);
    this.#failures = 0;
    this.#lostSince = undefined;
    if (status.as_of === undefined) return await this.#polled(round.signal);
    // From where this page is, so that no event is missed; else all that is kept, to be shown.
    const from = this.#lastId ?? "earliest";
    const response = await ask("/supervisor/events", { signal: round.signal, headers: { "Last-Event-ID": from } });
    if (!response.body) throw new Refusal(0, { code: "internal", message: "the stream has no body" });
    this.#listener.state({ is: "live", isPolled: false });
    const watch = new Watch(round, this.#ending.signal);
    try {
      for await (const frame of framesOf(response.body)) {
        watch.heard();
        if (!frame) continue;
        const event = JSON.parse(frame.data) as Told;
        if (frame.id !== undefined) this.#lastId = frame.id;
        if (frame.name === "shutdown") return;
        this.#listener.event(event);
        if (!NO_CHANGE.has(String(event.data["event_type"]))) void this.refresh();
      }
    } finally {
      watch.end();
      round.abort();
    }
  }

  /** The engine tells no events: it is asked now and then. */
  async #polled(signal: AbortSignal): Promise<void> {
    this.#listener.state({ is: "live", isPolled: true });
    this.#isPolling = true;
    while (!signal.aborted) {
      await this.#pause(GLANCE);
      if (document.hidden) continue;
      // No stream says that the engine has ended.
      const key = keys.read();
      if (key !== undefined) await checkServer(key);
      const status = await this.#status();
      this.#listener.snapshot(status);
      if (status.as_of !== undefined) return;
    }
  }

  /** Looks at CPU and memory while somebody sees the page. */
  async #glance(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      if (!document.hidden && !this.#isEnding && !this.#isPolling && this.#round && !this.#round.signal.aborted) {
        try {
          const { services } = await askFor<System>("/dashboard/api/system/status", this.#signal());
          const used = Object.entries(services).filter(([, service]) => service.pid !== null);
          this.#listener.usage(
            new Map(used.map(([name, { cpu_percent, memory_mb }]) => [name, { cpu: cpu_percent, memory: memory_mb }])),
          );
          await this.#pause(GLANCE);
          continue;
        } catch {
          // Figures are not worth a word; that the engine is gone says the stream.
        }
      }
      await this.#pause(SNAPSHOT_PAUSE);
    }
  }

  #lost(why: string): void {
    this.#round?.abort();
    if (this.#ending.signal.aborted) return;
    if (this.#isResting) this.#listener.state({ is: "resting" });
    else this.#listener.state({ is: "lost", since: (this.#lostSince ??= new Date()), why });
  }

  async #untilNextTry(): Promise<void> {
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)] ?? 0;
    this.#failures += 1;
    do await this.#pause(pause * (0.8 + Math.random() * 0.4), true);
    while (this.#isResting && !this.#ending.signal.aborted);
  }

  readonly #seen = (): void => {
    clearTimeout(this.#hiding);
    if (document.hidden) {
      this.#hiding = setTimeout(() => {
        this.#isResting = true;
        this.#round?.abort();
      }, HIDDEN);
    } else {
      this.#isResting = false;
      this.tryNow();
    }
  };

  #signal(): { signal?: AbortSignal } {
    return this.#round ? { signal: this.#round.signal } : {};
  }

  #pause(milliseconds: number, canWake = false): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#ending.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#ending.signal.addEventListener("abort", end, { once: true });
      if (canWake) this.#wake = end;
    });
  }
}

/** Ends a stream on which nothing comes although it should. */
class Watch {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly round: AbortController,
    readonly ending: AbortSignal,
  ) {
    this.heard();
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), SILENCE);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      await ask("/healthz", { signal: this.round.signal, isOpen: true });
      this.heard();
    } catch {
      this.round.abort();
    }
  }
}

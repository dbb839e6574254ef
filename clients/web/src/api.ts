/** Questions to the engine: one function, one kind of error. */
import type { ApiError } from "./wire";
import { keys } from "./keys-store";

/** An answer must begin within this time. */
const PATIENCE = 15_000;

/** Why something could not be had. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    /** The status, or 0 if nobody answered. */
    readonly status: number,
    readonly error: Pick<ApiError, "message" | "hint" | "causes"> & { readonly code: string },
  ) {
    super(error.message);
  }

  /** Whether nobody answered, or not as the engine does. */
  get isSilence(): boolean {
    return this.status === 0 || this.status >= 502;
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

/** Anything as a refusal. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Refusal(0, { code: "no-engine", message: "the engine does not answer", causes: [message] });
}

type Wish = { method?: "GET" | "POST"; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal; isOpen?: boolean };

/** Asks, and gives the answer as it is; its end is only waited for by whoever reads it. */
export async function ask(path: string, { method = "GET", body, headers = {}, signal, isOpen = false }: Wish = {}): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error("no answer in time")), PATIENCE);
  const stop = (): void => patience.abort(signal?.reason);
  // What is over is not asked: whoever answers then may be somebody else.
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  // What needs no key is asked without.
  const key = isOpen ? undefined : keys.read();
  try {
    const response = await fetch(path, {
      method,
      signal: patience.signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(method === "POST" ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
      ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}),
    });
    if (!response.ok) throw new Refusal(response.status, await said(response));
    return response;
  } catch (error) {
    throw refusalOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an answer has these members; somebody else's has not. */
export function has(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}

/** Asks for JSON. The caller names what it is; it comes from the same build of the engine. */
export async function askFor<T>(path: string, wish?: Wish): Promise<T> {
  const response = await ask(path, wish);
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw refusalOf(error);
  }
}

async function said(response: Response): Promise<Refusal["error"]> {
  try {
    const error = (await response.json()) as Refusal["error"];
    if (typeof error.message === "string") return error;
  } catch {
    // Not ours: a proxy's page, say.
  }
  return { code: "internal", message: `the answer was ${response.status} ${response.statusText}`.trim() };
}

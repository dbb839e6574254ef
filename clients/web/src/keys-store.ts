/** The key of this browser: made of the engine's token, in this tab only unless one wants to stay signed in. */
const NAME = "ostler.key";

/** Storage that may be refused by the browser's settings; then the key lives as long as the page. */
class Keys {
  #held: string | undefined;

  read(): string | undefined {
    if (this.#held !== undefined) return this.#held;
    for (const store of stores()) {
      const key = store.getItem(NAME);
      if (key) return (this.#held = key);
    }
    return undefined;
  }

  keep(key: string): void {
    const stays = this.stays;
    this.#held = key;
    this.#write(key, stays);
  }

  /** Whether it outlives the tab. */
  get stays(): boolean {
    return permanent()?.getItem(NAME) != null;
  }

  set stays(wanted: boolean) {
    const key = this.read();
    if (key !== undefined) this.#write(key, wanted);
  }

  forget(): void {
    this.#held = undefined;
    for (const store of stores()) store.removeItem(NAME);
  }

  #write(key: string, stays: boolean): void {
    for (const store of stores()) store.removeItem(NAME);
    (stays ? permanent() : passing())?.setItem(NAME, key);
  }
}

function passing(): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

function permanent(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

function stores(): Storage[] {
  return [passing(), permanent()].filter((store) => store !== undefined);
}

/** The one of this page. */
export const keys = new Keys();

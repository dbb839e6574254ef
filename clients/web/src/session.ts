/** Signing in: a code from the address, or the token that one pastes. */
import { Refusal, askFor } from "./api";
import { keys } from "./keys-store";

/** Takes the code out of the address, at once, so that it stays in no history. */
export function codeOfAddress(): string | undefined {
  const code = /^#code=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (location.hash.startsWith("#code=")) history.replaceState(null, "", location.pathname);
  return code;
}

/** Exchanges a code or the token for the key of this browser. */
export async function signIn(by: { code: string } | { token: string }): Promise<void> {
  const { key } = await askFor<{ key: string | null }>("/dashboard/session", { method: "POST", body: by, isOpen: true });
  if (key === null) return;
  if (!/^[0-9a-f]{64}$/.test(key)) throw new Refusal(0, { code: "internal", message: "the answer is no key" });
  keys.keep(key);
}

/** Makes sure that whoever listens at the port is the engine before the key is sent there again. */
import { Refusal, askFor } from "./api";

const PURPOSE = "ostler dashboard server";

/**
 * Has the server prove that it knows the key, and is called as this page is.
 *
 * Browsers compute it only on pages that nobody can have changed on the way; elsewhere nothing is gained by asking.
 */
export async function checkServer(key: string): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const nonce = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const { proof } = await askFor<{ proof: string | null }>("/dashboard/proof", { method: "POST", body: { nonce }, isOpen: true });
  if (proof !== null && proof !== (await proofOf(key, location.host, nonce))) {
    // Another token, or somebody else: either way this key is not for them.
    throw new Refusal(401, {
      code: "unauthenticated",
      message: "this server does not know the key of this browser",
      hint: "sign in again: the token was changed, or another engine listens here",
    });
  }
}

/** What only one who knows the key can say to a nonce, at this host. */
export async function proofOf(key: string, host: string, nonce: string): Promise<string> {
  const text = new TextEncoder();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", text.encode(key), hmac, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", secret, text.encode([PURPOSE, host, nonce].join("\n")));
  return [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How one signs in. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { refusalOf } from "./api";
import { Sentence } from "./code";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import { keys } from "./keys-store";
import { signIn } from "./session";
import { capitalised, refusalText } from "./words";

export function SignIn({ why }: { why: string }): JSX.Element {
  const store = useStore();
  const [token, setToken] = useState("");
  const [stays, setStays] = useState(false);
  const [said, setSaid] = useState(why);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn({ token: token.trim() });
      keys.stays = stays;
      store.connect();
    } catch (error) {
      setSaid(refusalText(refusalOf(error).error));
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <div>
        <Glyph name="tray-stopped" size={32} look="shoe" />
        <h1>Sign in to Ostler</h1>
        {said && <p class="why" role="alert"><Glyph name="state-failed" /> <span><Sentence text={capitalised(said)} /></span></p>}
        <p>Run this on the machine where the engine runs. It opens this page, signed in:</p>
        <pre tabIndex={0} aria-label="Command">ostler dashboard</pre>
        <p>Or paste what <code>ostler token</code> prints:</p>
        <form onSubmit={(event) => void submit(event)}>
          <label class="field">
            <span>Token</span>
            <input type="password" autocomplete="off" spellcheck={false} required value={token} onInput={(event) => setToken(event.currentTarget.value)} />
          </label>
          <label class="check">
            <input type="checkbox" checked={stays} onChange={(event) => setStays(event.currentTarget.checked)} />
            <span>Stay signed in in this browser<small>Else until this tab is closed.</small></span>
          </label>
          <button type="submit" class="primary" disabled={isBusy || token.trim() === ""}>{isBusy ? "Signing in…" : "Sign in"}</button>
        </form>
      </div>
    </main>
  );
}

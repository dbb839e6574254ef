/** The keys, who is signed in, and which engine this is. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { useStore } from "./hooks";
import { keys } from "./keys-store";
import type { Snapshot } from "./wire";
import { plain } from "./words";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [["/"], "filter; Esc clears it"],
  [["↑", "↓", "Home", "End"], "move in the list"],
  [["←", "→"], "fold, unfold a group"],
  [["Enter"], "open a service"],
  [["Esc"], "close it"],
  [["r"], "restart the service of the row"],
  [["s"], "start it, or stop it"],
  [["l"], "its log"],
  [["F8", "Shift+F8"], "next, previous problem"],
  [["End"], "follow a log again"],
  [["?"], "this"],
];

export function HelpDialog({ snapshot, onClose }: { snapshot: Snapshot | undefined; onClose: () => void }): JSX.Element {
  const store = useStore();
  const [stays, setStays] = useState(keys.stays);
  const isSignedIn = keys.read() !== undefined;
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([caps, does]) => (
          <div key={does}>
            <dt>{caps.map((cap) => <kbd key={cap}>{cap}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      {isSignedIn && (
        <label class="check">
          <input type="checkbox" checked={stays} onChange={(event) => {
            keys.stays = event.currentTarget.checked;
            setStays(keys.stays);
          }} />
          <span>Stay signed in in this browser<small>Else until this tab is closed. <code>ostler token --rotate</code> signs all browsers out.</small></span>
        </label>
      )}
      {snapshot && (
        <p class="about">
          Ostler {snapshot.supervisor.version}, engine {plain(snapshot.supervisor.engine_id)}, pid {snapshot.supervisor.pid}
        </p>
      )}
      <div class="dialog-end">
        {isSignedIn && <button type="button" onClick={() => { keys.forget(); onClose(); store.disconnect(); }}>Sign out</button>}
        <button type="button" class="primary" autofocus onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}

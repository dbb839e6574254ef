/** How the link stands, who listens, and which engine it is. */
import type { JSX } from "preact";
import { Glyph } from "./glyph";
import type { State } from "./store";
import { clockText, countText, plain } from "./words";

export function Footer({ state, isStale }: { state: State; isStale: boolean }): JSX.Element {
  const { link, snapshot } = state;
  const count = snapshot?.events?.subscriber_count ?? 0;
  const isOn = snapshot?.events?.enabled === true;
  const events = !isOn ? "Off" : `Active (${countText(count)} ${count === 1 ? "subscriber" : "subscribers"})`;
  return (
    <footer class="footer">
      <p data-link={isStale ? "stale" : link.is}><LinkWords state={state} isStale={isStale} /></p>
      {snapshot && !isStale && (
        <p class="events-state">Events: <Glyph name={isOn ? "state-running" : "state-idle"} look={isOn ? "ok" : "idle"} /> {events}</p>
      )}
      {snapshot && <p class="engine">{plain(snapshot.supervisor.config_path)}</p>}
    </footer>
  );
}

function LinkWords({ state, isStale }: { state: State; isStale: boolean }): JSX.Element {
  const { link, at } = state;
  switch (link.is) {
    case "connecting":
      return <><Glyph name="state-starting" look="busy" /> Connecting…</>;
    case "live":
      return <><Glyph name="state-running" look="ok" /> {link.isPolled ? "Engine live, asked every 3 s" : "Engine live"}</>;
    case "lost":
      return isStale
        ? <><Glyph name="state-unknown" look="idle" /> Stale since {at ? clockText(at) : clockText(link.since)}</>
        : <><Glyph name="state-starting" look="busy" /> Reconnecting…</>;
    case "resting":
      return <><Glyph name="state-idle" look="idle" /> Resting</>;
    case "signed-out":
      return <>Signed out</>;
  }
}

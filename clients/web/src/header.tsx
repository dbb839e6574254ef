/** Headline, pages, mode and menu. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import type { Headline } from "./rows";
import type { Place, State } from "./store";
import { plain } from "./words";

/** The headline is read out at most this often. */
const SPEECH_PAUSE = 3000;

type Props = { headline: Headline; state: State; isLive: boolean; onHelp: () => void };

export function Header({ headline, state, isLive, onHelp }: Props): JSX.Element {
  const store = useStore();
  const { supervisor } = state.snapshot ?? {};
  return (
    <header class="header">
      <Glyph name={`tray-${headline.mood}`} size={24} look={`shoe ${headline.mood}`} />
      <div class="headline">
        <h1>{headline.title}</h1>
        <p>{headline.summary}</p>
      </div>
      <Spoken text={headline.summary ? `${headline.title}. ${headline.summary}` : headline.title} />
      <nav aria-label="Pages">
        <PageLink page="services" place={state.place}>Services</PageLink>
        <PageLink page="events" place={state.place}>Events</PageLink>
      </nav>
      <div class="header-end">
        {supervisor && supervisor.modes.length > 1 && (
          <label class="mode">
            <span>Mode</span>
            <select aria-label="Mode" value={supervisor.mode} disabled={!isLive} onChange={(event) => {
              const select = event.currentTarget;
              const mode = select.value;
              // What is shown is what is, until the engine has switched.
              select.value = supervisor.mode;
              void store.setMode(mode);
            }}>
              {supervisor.modes.map((mode) => <option key={mode} value={mode}>{plain(mode)}</option>)}
            </select>
            <Glyph name="action-chevron-down" />
          </label>
        )}
        <button class="icon" type="button" onClick={onHelp} aria-label="Keyboard, sign out and more" title="Keyboard, sign out and more (?)">
          <Glyph name="action-menu" />
        </button>
      </div>
    </header>
  );
}

function PageLink({ page, place, children }: { page: Place["page"]; place: Place; children: string }): JSX.Element {
  const store = useStore();
  const isHere = place.page === page;
  return (
    <a href={`#/${page}`} aria-current={isHere ? "page" : undefined} onClick={(event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.go({ page, service: undefined });
    }}>{children}</a>
  );
}

/** Reads the headline out, politely and not too often. */
function Spoken({ text }: { text: string }): JSX.Element {
  const [said, setSaid] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), SPEECH_PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return <p class="unseen" role="status">{said}</p>;
}

/** What is on the page. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { BannerBar, NoteBar } from "./banner";
import { Detail } from "./detail";
import { EventsPage } from "./events";
import { Header } from "./header";
import { HelpDialog } from "./help";
import { useAll, useNow, useStore } from "./hooks";
import { headlineOf } from "./rows";
import type { Moment } from "./rows";
import { ServicesPage } from "./services";
import { SignIn } from "./signin";
import { Footer } from "./footer";
import { clockText } from "./words";

/** A connection that comes back within this time was hardly lost. */
const GRACE = 1200;

export function App(): JSX.Element {
  const state = useAll();
  const store = useStore();
  const now = useNow();
  const [isHelp, setHelp] = useState(false);
  const { link, snapshot, at, place } = state;
  const isStale = link.is === "lost" && now.getTime() - link.since.getTime() > GRACE;
  const moment: Moment = { now, isStale, at: at ? clockText(at) : "" };
  const isLive = link.is === "live";
  const headline = isStale
    ? { title: "Engine does not answer", summary: `Showing ${moment.at}; buttons are off`, mood: "no-engine" as const }
    : snapshot
      ? headlineOf(snapshot)
      : { title: "Reading the state…", summary: "", mood: "no-engine" as const };

  useEffect(() => {
    document.title = `${headline.title} – Ostler`;
  }, [headline.title]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.key === "?" && !isTyping) setHelp(true);
      else if (event.key === "/" && !isTyping) document.querySelector<HTMLInputElement>("[data-filter]")?.focus();
      else if (event.key === "F8") problem(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && !isTyping && place.service !== undefined) {
        const name = place.service;
        store.go({ service: undefined });
        requestAnimationFrame(() => rowNamed(name)?.focus());
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [store, place.service]);

  if (link.is === "signed-out") return <SignIn why={link.why} />;
  const service = place.service === undefined ? undefined : snapshot?.services[place.service];
  return (
    <div class={`shell ${place.service !== undefined ? "with-detail" : ""}`}>
      <Header headline={headline} state={state} isLive={isLive} onHelp={() => setHelp(true)} />
      <BannerBar state={state} moment={moment} />
      <NoteBar note={state.note} />
      {snapshot === undefined ? (
        <main class="empty" aria-busy="true"><h1 class="late">Reading the state…</h1></main>
      ) : place.page === "events" ? (
        <EventsPage state={state} />
      ) : (
        <main class="services">
          <ServicesPage state={state} snapshot={snapshot} moment={moment} isLive={isLive} />
          {place.service !== undefined && (
            <Detail key={place.service} name={place.service} service={service} state={state} moment={moment} isLive={isLive} />
          )}
        </main>
      )}
      <Footer state={state} isStale={isStale} />
      {isHelp && <HelpDialog snapshot={snapshot} onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The row of a service. */
export function rowNamed(name: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>("[data-service]")].find((row) => row.dataset["service"] === name);
}

/** Goes to the next service that needs a person. */
function problem(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-service]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  for (let by = 1; by <= rows.length; by += 1) {
    const from = at < 0 && step < 0 ? 0 : at;
    const row = rows[(((from + step * by) % rows.length) + rows.length) % rows.length];
    if (row?.dataset["attention"] === "true") {
      row.focus();
      return;
    }
  }
}

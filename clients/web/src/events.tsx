/** What the engine tells, as it tells it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Glyph } from "./glyph";
import { useFollow } from "./hooks";
import type { Told } from "./link";
import { WORDS, causeText, known } from "./rows";
import type { State } from "./store";
import { clockText, countText, plain } from "./words";

export function EventsPage({ state }: { state: State }): JSX.Element {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const isOn = state.snapshot?.events?.enabled === true;
  const count = state.snapshot?.events?.subscriber_count ?? 0;
  const told = state.events.map((event) => ({ event, type: String(event.data["event_type"] ?? ""), text: sentenceOf(event) }));
  const shown = wanted === "" ? told : told.filter(({ event, type, text }) => `${type} ${event.source} ${text}`.toLowerCase().includes(wanted));
  const { list, isFollowing, pausedAt, missed, follow, onScroll } = useFollow(state.told);
  return (
    <main class="events">
      <div class="events-head">
        <h2><span>Events:</span> <Glyph name={isOn ? "state-running" : "state-idle"} size={20} look={isOn ? "ok" : "idle"} /> {isOn ? `Active (${countText(count)} ${count === 1 ? "subscriber" : "subscribers"})` : "Off"}</h2>
        <code>{location.origin}/supervisor/events</code>
      </div>
      <div class="toolbar">
        <label class="filter">
          <span class="unseen">Filter events</span>
          <Glyph name="action-filter" />
          <input data-filter type="text" inputMode="search" placeholder="Filter events" autocomplete="off" spellcheck={false} value={filter} onInput={(event) => setFilter(event.currentTarget.value)} onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            if (filter === "") event.currentTarget.blur();
            else setFilter("");
            event.stopPropagation();
          }} />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <span class="space" />
        <button type="button" aria-pressed={isFollowing} class="toggle" onClick={follow}><Glyph name="action-follow" /> Follow</button>
      </div>
      <div class="told" ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label="Events" onKeyDown={(event) => { if (event.key === "End") follow(); }}>
        {shown.map(({ event, type, text }) => (
          <div class={`event ${type}`} key={event.id + type}>
            <time dateTime={event.at}>{clockText(event.at)}</time>
            <span class="type">{plain(type)}</span>
            <span class="source">{plain(event.source)}</span>
            <span class="text">{text}</span>
          </div>
        ))}
        {shown.length === 0 && (
          <div class="empty">
            <h2>{wanted ? `No event contains “${filter.trim()}”` : isOn ? "Nothing was told yet" : "No events are broadcast"}</h2>
            <p>{wanted ? "" : isOn ? "What changes is told here at once." : "Switch them on: events.enabled = true."}</p>
            {wanted && <button type="button" onClick={() => setFilter("")}>Clear filter</button>}
          </div>
        )}
      </div>
      {!isFollowing && pausedAt && (
        <div class="strip">
          <button type="button" class="small" onClick={follow}><Glyph name="action-follow" /> {missed === 1 ? "1 new event" : `${countText(missed)} new events`}</button>
          <p role="status">Paused at {clockText(pausedAt)}</p>
          <p class="hint"><kbd>End</kbd> follows again</p>
        </div>
      )}
    </main>
  );
}

/** What an event says, in one sentence. */
export function sentenceOf({ data }: Told): string {
  const text = (name: string): string => (typeof data[name] === "string" ? plain(data[name]) : "");
  const cause = Array.isArray(data["cause"]) && typeof data["cause"][0] === "string" ? `: ${causeText(data["cause"][0])}` : "";
  switch (data["event_type"]) {
    case "service_changed":
      switch (data["change"]) {
        case "phase": {
          const pid = typeof data["pid"] === "number" ? `, pid ${data["pid"]}` : "";
          return `${text("instance")}: ${WORDS[known(text("from"))]} → ${WORDS[known(text("to"))]}${pid}${cause}`;
        }
        case "health": return `${text("instance")}: ${text("health")}${cause}`;
        case "added": return `${text("service")} was added`;
        case "changed": return `${text("service")} has changed`;
        case "removed": return `${text("service")} was removed`;
        case "incident": return `${text("instance")}: run ${String(data["run"])} crashed`;
        default: return `${text("instance") || text("service")}${cause}`;
      }
    case "config_changed":
      return data["is_valid"] === true ? "A new configuration is in force" : `The configuration was refused: ${String(data["mistakes"])} mistakes`;
    case "mode_changed":
      return data["settled"] === true ? `The mode is ${text("mode")}` : `The mode changes to ${text("mode")}`;
    case "connection_changed":
      if (data["change"] === "dropped") return `Connection ${String(data["connection"])} was dropped: ${text("reason")}`;
      return data["change"] === "opened" ? `${text("client") || "somebody"} connected (${String(data["connection"])})` : `Connection ${String(data["connection"])} ended`;
    case "gap": {
      const why = { evicted: "they are not kept any more", lagged: "they came too fast", restart: "the engine was started again", unknown_id: "where this page was is not known" };
      const dropped = typeof data["dropped"] === "number" ? `${countText(data["dropped"])} events are missing here` : "Events may be missing here";
      return `${dropped}: ${why[text("reason") as keyof typeof why] ?? text("reason")}`;
    }
    case "test":
      return text("message");
    default: {
      const { event_type: _, ...rest } = data;
      return plain(JSON.stringify(rest)).slice(0, 400);
    }
  }
}

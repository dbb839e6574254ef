/** The list of services. */
import { Component } from "preact";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { ActionButtons, hurtBy, useActions } from "./actions";
import { Confirm } from "./dialog";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import { WORDS, classOf, countsOf, groupsOf, known } from "./rows";
import type { Class, Group, Moment, Row, Usage } from "./rows";
import type { State, Verb } from "./store";
import { Spark } from "./spark";
import type { Snapshot } from "./wire";
import { plain } from "./words";

const CHIPS: readonly (readonly [Class, string, string | undefined])[] = [
  ["all", "All", undefined],
  ["attention", "Needs attention", "state-failed"],
  ["running", "Running", "state-running"],
  ["busy", "Busy", "state-starting"],
  ["stopped", "Stopped", "state-stopped"],
];

type Props = { state: State; snapshot: Snapshot; moment: Moment; isLive: boolean };

export function ServicesPage({ state, snapshot, moment, isLive }: Props): JSX.Element {
  const groups = groupsOf(snapshot, state.usage, moment, { filter: state.filter, only: state.only });
  const hasServices = Object.keys(snapshot.services).length > 0;
  return (
    <section class="list" aria-label="Services">
      <Toolbar state={state} snapshot={snapshot} moment={moment} isLive={isLive} />
      {!hasServices ? (
        <div class="empty">
          <h2>No services are defined</h2>
          <p>Write one into <code>{plain(snapshot.supervisor.config_path)}</code>, or let Ostler do it:</p>
          <pre tabIndex={0} aria-label="Command">ostler add web -- npm run dev</pre>
        </div>
      ) : groups.length === 0 ? (
        <Nothing state={state} />
      ) : (
        <Grid groups={groups} state={state} isLive={isLive && !moment.isStale} />
      )}
    </section>
  );
}

function Toolbar({ state, snapshot, moment, isLive }: Props): JSX.Element {
  const store = useStore();
  const [isAsking, setAsking] = useState(false);
  const words = Object.values(snapshot.services).map((service) => (moment.isStale ? "unknown" as const : known(service.status)));
  const counts = countsOf(words);
  return (
    <div class="toolbar">
      <label class="filter">
        <span class="unseen">Filter services</span>
        <Glyph name="action-filter" />
        <input data-filter type="text" inputMode="search" placeholder="Filter services" autocomplete="off" spellcheck={false} value={state.filter}
          onInput={(event) => store.set({ filter: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              if (state.filter === "") event.currentTarget.blur();
              else store.set({ filter: "" });
              event.stopPropagation();
            } else if (event.key === "ArrowDown") {
              document.querySelector<HTMLElement>("[data-service]")?.focus();
              event.preventDefault();
            }
          }} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <div class="chips" role="group" aria-label="Show">
        {CHIPS.map(([only, label, glyph]) => (
          <button type="button" class="chip" key={only} aria-pressed={state.only === only} onClick={() => store.set({ only })}>
            {glyph && <Glyph name={glyph} look={only} />}
            <span>{label}</span> <small>{counts[only]}</small>
          </button>
        ))}
      </div>
      <label class="chips-narrow mode">
        <span class="unseen">Show</span>
        <select value={state.only} onChange={(event) => store.set({ only: event.currentTarget.value as Class })}>
          {CHIPS.map(([only, label]) => <option key={only} value={only}>{label} {counts[only]}</option>)}
        </select>
        <Glyph name="action-chevron-down" />
      </label>
      <button type="button" class="restart-all" aria-label="Restart all…" title="Restart all services" disabled={!isLive || words.length === 0} onClick={() => setAsking(true)}>
        <Glyph name="action-restart" /> <span>Restart all…</span>
      </button>
      {isAsking && (
        <Confirm title={words.length === 1 ? "Restart the service?" : `Restart all ${words.length} services?`}
          text="They restart in order: each one after what it needs." verb={words.length === 1 ? "Restart it" : `Restart ${words.length} services`}
          onYes={() => void store.restartAll()} onClose={() => setAsking(false)} />
      )}
    </div>
  );
}

function Nothing({ state }: { state: State }): JSX.Element {
  const store = useStore();
  const chip = CHIPS.find(([only]) => only === state.only)?.[1] ?? "";
  const text = state.filter.trim() ? `No service matches “${state.filter.trim()}”` : `No service under “${chip}”`;
  return (
    <div class="empty">
      <h2>{text}</h2>
      <button type="button" onClick={() => store.set({ filter: "", only: "all" })}>Clear filter</button>
    </div>
  );
}

type GridProps = { groups: readonly Group[]; state: State; isLive: boolean };

function Grid({ groups, state, isLive }: GridProps): JSX.Element {
  const grid = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | undefined>(state.place.service);
  const hasHeads = groups.length > 1 || groups[0]?.name !== "";
  const shown = groups.flatMap((group) => (state.folded.has(group.name) ? [] : group.rows));
  // The one row that Tab reaches.
  const stop = shown.some((row) => row.name === current) ? current : shown[0]?.name;
  const move = (event: KeyboardEvent): void => {
    const lines = [...(grid.current?.querySelectorAll<HTMLElement>("[data-line]") ?? [])];
    const at = lines.findIndex((line) => line === event.target || line.contains(event.target as Node));
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
    const to = steps[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    lines[Math.max(0, Math.min(lines.length - 1, to))]?.focus();
  };
  return (
    <div class="grid" role="grid" aria-label="Services" ref={grid} onKeyDown={move}>
      <div role="rowgroup" class="heads">
        <div role="row">
          {["State", "Service", "Address", "Uptime", "Restarts", "CPU", "", "Memory", " "].map((head) => head.trim() === "" ? (
            <span key={head} class="c-spark" aria-hidden="true" />
          ) : (
            <span role="columnheader" key={head} class={`c-${head.toLowerCase()}`}>{head}</span>
          ))}
          <span role="columnheader" class="c-actions"><span class="unseen">Actions</span></span>
        </div>
      </div>
      {groups.map((group) => (
        <div role="rowgroup" key={group.name} aria-label={group.name ? plain(group.name) : "Without a group"}>
          {hasHeads && <Heading group={group} isFolded={state.folded.has(group.name)} />}
          {!state.folded.has(group.name) && group.rows.map((row) => (
            <RowGate key={row.name} row={row} group={group.name} isLive={isLive} isStop={row.name === stop} isSelected={state.place.service === row.name}
              sent={state.sent.get(row.name)?.verb} course={state.courses.get(row.name) ?? NO_COURSE} hurt={hurtBy(row.name, state.snapshot).join("\n")} onFocus={setCurrent} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Heading({ group, isFolded }: { group: Group; isFolded: boolean }): JSX.Element {
  const store = useStore();
  const fold = (wanted: boolean): void => {
    const folded = new Set(store.state.folded);
    if (wanted) folded.add(group.name);
    else folded.delete(group.name);
    store.set({ folded });
  };
  const name = group.name ? plain(group.name) : "Without a group";
  return (
    <div role="row" class="group">
      <span role="gridcell" aria-colspan={8}>
        <button type="button" data-line tabIndex={-1} aria-expanded={!isFolded} onClick={() => fold(!isFolded)} onKeyDown={(event) => {
          if (event.key === "ArrowLeft") fold(true);
          else if (event.key === "ArrowRight") fold(false);
          else return;
          event.preventDefault();
        }}>
          <Glyph name={isFolded ? "action-chevron-right" : "action-chevron-down"} />
          {isFolded && <Glyph name={`state-${group.word}`} look={group.word} />}
          <strong>{name}</strong> <small>{group.summary}</small>
        </button>
      </span>
    </div>
  );
}

type RowProps = {
  row: Row;
  group: string;
  isLive: boolean;
  /** Whether Tab reaches it. */
  isStop: boolean;
  isSelected: boolean;
  sent: Verb | undefined;
  course: readonly Usage[];
  /** The running services that need it, one a line. */
  hurt: string;
  onFocus: (name: string) => void;
};

const NO_COURSE: readonly Usage[] = [];

/** A row; it is made again only if something of it is another, as there may be a thousand. */
class RowGate extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { row, ...rest } = this.props;
    const isSame = (one: object, other: object): boolean => Object.entries(one).every(([name, value]) => value === (other as Record<string, unknown>)[name]);
    return !isSame(row, next.row) || !isSame(rest, next);
  }

  override render(props: RowProps): JSX.Element {
    return <ServiceRow {...props} />;
  }
}

function ServiceRow({ row, group, isLive, isStop, isSelected, sent, course, hurt, onFocus }: RowProps): JSX.Element {
  const store = useStore();
  const { act, dialog } = useActions(row, hurt === "" ? [] : hurt.split("\n"), isLive);
  const isLoud = ["failed", "backoff", "degraded"].includes(row.word);
  const open = (tab: "overview" | "logs"): void => {
    store.go({ page: "services", service: row.name, tab });
    requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-detail]")?.focus());
  };
  const name = plain(row.name);
  const spoken = [name, WORDS[row.word], row.why, row.uptime && row.word === "running" ? `up ${row.uptime}` : row.uptime, group && `group ${plain(group)}`];
  return (
    <div role="row" data-line data-service={row.name} data-attention={!row.isStale && classOf(row.word) === "attention"} data-word={row.word}
      class={`row ${row.word} ${row.isStale ? "stale" : ""}`} tabIndex={isStop ? 0 : -1} aria-selected={isSelected}
      aria-label={spoken.filter(Boolean).join(", ")} onFocus={() => onFocus(row.name)}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest("button, a")) open(store.state.place.tab);
      }}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Enter") open(store.state.place.tab);
        else if (event.key === "l") open("logs");
        else if (event.key === "r") act("restart");
        else if (event.key === "s") act(row.canStart ? "start" : "stop");
        else return;
        event.preventDefault();
      }}>
      <span role="gridcell" class="c-state"><Glyph name={`state-${row.word}`} look={row.word} /> <span class={isLoud ? `loud ${row.word}` : "word"}>{WORDS[row.word]}</span></span>
      <span role="gridcell" class="c-service"><span class="name">{name}</span>{row.tag && <span class="tag">{row.tag}</span>}</span>
      <span role="gridcell" class="c-address">
        {row.url ? <a href={row.url} target="_blank" rel="noreferrer noopener" tabIndex={isStop ? 0 : -1}>{row.address}</a> : row.address}
        {row.shortAddress && <span class="short" aria-hidden="true">{row.shortAddress}</span>}
      </span>
      <span role="gridcell" class={`c-uptime ${row.word === "running" ? "" : "ended"}`}>{row.uptime}</span>
      <span role="gridcell" class={`c-restarts ${row.restarts === "0" ? "zero" : ""}`}>{row.restarts}</span>
      <span role="gridcell" class="c-cpu">{row.cpu}</span>
      <span class="c-spark" aria-hidden="true">{row.cpu && <Spark samples={course.map(({ cpu }) => cpu)} least={10} room={1} />}</span>
      <span role="gridcell" class="c-memory">{row.memory}</span>
      <span class="c-spark" aria-hidden="true">{row.memory && <Spark samples={course.map(({ memory }) => memory)} least={0.1} room={1.25} />}</span>
      <span role="gridcell" class="c-actions">
        {sent ? <span class="sent">{sentText(sent)}</span> : <ActionButtons row={row} act={act} isLive={isLive} isReachable={isStop} />}
      </span>
      {row.why && <span role="gridcell" class="c-why">{row.why}</span>}
      {dialog}
    </div>
  );
}

function sentText(verb: Verb): string {
  return `${verb.slice(0, 1).toUpperCase()}${verb.slice(1)} sent`;
}


/** The log of a service, as it is written. */
import { Component } from "preact";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { piecesOf } from "./ansi";
import { ask, refusalOf } from "./api";
import { Glyph } from "./glyph";
import { useFollow, useVisible } from "./hooks";
import { framesOf } from "./sse";
import type { LogLine } from "./wire";
import { capitalised, clockText, countText, plain, refusalText } from "./words";

/** Lines that are kept for the page. */
const LINES_MAX = 3000;
/** Lines that are shown at once; older ones are found by the filter. */
const SHOWN_MAX = 1000;
/** Lines that are asked for first. */
const FIRST = 500;
/** Before a stream that ended is asked for again. */
const PAUSE = 1000;

type Line = LogLine & { readonly level?: string };
type Entry = { readonly key: number; readonly line: Line } | { readonly key: number; readonly missed: number };
type Batch = { readonly lines: readonly Line[]; readonly missed: number };

/** Lines in order, each once: whatever comes again after the link was lost is known by where it stands in its file. */
class Lines {
  #entries: Entry[] = [];
  #next = 0;
  #last = new Map<string, readonly [number, number]>();

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** How many there ever were. */
  get total(): number {
    return this.#next;
  }

  take({ lines, missed }: Batch): void {
    const fresh: Entry[] = missed > 0 ? [{ key: this.#next++, missed }] : [];
    for (const line of lines) {
      const [file = 0, offset = 0] = line.cursor.split(":").map(Number);
      const [lastFile, lastOffset] = this.#last.get(line.instance) ?? [-1, -1];
      if (file < lastFile || (file === lastFile && offset <= lastOffset)) continue;
      this.#last.set(line.instance, [file, offset]);
      fresh.push({ key: this.#next++, line });
    }
    if (fresh.length > 0) this.#entries = [...this.#entries, ...fresh].slice(-LINES_MAX);
  }
}

/** Follows the output of a service while the engine is there and somebody sees the page. */
function useLines(service: string, isWanted: boolean): { lines: Lines; isRead: boolean; why: string } {
  const lines = useRef(new Lines());
  const [, setTurn] = useState(0);
  const [isRead, setRead] = useState(false);
  const [why, setWhy] = useState("");
  useEffect(() => {
    if (!isWanted) return;
    const ending = new AbortController();
    const run = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        try {
          const path = `/api/v1/services/${encodeURIComponent(service)}/logs/stream?lines=${FIRST}`;
          const { body } = await ask(path, { signal: ending.signal });
          if (!body) return;
          setWhy("");
          for await (const frame of framesOf(body)) {
            if (ending.signal.aborted) return;
            if (frame?.name !== "log") continue;
            lines.current.take(JSON.parse(frame.data) as Batch);
            setRead(true);
            setTurn((turn) => turn + 1);
          }
        } catch (error) {
          if (ending.signal.aborted) return;
          const refusal = refusalOf(error);
          if (!refusal.isSilence) setWhy(refusalText(refusal.error));
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PAUSE);
          ending.signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
        });
      }
    };
    void run();
    return () => ending.abort();
  }, [service, isWanted]);
  return { lines: lines.current, isRead, why };
}

export function LogView({ service, isLive }: { service: string; isLive: boolean }): JSX.Element {
  const isVisible = useVisible();
  const { lines, isRead, why } = useLines(service, isLive && isVisible);
  const [filter, setFilter] = useState("");
  const [isWrapped, setWrapped] = useState(false);
  const { list, isFollowing, pausedAt, missed, follow, onScroll } = useFollow(lines.total);
  const wanted = filter.trim().toLowerCase();
  // While it is paused nothing is taken away above, so that what one reads stays where it is.
  const floor = useRef(0);
  const { entries } = lines;
  const shown = useMemo(() => {
    const matching = wanted === "" ? entries : entries.filter((entry) => "line" in entry && entry.line.text.toLowerCase().includes(wanted));
    if (isFollowing) floor.current = matching.at(-SHOWN_MAX)?.key ?? 0;
    return matching.filter((entry) => entry.key >= floor.current);
  }, [entries, wanted, isFollowing]);
  const hasSeveral = new Set(entries.map((entry) => ("line" in entry ? entry.line.instance : ""))).size > 1;
  return (
    <div class="logs">
      <div class="toolbar">
        <label class="filter">
          <span class="unseen">Filter lines</span>
          <Glyph name="action-search" />
          <input type="text" data-filter inputMode="search" placeholder="Filter lines" autocomplete="off" spellcheck={false} value={filter} onInput={(event) => setFilter(event.currentTarget.value)} onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            if (filter === "") event.currentTarget.blur();
            else setFilter("");
            event.stopPropagation();
          }} />
          {wanted !== "" && <small>{countText(shown.length)}</small>}
        </label>
        <span class="space" />
        <button type="button" aria-pressed={isFollowing} class="toggle" onClick={follow}><Glyph name="action-follow" /> Follow</button>
        <button type="button" class="icon toggle" aria-pressed={isWrapped} aria-label="Wrap long lines" title="Wrap long lines" onClick={() => setWrapped(!isWrapped)}><Glyph name="action-wrap" /></button>
      </div>
      {why && <p class="why fail" role="alert">{capitalised(why)}</p>}
      <div class={`lines ${isWrapped ? "wrapped" : ""}`} ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={`Output of ${plain(service)}`}
        onKeyDown={(event) => { if (event.key === "End") follow(); }}>
        {shown.map((entry) => <LineView key={entry.key} entry={entry} wanted={wanted} hasSeveral={hasSeveral} />)}
        {isRead && shown.length === 0 && <p class="none">{wanted ? `No line contains “${filter.trim()}”` : `${plain(service)} has written nothing yet`}</p>}
      </div>
      {!isFollowing && pausedAt && (
        <div class="strip">
          <button type="button" class="small" onClick={follow}><Glyph name="action-follow" /> {missed === 1 ? "1 new line" : `${countText(missed)} new lines`}</button>
          <p role="status">Paused at {clockText(pausedAt)}</p>
          <p class="hint"><kbd>End</kbd> follows again</p>
        </div>
      )}
    </div>
  );
}

type LineProps = { entry: Entry; wanted: string; hasSeveral: boolean };

/** A line; it is made once, as lines do not change. */
class LineView extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    return next.entry !== this.props.entry || next.wanted !== this.props.wanted || next.hasSeveral !== this.props.hasSeveral;
  }

  override render({ entry, wanted, hasSeveral }: LineProps): JSX.Element {
    return lineOf(entry, wanted, hasSeveral);
  }
}

function lineOf(entry: Entry, wanted: string, hasSeveral: boolean): JSX.Element {
  if ("missed" in entry) {
    return <p class="mark"><Glyph name="state-degraded" look="degraded" /> {countText(entry.missed)} {entry.missed === 1 ? "line was" : "lines were"} left out here</p>;
  }
  const { line } = entry;
  if (line.stream === "meta") {
    return <p class="mark"><Glyph name="action-info" /> <time>{clockText(line.at)}</time> {plain(line.text)}</p>;
  }
  return (
    <div class={`line ${line.level ?? ""}`}>
      <time dateTime={line.at}>{clockText(line.at)}.{milliseconds(line.at)}</time>
      <span class="level">{line.level ?? ""}</span>
      {hasSeveral && <span class="from">{plain(line.instance)}</span>}
      <span class="text">{wanted === "" ? piecesOf(line.text).map((piece, at) => <span key={at} class={piece.look}>{piece.text}</span>) : marked(line.text, wanted)}</span>
    </div>
  );
}

function milliseconds(at: string): string {
  return (/\.(\d{1,3})/.exec(at)?.[1] ?? "0").padEnd(3, "0");
}

/** The text with what was looked for. */
function marked(text: string, wanted: string): JSX.Element[] {
  const line = piecesOf(text).map((piece) => piece.text).join("");
  const found: JSX.Element[] = [];
  let from = 0;
  for (let at = line.toLowerCase().indexOf(wanted); at >= 0; at = line.toLowerCase().indexOf(wanted, from)) {
    found.push(<span key={from}>{line.slice(from, at)}</span>, <mark key={`m${at}`}>{line.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return [...found, <span key="end">{line.slice(from)}</span>];
}

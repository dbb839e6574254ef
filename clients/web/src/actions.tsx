/** What can be done to a service, with the question before what others would feel. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Confirm } from "./dialog";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import { classOf, known } from "./rows";
import type { Row } from "./rows";
import type { Verb } from "./store";
import type { Snapshot } from "./wire";
import { plain } from "./words";

/** The running services that need this one. */
export function hurtBy(name: string, snapshot: Snapshot | undefined): string[] {
  return (snapshot?.services[name]?.dependants ?? []).filter((other) => {
    const word = snapshot?.services[other]?.status;
    return word !== undefined && classOf(known(word)) !== "stopped";
  });
}

/** Does it, or asks first if running services would feel it. */
export function useActions(row: Row, hurt: readonly string[], isLive: boolean): { act: (verb: Verb) => void; dialog: JSX.Element | null } {
  const store = useStore();
  const [isAsking, setAsking] = useState(false);
  const act = (verb: Verb): void => {
    const can = { start: row.canStart, stop: row.canStop, restart: row.canRestart }[verb];
    if (!isLive || row.isStale || !can || store.state.sent.has(row.name)) return;
    if (verb === "stop" && hurt.length > 0) setAsking(true);
    else void store.act(verb, row.name);
  };
  const name = plain(row.name);
  const dialog = isAsking ? (
    <Confirm title={`Stop ${name}?`} text={hurt.length === 1 ? "A running service needs it:" : `${hurt.length} running services need it:`}
      list={hurt.map(plain)} verb={`Stop ${name}`} onYes={() => void store.act("stop", row.name)} onClose={() => setAsking(false)} />
  ) : null;
  return { act, dialog };
}

/** The one fitting action in words where the service is not well, and all as icons. */
export function ActionButtons({ row, act, isLive, isReachable }: { row: Row; act: (verb: Verb) => void; isLive: boolean; isReachable: boolean }): JSX.Element {
  const name = plain(row.name);
  const tabIndex = isReachable ? 0 : -1;
  const fit: readonly [Verb, string] | undefined =
    row.word === "backoff" ? ["restart", "Restart now"] : row.word === "degraded" ? ["restart", "Restart"]
      : row.canStart && row.word !== "completed" ? ["start", "Start"] : undefined;
  const isOff = !isLive || row.isStale;
  const icon = (verb: Verb, label: string): JSX.Element => (
    <button type="button" class="icon" tabIndex={tabIndex} disabled={isOff} aria-label={`${label} ${name}`} title={`${label} ${name}`} onClick={() => act(verb)}>
      <Glyph name={`action-${verb}`} />
    </button>
  );
  return (
    <>
      <span class="icons">
        {row.url && (
          <a class="icon button" href={row.url} target="_blank" rel="noreferrer noopener" tabIndex={tabIndex} aria-label={`Open ${name}`} title={`Open ${row.url}`}>
            <Glyph name="action-open" />
          </a>
        )}
        {row.canRestart && !row.canStart && fit?.[0] !== "restart" && icon("restart", "Restart")}
        {row.canStop && icon("stop", "Stop")}
        {row.canStart && !fit && icon("start", "Start")}
      </span>
      {fit && (
        <button type="button" class="small" tabIndex={tabIndex} disabled={isOff} aria-label={`${fit[1]} ${name}`} onClick={() => act(fit[0])}>{fit[1]}</button>
      )}
    </>
  );
}

/** One service: how it is, why, and its log. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hurtBy, useActions } from "./actions";
import { askFor } from "./api";
import { Glyph } from "./glyph";
import { useStore } from "./hooks";
import { LogView } from "./logs";
import { DECISIONS, WORDS, causeText, known, rowOf } from "./rows";
import type { Moment, Row } from "./rows";
import type { State, Verb } from "./store";
import type { ServiceStatus } from "./wire";
import { clockText, plain } from "./words";

type Props = { name: string; service: ServiceStatus | undefined; state: State; moment: Moment; isLive: boolean };

export function Detail({ name, service, state, moment, isLive }: Props): JSX.Element {
  const store = useStore();
  const close = (): void => store.go({ service: undefined });
  if (!service) {
    return (
      <section class="detail empty" aria-label={plain(name)}>
        <h2>There is no service {plain(name)}</h2>
        <button type="button" onClick={close}>Show all services</button>
      </section>
    );
  }
  const row = rowOf(name, service, state.usage.get(name), moment);
  return (
    <section class="detail" aria-label={plain(name)}>
      <Head row={row} service={service} state={state} isLive={isLive && !moment.isStale} onClose={close} />
      <div class="tabs" role="tablist" aria-label={plain(name)} onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        store.go({ tab: state.place.tab === "logs" ? "overview" : "logs" });
        requestAnimationFrame(() => document.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus());
      }}>
        {(["overview", "logs"] as const).map((tab) => (
          <button type="button" role="tab" key={tab} id={`tab-${tab}`} aria-selected={state.place.tab === tab} aria-controls="tab-panel"
            tabIndex={state.place.tab === tab ? 0 : -1} onClick={() => store.go({ tab })}>{tab === "logs" ? "Logs" : "Overview"}</button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${state.place.tab}`} class="panel">
        {state.place.tab === "logs" ? <LogView service={name} isLive={state.link.is === "live"} /> : <Overview row={row} service={service} state={state} moment={moment} />}
      </div>
    </section>
  );
}

function Head({ row, service, state, isLive, onClose }: { row: Row; service: ServiceStatus; state: State; isLive: boolean; onClose: () => void }): JSX.Element {
  const { act, dialog } = useActions(row, hurtBy(row.name, state.snapshot), isLive);
  const sent = state.sent.get(row.name);
  const button = (verb: Verb, label: string): JSX.Element => (
    <button type="button" disabled={!isLive || sent !== undefined} onClick={() => act(verb)}><Glyph name={`action-${verb}`} /> {label}</button>
  );
  const meta = [
    service.group ? plain(service.group) : "",
    row.address,
    row.word === "running" && row.uptime ? `up ${row.uptime}` : row.uptime,
    row.pid !== undefined ? `pid ${row.pid}` : "",
    row.restarts !== "" && row.restarts !== "0" ? `${row.restarts} ${row.restarts === "1" ? "restart" : "restarts"}` : "",
    row.cpu && row.cpu !== "–" ? `${row.cpu} CPU` : "",
    row.memory && row.memory !== "–" ? row.memory : "",
  ];
  const isLoud = ["failed", "backoff", "degraded"].includes(row.word);
  return (
    <div class="detail-head">
      <button type="button" class="icon back" aria-label="Back to the list" onClick={onClose}><Glyph name="action-back" /></button>
      <Glyph name={`state-${row.word}`} size={20} look={row.word} />
      <div class="detail-title">
        <h2 data-detail tabIndex={-1}><span>{plain(row.name)}</span> <strong class={isLoud ? row.word : "word"}>{WORDS[row.word]}</strong></h2>
        <p>{meta.filter(Boolean).join(", ")}</p>
      </div>
      <div class="detail-actions">
        {row.url && <a class="button" href={row.url} target="_blank" rel="noreferrer noopener"><Glyph name="action-open" /> Open</a>}
        {row.canStart ? button("start", "Start") : <>{row.canRestart && button("restart", "Restart")}{row.canStop && button("stop", "Stop")}</>}
        <button type="button" class="icon close" aria-label="Close" title="Close (Esc)" onClick={onClose}><Glyph name="action-close" /></button>
      </div>
      {dialog}
    </div>
  );
}

type Happened = { at: string; type: string; instance?: string; from?: string; to?: string; cause?: { code: string; text: string }[]; status?: { pid: number | null; run: number | null } };
type Why = { instances: { status: { id: string }; history: Happened[]; probes?: { probe: string; asks: string; ok?: boolean; message?: string }[] }[] };

/** Reads why the service is as it is, again with each change of it. */
function useWhy(name: string, seq: string, isStale: boolean): Why | undefined {
  const [why, setWhy] = useState<Why | undefined>();
  useEffect(() => {
    if (isStale) return;
    const ending = new AbortController();
    askFor<Why>(`/api/v1/services/${encodeURIComponent(name)}/why`, { signal: ending.signal }).then(setWhy, () => undefined);
    return () => ending.abort();
  }, [name, seq, isStale]);
  return why;
}

function Overview({ row, service, state, moment }: { row: Row; service: ServiceStatus; state: State; moment: Moment }): JSX.Element {
  const store = useStore();
  const change = service.instances.map((instance) => `${instance.word} ${instance.since} ${instance.run ?? ""}`).join();
  const why = useWhy(row.name, change, moment.isStale);
  const probes = why?.instances.flatMap((instance) => instance.probes ?? []) ?? [];
  const history = (why?.instances.flatMap((instance) => instance.history) ?? [])
    .filter((event) => event.type === "instance_phase").sort((one, other) => one.at.localeCompare(other.at)).slice(-8);
  const tint = row.word === "failed" ? "fail" : row.word === "backoff" || row.word === "degraded" ? "warn" : "plain";
  const causes = (moment.isStale ? [] : service.instances).flatMap((instance) => instance.cause).map((cause) => causeText(cause.text)).filter((text) => text && !row.why.startsWith(text));
  const related = (names: readonly string[]): JSX.Element => (
    <ul class="related">
      {names.map((name) => {
        const word = moment.isStale ? "unknown" : known(state.snapshot?.services[name]?.status ?? "unknown");
        return (
          <li key={name}>
            <a href={`#/services/${encodeURIComponent(name)}/overview`} onClick={(event) => { event.preventDefault(); store.go({ service: name, tab: "overview" }); }}>
              <Glyph name={`state-${word}`} look={word} /> <span>{plain(name)}</span> <small>{WORDS[word]}</small>
            </a>
          </li>
        );
      })}
    </ul>
  );
  const needs = Object.keys(service.depends_on ?? {});
  return (
    <div class="overview" tabIndex={0}>
      {row.why && (
        <div class={`why ${tint}`}>
          <h3>{row.why}</h3>
          {causes.slice(0, 3).map((text) => <p key={text}>{text}</p>)}
        </div>
      )}
      {history.length > 0 && (
        <section>
          <h3>What happened</h3>
          <ol class="history">
            {history.map((event) => (
              <li key={`${event.at} ${event.instance ?? ""} ${event.to ?? ""}`}>
                <time dateTime={event.at}>{clockText(event.at)}</time>
                <Glyph name={`state-${phaseGlyph(event.to)}`} look={phaseGlyph(event.to)} />
                <span>{happened(event, service.instances.length > 1)}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {probes.length > 0 && (
        <section>
          <h3>Probes</h3>
          <dl class="facts">
            {probes.map((probe, at) => (
              <div key={at}>
                <dt>{probe.probe === "live" ? "Live" : "Ready"}</dt>
                <dd><code>{plain(probe.asks)}</code> {probe.ok === undefined ? "no answer yet" : probe.ok ? "answers" : plain(probe.message || "does not answer")}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {needs.length > 0 && <section><h3>Needs</h3>{related(needs)}</section>}
      {(service.dependants ?? []).length > 0 && <section><h3>Needed by</h3>{related(service.dependants ?? [])}</section>}
      <section>
        <h3>Instances</h3>
        <table>
          <thead><tr><th scope="col">Instance</th><th scope="col">State</th><th scope="col">Run</th><th scope="col">Pid</th><th scope="col">Ports</th></tr></thead>
          <tbody>
            {service.instances.map((instance) => {
              const word = moment.isStale ? "unknown" : known(instance.word);
              return (
                <tr key={instance.id}>
                  <td>{plain(instance.id)}</td>
                  <td><Glyph name={`state-${word}`} look={word} /> {WORDS[word]}</td>
                  <td>{instance.run ?? ""}</td>
                  <td data-pid>{moment.isStale ? "" : instance.pid ?? ""}</td>
                  <td>{Object.entries(instance.ports).map(([name, port]) => (name === "main" || name === "" ? `${port}` : `${plain(name)} ${port}`)).join(", ")}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <p class="command"><span>Command</span> <code>{plain(service.command)}</code></p>
      </section>
    </div>
  );
}

function phaseGlyph(phase: string | undefined): string {
  return phase !== undefined && ["stopped", "starting", "running", "stopping", "backoff", "failed"].includes(phase) ? phase : "unknown";
}

function happened(event: Happened, hasSeveral: boolean): string {
  const who = hasSeveral && event.instance ? `${plain(event.instance)}: ` : "";
  const word = WORDS[known(event.to ?? "")];
  const tells = event.cause?.find((one) => one.text && !DECISIONS.includes(one.code));
  // Why it was started is told by the start; that it runs needs no reason but one of its own.
  const why = event.to === "running" ? (tells?.code === "exited" ? undefined : tells) : event.to === "starting" || event.to === "stopping" ? event.cause?.[0] : (tells ?? event.cause?.[0]);
  const cause = why?.text;
  const pid = event.to === "starting" && event.status?.pid != null ? `, pid ${event.status.pid}` : "";
  return `${who}${word}${pid}${cause ? `: ${causeText(cause)}` : ""}`;
}

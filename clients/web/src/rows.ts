/** Services as they are shown: pure, from a snapshot. */
import type { InstanceStatus, ServiceStatus, Snapshot, Word } from "./wire";
import { memoryText, minuteText, percentText, plain, shortSpanText, spanText } from "./words";

/** What a service uses. */
export type Usage = { readonly cpu: number; readonly memory: number };

/** A service in the list. */
export type Row = {
  readonly name: string;
  readonly word: Word;
  readonly tag: string;
  readonly why: string;
  readonly address: string;
  readonly shortAddress: string;
  readonly url: string | undefined;
  readonly uptime: string;
  readonly restarts: string;
  readonly cpu: string;
  readonly memory: string;
  readonly pid: number | undefined;
  readonly pending: string;
  readonly canStart: boolean;
  readonly canStop: boolean;
  readonly canRestart: boolean;
  readonly isStale: boolean;
};

/** Services under one heading. */
export type Group = { readonly name: string; readonly word: Word; readonly summary: string; readonly rows: Row[] };

/** How much of the list is wanted. */
export type Class = "all" | "attention" | "running" | "busy" | "stopped";

/** The worst first; what is unknown overrides all. */
const ORDER: readonly Word[] = [
  "unknown", "failed", "backoff", "degraded", "stopping", "starting", "running", "completed", "stopped", "disabled",
];

/** The word for people. */
export const WORDS: Readonly<Record<Word, string>> = {
  unknown: "Unknown", failed: "Failed", backoff: "Backoff", degraded: "Degraded", stopping: "Stopping",
  starting: "Starting", running: "Running", completed: "Completed", stopped: "Stopped", disabled: "Disabled",
};

/** Which chip a state is counted under. */
export function classOf(word: Word): Exclude<Class, "all"> {
  switch (word) {
    case "failed": case "backoff": case "degraded": case "unknown": return "attention";
    case "starting": case "stopping": return "busy";
    case "running": return "running";
    case "completed": case "stopped": case "disabled": return "stopped";
    default: return never(word);
  }
}

function never(value: never): never {
  throw new Error(`an unknown state: ${String(value)}`);
}

/** A word that this build may not know. */
export function known(word: string): Word {
  return (ORDER as readonly string[]).includes(word) ? (word as Word) : "unknown";
}

function worst(words: readonly Word[]): Word {
  return ORDER.find((word) => words.includes(word)) ?? "unknown";
}

function worstInstance(service: ServiceStatus): InstanceStatus | undefined {
  return [...service.instances].sort((one, other) => ORDER.indexOf(known(one.word)) - ORDER.indexOf(known(other.word)))[0];
}

/** What was decided, not what happened. */
export const DECISIONS: readonly string[] = ["asked", "boot", "restart-policy", "not-restarted", "immediate-exit", "needed-by"];

/** A cause in words; who asks over HTTP is named by what it is. */
export function causeText(text: string): string {
  return plain(text).replace(/\bby http:browser\b/, "by a browser").replace(/\bby http:/, "by ");
}

/** Why an instance is as it is; empty when there is nothing to tell. */
export function whyLine(status: InstanceStatus, now: Date): string {
  switch (known(status.word)) {
    case "failed": case "degraded": case "unknown": return told(status);
    case "backoff": return withRetry(told(status), status, now);
    case "starting": case "stopping": return waits(status) || told(status);
    case "running": case "completed": case "stopped": case "disabled": return "";
    default: return "";
  }
}

function told(status: InstanceStatus): string {
  const cause = status.cause.find((cause) => !DECISIONS.includes(cause.code) && cause.text) ?? status.cause[0];
  const line = causeText(cause?.text ?? "");
  const last = cause?.code === "exited" ? plain(status.last_exit?.last_line ?? "") : "";
  return line && last && !line.includes(last) ? `${line}: ${last}` : line;
}

function waits(status: InstanceStatus): string {
  if (!status.waiting_for) return "";
  const told = status.cause.find((cause) => cause.code === "waits-for");
  return told ? plain(told.text) : `waiting for ${plain(status.waiting_for)}`;
}

function withRetry(line: string, status: InstanceStatus, now: Date): string {
  if (!status.next_try) return line;
  const left = (Date.parse(status.next_try) - now.getTime()) / 1000;
  const next = left > 0.5 ? `Next try in ${spanText(Math.round(left))}` : "Trying again now";
  return line ? `${line}. ${next}` : next;
}

/** What is told beside an instance that is down on purpose: `by you, 10:12`, `exit 0 after 1.8 s`. */
function downLine(status: InstanceStatus, now: Date): string {
  const word = known(status.word);
  if (word === "completed" && status.last_exit) {
    return `exit ${status.last_exit.code ?? 0} after ${shortSpanText(status.last_exit.after_ms)}`;
  }
  if (word !== "stopped" && word !== "disabled") return "";
  const cause = status.cause[0];
  if (!cause) return "";
  const by = cause.args?.["by"] ?? "";
  const who = cause.code === "asked" && by ? causeText(`by ${by.replace(/^by /, "")}`) : causeText(cause.text);
  const minute = minuteText(status.since, now);
  return who && minute ? `${who}, ${minute}` : who;
}

/** When the snapshot was had, and whether it still holds. */
export type Moment = { readonly now: Date; readonly isStale: boolean; readonly at: string };

/** A service as a row. */
export function rowOf(name: string, service: ServiceStatus, usage: Usage | undefined, moment: Moment): Row {
  const word = known(service.status);
  const { instances } = service;
  const one = worstInstance(service);
  const isUp = (instance: InstanceStatus): boolean => instance.pid != null;
  const first = instances.find(isUp);
  const ready = instances.filter((instance) => instance.word === "running").length;
  const tag = service.oneshot ? "one-shot" : instances.length > 1 ? `pool ${ready} of ${instances.length}` : "";
  const { address, short } = addressOf(instances);
  const since = first?.started_at ? (moment.now.getTime() - Date.parse(first.started_at)) / 1000 : undefined;
  const restarts = instances.reduce((sum, instance) => sum + instance.restart_count, 0);
  const notice = service.notices?.[0];
  if (moment.isStale) {
    return {
      name, word: "unknown", tag, why: `was ${WORDS[word]}, ${moment.at}`, address, shortAddress: short, url: undefined,
      uptime: "", restarts: "", cpu: "", memory: "", pid: undefined, pending: "",
      canStart: false, canStop: false, canRestart: false, isStale: true,
    };
  }
  const isDown = classOf(word) === "stopped" || word === "failed";
  return {
    name, word, tag, address, shortAddress: short,
    why: (one ? whyLine(one, moment.now) : "") || (notice ? plain(notice) : ""),
    url: instances.find((instance) => instance.url)?.url ?? undefined,
    uptime: since !== undefined ? spanText(since) : one ? downLine(one, moment.now) : "",
    restarts: first || restarts > 0 ? String(restarts) : "",
    cpu: first ? (usage ? percentText(usage.cpu) : "–") : "",
    memory: first ? (usage ? memoryText(usage.memory) : "–") : "",
    pid: first?.pid ?? undefined,
    pending: one?.pending ?? "",
    canStart: isDown,
    canStop: !isDown && word !== "stopping",
    canRestart: word !== "stopping",
    isStale: false,
  };
}

function addressOf(instances: readonly InstanceStatus[]): { address: string; short: string } {
  const url = instances.find((instance) => instance.url)?.url;
  const port = instances.flatMap((instance) => Object.values(instance.ports))[0];
  if (port !== undefined) return { address: `localhost:${port}`, short: `:${port}` };
  const host = url ? plain(url.replace(/^\w+:\/\//, "").replace(/\/$/, "")) : "";
  return { address: host, short: host };
}

/** How many services are in which state. */
export type Counts = Readonly<Record<Class, number>>;

/** Counts states. */
export function countsOf(words: readonly Word[]): Counts {
  const counts = { all: words.length, attention: 0, running: 0, busy: 0, stopped: 0 };
  for (const word of words) counts[classOf(word)] += 1;
  return counts;
}

/** `3 of 4 running, 1 in backoff`. */
function summaryOf(words: readonly Word[]): string {
  const count = (word: Word): number => words.filter((one) => one === word).length;
  const running = `${count("running")} of ${words.length} running`;
  const rest: [Word, string][] = [
    ["failed", "failed"], ["backoff", "in backoff"], ["degraded", "degraded"], ["unknown", "unknown"],
    ["starting", "starting"], ["stopping", "stopping"], ["completed", "completed"],
  ];
  const said = rest.filter(([word]) => count(word) > 0).slice(0, 2).map(([word, text]) => `${count(word)} ${text}`);
  return [running, ...said].join(", ");
}

/** Services in groups, in the order of the configuration's names; those without a group come last. */
export function groupsOf(
  snapshot: Snapshot,
  usage: ReadonlyMap<string, Usage>,
  moment: Moment,
  wanted: { readonly filter: string; readonly only: Class },
): Group[] {
  const groups = new Map<string, Row[]>();
  const words = new Map<string, Word[]>();
  const filter = wanted.filter.trim().toLowerCase();
  const names = Object.keys(snapshot.services).sort();
  for (const name of names) {
    const service = snapshot.services[name];
    if (!service) continue;
    const group = service.group ?? "";
    const row = rowOf(name, service, usage.get(name), moment);
    words.set(group, [...(words.get(group) ?? []), row.word]);
    const isNamed = filter === "" || [name, group, row.address, WORDS[row.word]].some((text) => text.toLowerCase().includes(filter));
    if (isNamed && (wanted.only === "all" || classOf(row.word) === wanted.only)) {
      groups.set(group, [...(groups.get(group) ?? []), row]);
    }
  }
  const sorted = [...groups].sort(([one], [other]) => Number(one === "") - Number(other === "") || one.localeCompare(other));
  return sorted.map(([name, rows]) => {
    const all = words.get(name) ?? [];
    return { name, rows, word: worst(all), summary: summaryOf(all) };
  });
}

/** Services that are being restarted, as the banner says it; none if there are none. */
export function restartsOf(snapshot: Snapshot): string | undefined {
  const isMeant = (service: ServiceStatus): boolean => service.instances.some((instance) => instance.pending === "restart");
  const names = Object.entries(snapshot.services).filter(([, service]) => isMeant(service)).map(([name]) => plain(name));
  if (names.length === 0) return undefined;
  return names.length > 2 ? `Restarting ${names.length} services…` : `Restarting ${names.join(" and ")}…`;
}

/** What matters most, and the sum. */
export type Headline = { readonly title: string; readonly summary: string; readonly mood: Mood };
export type Mood = "ok" | "busy" | "degraded" | "failed" | "stopped" | "no-engine";

/** Says the state of everything. */
export function headlineOf(snapshot: Snapshot): Headline {
  const words = Object.entries(snapshot.services).map(([name, service]) => [name, known(service.status)] as const);
  const counts = countsOf(words.map(([, word]) => word));
  const running = `${counts.running} of ${counts.all} running`;
  const troubles: [Word, string, Mood][] = [
    ["unknown", "unknown", "no-engine"], ["failed", "failed", "failed"],
    ["backoff", "in backoff", "degraded"], ["degraded", "degraded", "degraded"],
  ];
  for (const [word, verb, mood] of troubles) {
    const names = words.filter(([, one]) => one === word).map(([name]) => plain(name));
    if (names.length === 0) continue;
    const title = names.length > 2 ? `${names.length} services ${verb}` : `${names.join(" and ")} ${verb}`;
    const more = counts.attention - names.length;
    const rest = more === 0 ? "" : more === 1 ? ", 1 more needs attention" : `, ${more} more need attention`;
    return { title, summary: running + rest, mood };
  }
  const busy = words.find(([, word]) => word === "starting" || word === "stopping");
  if (busy) {
    const title = counts.busy > 1 ? `${counts.busy} services busy` : `${plain(busy[0])} ${busy[1]}`;
    return { title, summary: running, mood: "busy" };
  }
  const completed = words.filter(([, word]) => word === "completed").length;
  const stopped = counts.stopped - completed;
  const down = [completed && `${completed} completed`, stopped && `${stopped} stopped`].filter(Boolean).join(", ");
  if (counts.all === 0) return { title: "No services", summary: "None are defined", mood: "stopped" };
  if (counts.running === 0) {
    return stopped === 0 ? { title: "All completed", summary: "", mood: "ok" } : { title: "Nothing runs", summary: down, mood: "stopped" };
  }
  if (counts.running < counts.all) return { title: running, summary: down, mood: "ok" };
  return { title: counts.all === 1 ? "Running" : `All ${counts.all} running`, summary: counts.all === 1 ? "1 service" : "", mood: "ok" };
}

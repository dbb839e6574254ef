// Made by scripts/wire.mjs from resources/schema. Do not edit.

/** What went wrong, and how to mend it. */
export type ApiError = {
  /** What it came from, nearest first. */
  causes?: string[];
  /** The kind. */
  code: ErrorCode;
  /** For `config-conflict`: what is on disk now. */
  current?: ConfigText | null;
  /** For `config-invalid`: all mistakes. */
  diagnostics?: Diagnostic[];
  /** The next step, if there is one. */
  hint?: string | null;
  /** One sentence. */
  message: string;
  /** For `invalid-params`: the path of the bad parameter. */
  path?: string | null;
};

/** Work in progress or trouble that concerns everything. */
export type Banner = {
  /** What kind it is. */
  kind: BannerKind;
  /** The subject, said first. */
  subject: string;
  /** The rest of the sentence. */
  text: string;
};

/** Kinds of banner, the most severe first. */
export type BannerKind = "config_refused" | "working" | "plan" | "unknown";

/** One link of a cause chain: a code with its arguments, and the English sentence. */
export type Cause = {
  /** What the sentence says, by name. */
  args?: { [name: string]: string };
  /** A kebab-case code, one for each kind of cause: `exited`, `asked`, `port-in-use`, … */
  code: string;
  /** The English sentence. */
  text: string;
};

/** The answer to `config_get`. */
export type ConfigText = {
  /** The file and all included ones. */
  files: string[];
  /** SHA-256 of the text, in hexadecimal; with includes, over all files. */
  hash: string;
  /** The file. */
  path: string;
  /** The text on disk. */
  text: string;
};

/** One mistake in a configuration. */
export type Diagnostic = {
  /** The column in characters, from 1. */
  column: number;
  /** The column after the last one concerned. */
  end_column?: number;
  /** The file. */
  file: string;
  /** What would be right. */
  hint?: string | null;
  /** The line, from 1; 0 when it concerns the whole file. */
  line: number;
  /** What is wrong. */
  message: string;
  /** The key, as `services.api.restart.delay`. */
  path: string;
};

/** Where an engine lives. */
export type EngineHost = "daemon" | "tray" | "unknown";

/** What kind of failure it is. */
export type ErrorCode = "unknown-service" | "unknown-method" | "unknown-mode" | "invalid-params" | "busy" | "not-permitted" | "unauthenticated" | "config-invalid" | "config-conflict" | "config-unreadable" | "timeout" | "port-in-use" | "spawn-failed" | "stop-incomplete" | "already-running" | "not-running" | "not-available" | "conflict" | "too-large" | "rate-limited" | "no-engine" | "internal" | "unknown";

/** The event broadcast channel. */
export type EventsStatus = {
  /** Whether it is on. */
  enabled: boolean;
  /** Other sources of events. Their figures are as of the answer in one to `status`, else as of the last change of a state. */
  sources?: SourceStatus[];
  /** Who listens. What was sent says `event_stats`. */
  subscriber_count: number;
};

/** What is wanted. */
export type Goal = "up" | "down" | "unknown";

/** Whether it answers. */
export type Health = "ready" | "unready" | "unknown";

/** A slot. */
export type InstanceStatus = {
  /** Why it is as it is, nearest cause first. */
  cause: Cause[];
  /** CPU of the tree in percent of one core, while somebody looks. */
  cpu_percent?: number | null;
  /** What is wanted. */
  goal: Goal;
  /** Whether it answers. */
  health: Health;
  /** `api/0`. */
  id: string;
  /** How the last run ended. */
  last_exit?: LastExit | null;
  /** Until when it was held to be well, RFC 3339: by its last probe, or because it ran and has none. */
  last_health?: string | null;
  /** What became of the processes of the last stop. */
  last_stop?: StopOutcome | null;
  /** Resident memory of the tree in MiB, while somebody looks. */
  memory_mb?: number | null;
  /** When the next try is due, RFC 3339, in Backoff. */
  next_try?: string | null;
  /** A wish that is accepted and not fulfilled yet: `start`, `stop`, `restart`. */
  pending?: string | null;
  /** What is. */
  phase: Phase;
  /** The process, while there is one. */
  pid?: number | null;
  /** Ports by name. */
  ports: { [name: string]: number };
  /** Automatic restarts since the last explicit start. */
  restart_count: number;
  /** The run, the last one if none lives. */
  run?: number | null;
  /** When the phase began, RFC 3339. */
  since: string;
  /** When the run was spawned, RFC 3339. */
  started_at?: string | null;
  /** Seconds since the spawn, while it runs. */
  uptime_seconds?: number | null;
  /** What "Open" opens. */
  url?: string | null;
  /** The service it waits for. */
  waiting_for?: string | null;
  /** The word the UI says for it. */
  word: Word;
};

/** How a run ended. */
export type LastExit = {
  /** Milliseconds after its spawn. */
  after_ms: number;
  /** When, RFC 3339. */
  at: string;
  /** The exit code, if it returned one. */
  code?: number | null;
  /** The last line of output, if there was one. */
  last_line?: string | null;
  /** The run. */
  run: number;
  /** The signal, if one ended it: `SIGKILL`. */
  signal?: string | null;
};

/** One line of output. */
export type LogLine = {
  /** When it was read, RFC 3339 with nanoseconds. */
  at: string;
  /** Where it stands: file generation and byte offset, as `GENERATION:OFFSET`; ever growing per instance. */
  cursor: string;
  /** `api/0`, or `supervisor`. */
  instance: string;
  /** Whether more of the same line follows (it was longer than 64 KiB, or had no end yet). */
  partial?: boolean;
  /** Where it came from. */
  stream: LogStream;
  /** The text, without the line end; bytes that are no UTF-8 are shown as U+FFFD. */
  text: string;
};

/** A `log` notification. */
export type LogNotification = {
  /** In order of time. */
  lines: LogLine[];
  /** Lines that were left out here because this client was too slow. */
  missed?: number;
};

/** Where a line came from. */
export type LogStream = "stdout" | "stderr" | "meta" | "unknown";

/** What quitting does with the services. */
export type OnQuit = "stop" | "keep" | "unknown";

/** What is. */
export type Phase = "stopped" | "starting" | "running" | "stopping" | "backoff" | "failed" | "unknown";

/** A service. */
export type ServiceStatus = {
  /** The arguments of the next run, redacted; those of a shell line are its own business. */
  args?: string[];
  /** The command line as configured, redacted. */
  command: string;
  /** Who depends on it. */
  dependants?: string[];
  /** What it depends on, with `started`, `ready` or `completed`. */
  depends_on?: { [name: string]: string };
  /** Started with the supervisor. */
  enabled: boolean;
  /** Heading in the UI. */
  group?: string | null;
  /** Whether it can be reloaded by a signal. */
  has_reload_signal: boolean;
  /** Its slots. */
  instances: InstanceStatus[];
  /** The most slots it may be scaled to. */
  max_instances: number;
  /** The modes it is started in; empty = all. */
  modes?: string[];
  /** When its schedule next starts it, RFC 3339. */
  next_run?: string | null;
  /** What a person should know of it: a run that was left out, files that are not watched, … */
  notices?: string[];
  /** A task that ends. */
  oneshot: boolean;
  /** One word for all instances: the worst of them, as the UI says it (`running`, `degraded`, `failed`, …). */
  status: Word;
};

/** One consistent picture, as of `seq`. */
export type Snapshot = {
  /** OpAMP agents. */
  agents?: unknown[];
  /** AI backends. */
  backends?: unknown[];
  /** Work in progress or trouble that concerns everything; the most severe first. */
  banner?: Banner[];
  /** The event broadcast channel. */
  events?: EventsStatus;
  /** In an answer to `status`: whether it is too long for one line, and the services follow as `snapshot_part` notifications. */
  parts?: boolean;
  /** Routes of the proxy. */
  routes?: unknown[];
  /** The last event that it includes. */
  seq: number;
  /** The services by name. */
  services: { [name: string]: ServiceStatus };
  /** The supervisor itself. */
  supervisor: SupervisorStatus;
};

/** What a source of events is doing. */
export type SourceState = "waiting" | "connecting" | "connected" | "backoff" | "stopped" | "hook" | "off" | "unknown";

/** A source of events besides the supervisor; of a pool, one for each instance. */
export type SourceStatus = {
  /** Its events that had been broadcast before. */
  duplicates: number;
  /** Its events that were broadcast. */
  events: number;
  /** The instance that is listened to, if it is that of a service. */
  instance?: string | null;
  /** What went wrong last; none once it is connected again. */
  last_error?: SourceTrouble | null;
  /** When its last event came, RFC 3339. */
  last_event_at?: string | null;
  /** Its name, as in the configuration. */
  name: string;
  /** When the next try is due, RFC 3339. */
  next_try?: string | null;
  /** Connections after the first. */
  reconnects: number;
  /** Since when, RFC 3339. */
  since: string;
  /** Its events that were too long. */
  skipped: number;
  /** What it is doing. */
  state: SourceState;
  /** Its stream, without what may be secret; none for one that only publishes, or while it is not known. */
  url?: string | null;
};

/** What is wrong with a source of events. */
export type SourceTrouble = {
  /** What to do. */
  hint: string;
  /** What is wrong. */
  message: string;
};

/** What became of the processes of a stop. */
export type StopOutcome = {
  /** Milliseconds from the request to the last process' end. */
  duration_ms: number;
  /** Processes that ended by themselves. */
  ended: number;
  /** Processes that are still there. */
  escaped: string[];
  /** Processes that had to be killed: `sleep (4711)`. */
  killed: string[];
  /** Ports that are free again. */
  ports_free: number[];
};

/** What the supervisor does. */
export type SupervisorState = "starting" | "running" | "stopping" | "unknown";

/** The supervisor itself. */
export type SupervisorStatus = {
  /** Services that survived the last supervisor. */
  adopted: number;
  /** SHA-256 of its text in force. */
  config_hash: string;
  /** Whether the file on disk has mistakes and an older text is in force. */
  config_is_stale: boolean;
  /** The configuration file. */
  config_path: string;
  /** The service meant by clients whose commands name none. */
  default_service?: string | null;
  /** `default`, or 8 hexadecimal digits of the configuration's path. */
  engine_id: string;
  /** Whether it is the daemon or runs within the desktop app. */
  host: EngineHost;
  /** Where HTTP is reached, if it is: `http://127.0.0.1:3457`. */
  http_url?: string | null;
  /** Whether it runs as root or elevated. */
  is_root: boolean;
  /** The number of services. */
  managed_services: number;
  /** The present mode. */
  mode: string;
  /** All modes. */
  modes: string[];
  /** Things a person should know: running as root, parts not available yet, … */
  notices?: string[];
  /** What quitting does with the services: `stop` or `keep`. */
  on_quit: OnQuit;
  /** Its process. */
  pid: number;
  /** When it started, RFC 3339. */
  started_at: string;
  /** `starting`, `running` or `stopping`. */
  status: SupervisorState;
  /** How surely a stop reaches every process: `guaranteed`, `strong` or `best-effort`. */
  tier: Tier;
  /** Seconds since it started. */
  uptime_seconds: number;
  /** Its version. */
  version: string;
};

/** How surely a stop reaches every process. */
export type Tier = "guaranteed" | "strong" | "best-effort" | "unknown";

/** The word the UI says. */
export type Word = "failed" | "backoff" | "degraded" | "stopping" | "starting" | "running" | "completed" | "stopped" | "disabled" | "unknown";

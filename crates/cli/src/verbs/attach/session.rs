//! Being attached: what is shown goes out, what is typed goes in.

use std::{
    collections::VecDeque,
    future::pending,
    io::{self, IsTerminal as _, Read as _, Write as _},
    pin::Pin,
    time::Duration,
};

use ostler_api::{
    ApiError, AttachMode, AttachReply, AttachRole, AttachState, ErrorCode, LogLine, LogStream, LogsParams,
    OutputNotification, Word,
};
use ostler_client::{Attached, ClientError, Keyboard, Told};
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{Args, keys::Matcher, notes, traces::Traces};
use crate::{
    context::Context,
    failure::Failure,
    link::{Lines, Link},
    print,
    term::{self, Heard, RawMode, Signals},
};

/// Reads of standard input that may wait.
const READS_MAX: usize = 16;
const READ_BYTES: usize = 4096;
/// Bytes that may wait to be sent; more wait where they come from.
const QUEUE_MAX: usize = 64 * 1024;
/// Bytes sent at once.
const SEND_MAX: usize = 16 * 1024;
/// How long the first of the keys that leave is held back.
const HOLD: Duration = Duration::from_millis(400);
/// How long the last lines of a log are waited for once the service has ended.
const LAST_LINES_WITHIN: Duration = Duration::from_millis(500);
/// Lines shown of what was written before.
const LINES_BEFORE: u32 = 10;
const CTRL_C: u8 = 3;
/// Breaks off a sequence that was cut.
const CANCEL: &[u8] = b"\x18";
const CLEAR: &[u8] = b"\x1b[0m\x1b[H\x1b[2J";

/// How being attached ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The person leaves.
    Left,
    /// The run has ended and no other follows; with the exit code.
    Over(u8),
    /// There is no such service any more.
    Gone,
    /// A signal came; with the exit code.
    Signalled(u8),
    /// The engine is gone.
    EngineLost,
}

/// What can happen while there is no engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The person leaves.
    Left,
    /// A signal came; with the exit code.
    Signalled(u8),
}

type Sending = Pin<Box<dyn Future<Output = Result<(), ClientError>> + Send>>;

/// Being attached, over one engine after the other.
pub(super) struct Session {
    attached: Attached,
    keyboard: Keyboard,
    reply: AttachReply,
    lines: Option<Lines>,
    state: AttachState,
    /// The run whose end was told, or was before we came.
    ended_before: Option<u64>,
    /// The run that was seen alive last.
    lived_last: Option<u64>,
    exit_code: u8,
    /// What was last said about waiting.
    noted: Option<String>,
    input: Input,
    sending: Option<Sending>,
    signals: Signals,
    raw: Option<RawMode>,
    traces: Traces,
    read_only: bool,
    idle: Option<Duration>,
    last_output: Instant,
}

/// What comes from standard input.
struct Input {
    reads: Option<mpsc::Receiver<Vec<u8>>>,
    is_terminal: bool,
    keys: Matcher,
    held_since: Instant,
    queue: VecDeque<u8>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum JsonLine<'a> {
    Attached(&'a AttachReply),
    Output(&'a OutputNotification),
    Line(&'a LogLine),
    State(&'a AttachState),
}

impl Session {
    pub(super) async fn begin(args: &Args, link: Link, context: &mut Context) -> Result<Self, Failure> {
        let is_terminal = io::stdin().is_terminal();
        let (reply, attached, lines) = attach(args, &link, LINES_BEFORE, context).await?;
        if context.out.is_json() {
            context.out.json_line(&JsonLine::Attached(&reply))?;
        } else {
            notes::note(&notes::attached(&reply, &args.detach_keys, is_terminal), false);
        }
        let raw = (is_terminal && reply.mode == AttachMode::Pty).then(RawMode::enter).transpose()?;
        let wants_input = is_terminal || !args.read_only;
        let mut session = Self {
            keyboard: attached.keyboard(),
            attached,
            lines,
            state: reply.state.clone(),
            ended_before: reply.state.ended.as_ref().map(|exit| exit.run),
            lived_last: reply.state.run.filter(|_| reply.state.is_alive),
            exit_code: 0,
            noted: None,
            input: Input {
                reads: wants_input.then(read_stdin),
                is_terminal,
                keys: args.detach_keys.matcher(),
                held_since: Instant::now(),
                queue: VecDeque::new(),
            },
            sending: None,
            signals: Signals::new()?,
            raw,
            traces: Traces::default(),
            read_only: args.read_only,
            idle: args.idle,
            last_output: Instant::now(),
            reply,
        };
        session.note_waiting(context);
        Ok(session)
    }

    /// Attaches to the same service at the next engine.
    pub(super) async fn attach_again(
        &mut self,
        args: &Args,
        link: Link,
        context: &Context,
    ) -> Result<(), Failure> {
        let (reply, attached, lines) = attach(args, &link, 0, context).await?;
        self.keyboard = attached.keyboard();
        (self.attached, self.lines, self.sending) = (attached, lines, None);
        self.state = reply.state.clone();
        self.reply = reply;
        if self.reply.mode == AttachMode::Pty && io::stdout().is_terminal() {
            // All that was shown comes again.
            write_out(CLEAR)?;
        }
        Ok(())
    }

    /// Goes on until something ends it.
    pub(super) async fn go_on(&mut self, context: &mut Context) -> Result<End, Failure> {
        loop {
            if let Some(end) = self.over() {
                self.last_lines(context).await?;
                return Ok(end);
            }
            self.send_next();
            let (hold, idle) = (self.hold_ends(), self.idle_ends());
            let may_read = self.input.queue.len() < QUEUE_MAX;
            tokio::select! {
                biased;
                heard = self.signals.next() => match heard {
                    Heard::End(code) => return Ok(End::Signalled(code)),
                    Heard::Resized => self.resize().await,
                },
                typed = read(&mut self.input.reads), if may_read => {
                    if self.take(typed) { return Ok(End::Left) }
                }
                sent = finished(&mut self.sending) => {
                    self.sending = None;
                    self.sent(sent, context)?;
                }
                told = self.attached.next() => match told {
                    Ok(Told::Output(output)) => self.show(&output, context)?,
                    Ok(Told::State(state)) => self.change(*state, context)?,
                    Err(_) if self.state.is_gone => return Ok(End::Gone),
                    Err(_) => return Ok(End::EngineLost),
                },
                lines = next_lines(&mut self.lines) => match lines {
                    Some(news) => self.show_lines(&news.lines, news.missed, context)?,
                    None => self.lines = None,
                },
                () = until(hold) => {
                    let held = self.input.keys.release();
                    self.input.queue.extend(held);
                }
                () = until(idle) => return Ok(End::Left),
            }
        }
    }

    /// Waits for a reason to stop waiting.
    pub(super) async fn interruption(&mut self) -> Interruption {
        loop {
            let may_read = self.input.queue.len() < QUEUE_MAX;
            tokio::select! {
                heard = self.signals.next() => match heard {
                    Heard::End(code) => return Interruption::Signalled(code),
                    Heard::Resized => {}
                },
                typed = read(&mut self.input.reads), if may_read => {
                    if self.take(typed) { return Interruption::Left }
                }
            }
        }
    }

    /// Gives the terminal back, and says how it ended.
    pub(super) fn finish(&mut self, how: &str, context: &Context) {
        if self.reply.mode == AttachMode::Pty && io::stdout().is_terminal() {
            // The terminal may be gone, and then there is nothing to put in order.
            let _ = write_out(self.traces.undo().as_bytes());
        }
        let was_raw = self.raw.take().is_some();
        if was_raw {
            let _ = writeln!(anstream::stderr());
        }
        if !context.out.is_json() && self.input.is_terminal {
            notes::note(how, false);
        }
    }

    /// Says something beside the output.
    pub(super) fn note(&self, text: &str, context: &Context) {
        if !context.out.is_json() {
            notes::note(text, self.raw.is_some());
        }
    }

    /// Takes what was typed; true if somebody leaves.
    fn take(&mut self, typed: Option<Vec<u8>>) -> bool {
        let Some(typed) = typed else {
            self.input.reads = None;
            // The end of a pipe is only the end of what is sent.
            return self.input.is_terminal;
        };
        if !(self.input.is_terminal && self.raw.is_some()) {
            self.input.queue.extend(typed);
            return false;
        }
        let passed = self.input.keys.take(&typed);
        if self.read_only {
            return passed.leaves || passed.bytes.contains(&CTRL_C);
        }
        self.input.held_since = Instant::now();
        self.input.queue.extend(passed.bytes);
        passed.leaves
    }

    /// Sends what waits, one piece at a time.
    fn send_next(&mut self) {
        if self.sending.is_some() || self.input.queue.is_empty() || !self.state.is_alive {
            return;
        }
        if self.read_only || self.state.role != AttachRole::Writer {
            self.input.queue.clear();
            return;
        }
        let size = self.input.queue.len().min(SEND_MAX);
        let piece: Vec<u8> = self.input.queue.drain(..size).collect();
        let keyboard = self.keyboard.clone();
        self.sending = Some(Box::pin(async move { keyboard.input(piece).await }));
    }

    fn sent(&mut self, sent: Result<(), ClientError>, context: &Context) -> Result<(), Failure> {
        let Err(error) = sent else { return Ok(()) };
        if matches!(error, ClientError::Lost) {
            // The end of the connection is told by the attachment too.
            return Ok(());
        }
        let error = ApiError::from(error);
        if !self.input.is_terminal && error.code != ErrorCode::NotRunning {
            return Err(Failure::Api(error));
        }
        self.note(&error.message, context);
        Ok(())
    }

    fn show(&mut self, output: &OutputNotification, context: &mut Context) -> Result<(), Failure> {
        self.last_output = Instant::now();
        if context.out.is_json() {
            context.out.json_line(&JsonLine::Output(output))?;
            return Ok(());
        }
        if output.missed > 0 {
            if io::stdout().is_terminal() {
                write_out(CANCEL)?;
            } else {
                self.note(&format!("{} bytes were left out here: too slow", output.missed), context);
            }
        }
        self.traces.see(&output.data.0);
        Ok(write_out(&output.data.0)?)
    }

    fn show_lines(&mut self, lines: &[LogLine], missed: u64, context: &mut Context) -> Result<(), Failure> {
        self.last_output = Instant::now();
        if missed > 0 && !context.out.is_json() {
            context.out.line(print::missed_text(missed))?;
        }
        show_lines(lines, context)?;
        Ok(())
    }

    /// Takes note of a change, and says what matters of it.
    fn change(&mut self, state: AttachState, context: &mut Context) -> Result<(), Failure> {
        if context.out.is_json() {
            context.out.json_line(&JsonLine::State(&state))?;
        }
        let before = std::mem::replace(&mut self.state, state);
        let mode_is_pty = self.reply.mode == AttachMode::Pty;
        if let Some(exit) = self.state.ended.clone().filter(|exit| Some(exit.run) != self.ended_before) {
            self.ended_before = Some(exit.run);
            self.exit_code = notes::exit_code(&exit);
            self.note(&notes::ended(&exit), context);
        }
        // A run has its number before it lives.
        if self.state.is_alive && self.state.run != self.lived_last {
            self.lived_last = self.state.run;
            self.note(&format!("run {} has begun", self.state.run.unwrap_or_default()), context);
        }
        if self.state.role != before.role && !self.read_only {
            match self.state.role {
                AttachRole::Writer => {
                    self.note("you type now", context);
                    if mode_is_pty {
                        self.signals.resized();
                    }
                }
                AttachRole::Watcher | AttachRole::Unknown => {
                    self.note(&notes::watching(&self.state), context);
                }
            }
        }
        self.note_waiting(context);
        Ok(())
    }

    fn note_waiting(&mut self, context: &Context) {
        let waiting = notes::waiting(&self.state, &context.clock());
        if waiting != self.noted {
            if let Some(waiting) = &waiting {
                self.note(waiting, context);
            }
            self.noted = waiting;
        }
    }

    /// Whether no other run follows.
    fn over(&self) -> Option<End> {
        if self.state.is_gone {
            return Some(End::Gone);
        }
        let is_final =
            matches!(self.state.word, Word::Stopped | Word::Failed | Word::Completed | Word::Disabled);
        (is_final && !self.state.is_alive).then_some(End::Over(self.exit_code))
    }

    /// The lines that were written just before the end.
    async fn last_lines(&mut self, context: &mut Context) -> Result<(), Failure> {
        while let Ok(Some(news)) = timeout(LAST_LINES_WITHIN, next_lines(&mut self.lines)).await {
            self.show_lines(&news.lines, news.missed, context)?;
        }
        Ok(())
    }

    async fn resize(&mut self) {
        let is_meant = self.reply.mode == AttachMode::Pty && self.state.role == AttachRole::Writer;
        if !is_meant || !io::stdout().is_terminal() {
            return;
        }
        let size = term::size();
        let (Ok(rows), Ok(cols)) = (u16::try_from(size.height), u16::try_from(size.width)) else { return };
        // Whoever lost the writing just now hears of it soon.
        let _ = self.keyboard.resize(rows, cols).await;
    }

    fn hold_ends(&self) -> Option<Instant> {
        self.input.keys.is_holding().then(|| self.input.held_since + HOLD)
    }

    fn idle_ends(&self) -> Option<Instant> {
        let is_sent = self.input.reads.is_none() && self.input.queue.is_empty() && self.sending.is_none();
        self.idle.filter(|_| is_sent).map(|idle| self.last_output + idle)
    }
}

async fn attach(
    args: &Args,
    link: &Link,
    lines_before: u32,
    context: &Context,
) -> Result<(AttachReply, Attached, Option<Lines>), Failure> {
    let (reply, attached) = link.attach(&args.params()).await?;
    if reply.mode != AttachMode::Log {
        return Ok((reply, attached, None));
    }
    let params = LogsParams {
        services: vec![reply.instance.clone()],
        follow: true,
        lines: Some(if io::stdin().is_terminal() { lines_before } else { 0 }),
        ..LogsParams::default()
    };
    let (before, lines) = link.logs(params).await?;
    if !context.out.is_json() {
        for line in &before.lines {
            write_out(format!("{}\n", text_of(line)).as_bytes())?;
        }
    }
    Ok((reply, attached, Some(lines)))
}

fn show_lines(lines: &[LogLine], context: &mut Context) -> io::Result<()> {
    for line in lines {
        if context.out.is_json() {
            context.out.json_line(&JsonLine::Line(line))?;
        } else {
            context.out.line(text_of(line))?;
        }
    }
    context.out.flush()
}

/// What is written to a log is text, and commands no terminal.
fn text_of(line: &LogLine) -> String {
    match line.stream {
        LogStream::Meta => print::paint(print::DIM, print::safe(&line.text)),
        LogStream::Stdout | LogStream::Stderr | LogStream::Unknown => print::safe(&line.text).into_owned(),
    }
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Reads standard input in a thread of its own, which ends with the program: a read of a terminal cannot be
/// cancelled.
fn read_stdin() -> mpsc::Receiver<Vec<u8>> {
    let (sender, reads) = mpsc::channel(READS_MAX);
    std::thread::spawn(move || {
        let mut buffer = [0; READ_BYTES];
        loop {
            match io::stdin().lock().read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    if sender.blocking_send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    reads
}

async fn read(reads: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match reads {
        Some(reads) => reads.recv().await,
        None => pending().await,
    }
}

async fn finished(sending: &mut Option<Sending>) -> Result<(), ClientError> {
    match sending {
        Some(sending) => sending.await,
        None => pending().await,
    }
}

async fn next_lines(lines: &mut Option<Lines>) -> Option<ostler_api::LogNotification> {
    match lines {
        Some(lines) => lines.next().await,
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

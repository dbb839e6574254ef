//! The bounds of the control plane.

use std::time::Duration;

pub use ostler_api::{REPLY_MAX, REQUEST_MAX};

/// Connections at once; fewer if the process may open few descriptors. The newest is told `busy`, unless one
/// that never said anything can make room.
pub const CONNECTIONS_MAX: usize = 512;
/// Connections that are possible however few descriptors there are.
pub const CONNECTIONS_MIN: usize = 8;
/// Connections over TCP at once, those that have not shown who they are among them.
pub const TCP_CONNECTIONS_MAX: usize = 128;
/// Connections over HTTP at once; fewer if the process may open few descriptors.
pub const HTTP_CONNECTIONS_MAX: usize = 2048;
/// A request's headers must be whole by then; a connection that is kept and asks nothing for so long is closed.
pub const HTTP_HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// Headers of a request.
pub const HTTP_HEADERS_MAX: usize = 64;
/// Bytes of a request's headers, and of what waits to be written.
pub const HTTP_BUFFER_MAX: usize = 16 * 1024;
/// TLS must be agreed on by then.
pub const TLS_HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Requests of one connection over HTTP/2 at once.
pub const HTTP2_STREAMS_MAX: u32 = 100;
/// Requests over HTTP/2 that a client takes back before they were looked at, until its connection ends.
pub const HTTP2_RESETS_MAX: usize = 20;
/// Requests over HTTP/2 that a client makes us refuse, until its connection ends.
pub const HTTP2_FAULTS_MAX: usize = 64;
/// Bytes that one request over HTTP/2 may send before they are read.
pub const HTTP2_WINDOW: u32 = 64 * 1024;
/// The same of one connection.
pub const HTTP2_CONNECTION_WINDOW: u32 = 256 * 1024;
/// A client over HTTP/2 is asked so often whether it is still there.
pub const HTTP2_PING_EVERY: Duration = Duration::from_secs(20);
/// It must say so by then.
pub const HTTP2_PING_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of a message that comes over a WebSocket, and of a frame.
pub const SOCKET_FRAME_MAX: usize = 4 * 1024;
/// Bytes of a WebSocket that are read at once, and that wait to be written together.
pub const SOCKET_BUFFER: usize = 4 * 1024;
/// Bytes that may wait to be written to a WebSocket: the longest event, and some.
pub const SOCKET_WRITE_MAX: usize = 2 * EVENT_BYTES_MAX;
/// One at a WebSocket is asked so often whether it is still there, and must have said something by the next time.
pub const SOCKET_PING_EVERY: Duration = Duration::from_secs(20);
/// Operations that are remembered, those that run among them.
pub const OPERATIONS_KEPT_MAX: usize = 128;
/// Operations that run at once.
pub const OPERATIONS_RUNNING_MAX: usize = 32;
/// What an engine refuses it refuses by then; only what goes on becomes an operation.
pub const OPERATION_REFUSAL_WAIT: Duration = Duration::from_millis(250);
/// A wish that takes longer is answered with where to look; most clients give up after half a minute.
pub const OPERATION_PATIENCE: Duration = Duration::from_secs(20);
/// A client that waits for an operation is told so often that it goes on.
pub const OPERATION_COMMENT_EVERY: Duration = Duration::from_secs(15);
/// Bytes of a request's body.
pub const HTTP_BODY_MAX: usize = 1024 * 1024;
/// Bytes of the body of a request that needs no token.
pub const HTTP_OPEN_BODY_MAX: usize = 4 * 1024;
/// A request's body must be whole by then.
pub const HTTP_BODY_DEADLINE: Duration = Duration::from_secs(30);
/// One who takes nothing of what is written to it for so long is dropped.
pub const HTTP_WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// Characters of a path that are shown in the list of connections.
pub const ROUTE_SHOWN_MAX: usize = 128;
/// Characters of the reason for which a connection is dropped.
pub const DROP_REASON_MAX: usize = 256;
/// Event streams at once.
pub const SUBSCRIBERS_MAX: usize = 1536;
/// Bytes of an event as it is sent.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of events that are kept, however many the settings want.
pub const EVENTS_KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of events that one subscriber is given at once, but for one that is longer alone.
pub const EVENTS_AT_ONCE_BYTES: usize = 16 * 1024;
/// Places of journal events in the ring that are remembered.
pub const EVENT_MARKS_MAX: usize = 2048;
/// A snapshot waits so long for the events before it to be in the ring.
pub const EVENT_MARK_WAIT: Duration = Duration::from_secs(2);
/// Events that others may publish per second.
pub const PUBLISHED_RATE: u32 = 2000;
/// Events that others may publish in a burst.
pub const PUBLISHED_BURST: u32 = 4000;
/// Events of one request.
pub const PUBLISHED_AT_ONCE: usize = 100;
/// Streams of other sources that are taken in at once.
pub const SOURCE_SUBSCRIPTIONS_MAX: usize = 256;
/// Bytes of the id of an event of another source.
pub const SOURCE_ID_MAX: usize = 1024;
/// Events of a source of which it is remembered that they were broadcast.
pub const SOURCE_IDS_MAX: usize = 2048;
/// Bytes of the head of a source's answer.
pub const SOURCE_HEAD_MAX: usize = 32 * 1024;
/// Redirects of a source that are followed.
pub const SOURCE_REDIRECTS_MAX: usize = 5;
/// A source whose event is longer than this is given up, and tried again later.
pub const SOURCE_EVENT_ENDLESS: u64 = 64 * 1024 * 1024;
/// Events of a source that are broadcast at once; those that follow wait until it may publish more.
pub const SOURCE_EVENTS_AT_ONCE: usize = 32;
/// A source that may publish no more for now is read again after this.
pub const SOURCE_RATE_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait that a source may wish for.
pub const UPSTREAM_RETRY_MAX: Duration = Duration::from_secs(300);
/// The least time between two heartbeats, however much changes.
pub const HEARTBEAT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a first line over TCP from one who is not known.
pub const GREETING_MAX: usize = 8 * 1024;
/// One who says a wrong token waits so long for the answer.
pub const FAILURE_PAUSE: Duration = Duration::from_millis(200);
/// The token's file is read within this time.
pub const TOKEN_DEADLINE: Duration = Duration::from_secs(5);
/// How many listen is told at most so often.
pub const LISTENERS_EVERY: Duration = Duration::from_secs(1);
/// Requests of one connection that run at once; more wait in the socket.
pub const IN_FLIGHT_MAX: usize = 16;
/// Watches and followed logs of one connection.
pub const SUBSCRIPTIONS_MAX: usize = 16;
/// Levels of nesting of a request.
pub const NESTING_MAX: usize = 32;
/// Bytes of a request's id.
pub const ID_MAX: usize = 256;
/// Characters of a client's name that are kept.
pub const CLIENT_NAME_MAX: usize = 64;

/// Editors that are attached at once.
pub const CLIENTS_MAX: usize = 512;
/// Bytes of an editor's name for its window.
pub const WINDOW_ID_MAX: usize = 256;
/// State events of one answer.
pub const STATE_EVENTS_MAX: usize = 1024;

/// Bytes of an unfinished line that every connection may hold.
pub const LINE_FREE_MAX: usize = 64 * 1024;
/// Connections that may hold a longer unfinished line at once; the others wait.
pub const LONG_LINES_MAX: usize = 16;

/// Messages that wait to be written to one connection.
pub const OUTBOX_MESSAGES_MAX: usize = 64;
/// Bytes that wait to be written to one connection, but for one message that is longer alone.
pub const OUTBOX_BYTES_MAX: usize = 512 * 1024;
/// Bytes that must leave within [`WRITE_DEADLINE`].
pub const WRITE_CHUNK: usize = 64 * 1024;
/// A peer that takes no chunk for so long is dropped.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// A connection that has sent no whole line by then is closed.
pub const FIRST_LINE_DEADLINE: Duration = Duration::from_secs(60);
/// A connection of a person on which nothing was typed for so long is closed, unless events stream.
pub const TYPING_DEADLINE: Duration = Duration::from_secs(60);
/// A connection of a program that asked nothing for so long is closed, unless it watches or waits for an answer.
pub const IDLE_DEADLINE: Duration = Duration::from_secs(600);
/// Silence on a half-closed connection with streaming text until a line is sent to see whether it still lives.
pub const STREAM_HEARTBEAT: Duration = Duration::from_secs(30);

/// What is still written to a refused peer is read and thrown away for so long, so that it sees the reason.
pub const LINGER_DEADLINE: Duration = Duration::from_millis(500);
/// Bytes that are thrown away at most.
pub const LINGER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// At the end, answers that are under way may take so long.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(3);

/// Pause after an accept that failed for want of descriptors or memory: the first, doubled each time.
pub const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest such pause.
pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_millis(500);

/// Seconds that a command with words waits for a service to settle.
pub const TEXT_WAIT_SECONDS: f64 = 30.0;
/// Log lines that `logs` with words shows if no number is given.
pub const TEXT_LOG_LINES: u32 = 50;

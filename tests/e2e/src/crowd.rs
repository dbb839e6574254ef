//! Many readers of event streams, all in one thread, that count what they get.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;

/// Connections that are told in one go.
const READY_MAX: usize = 256;
/// How long an answer to the request for a stream may take.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// Every so many-th event has its delay taken.
const SAMPLED: u64 = 16;

/// What one reader has got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Events, those that only announce a gap not counted.
    pub(crate) events: u64,
    /// Announced gaps.
    pub(crate) gaps: u64,
    /// Events that the gaps say are missing.
    pub(crate) dropped: u64,
    /// The number of the last event, or that up to which it was told that they are missing.
    pub(crate) last: u64,
    /// Whether the stream has ended.
    pub(crate) is_over: bool,
    /// What was not as promised; the first of it.
    pub(crate) wrong: Option<String>,
}

/// Many readers of event streams.
pub(crate) struct Crowd {
    epoll: rustix::fd::OwnedFd,
    readers: Vec<Reader>,
    /// From publishing to reading, of some events.
    pub(crate) delays: Vec<Duration>,
    is_numbered: bool,
}

struct Reader {
    stream: TcpStream,
    partial: Vec<u8>,
    is_gap: bool,
    number: Option<u64>,
    tally: Tally,
}

impl Crowd {
    /// Opens `count` streams with this request, all of which have got everything up to a number.
    ///
    /// # Errors
    ///
    /// When one of them is refused.
    pub(crate) fn open(address: SocketAddr, request: &str, count: usize, last: u64) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut readers = Vec::with_capacity(count);
        for index in 0..count {
            let (stream, partial) = subscribe(address, request)?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
            let tally = Tally { last, ..Tally::default() };
            readers.push(Reader { stream, partial, is_gap: false, number: None, tally });
        }
        Ok(Self { epoll, readers, delays: Vec::new(), is_numbered: true })
    }

    /// Readers of another server, whose ids are not looked at.
    ///
    /// # Errors
    ///
    /// As [`Crowd::open`].
    pub(crate) fn open_elsewhere(address: SocketAddr, request: &str, count: usize) -> io::Result<Self> {
        Ok(Self { is_numbered: false, ..Self::open(address, request, count, 0)? })
    }

    /// Takes in others.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn join(&mut self, others: Self) -> io::Result<()> {
        for reader in others.readers {
            let data = epoll::EventData::new_u64(self.readers.len() as u64);
            epoll::add(&self.epoll, &reader.stream, data, epoll::EventFlags::IN)?;
            self.readers.push(reader);
        }
        Ok(())
    }

    /// Reads what is there, waiting at most so long for something.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn read(&mut self, limit: Duration) -> io::Result<()> {
        let mut ready = Vec::with_capacity(READY_MAX);
        let limit = rustix::time::Timespec::try_from(limit).ok();
        match epoll::wait(&self.epoll, spare_capacity(&mut ready), limit.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; 64 * 1024];
        for event in ready {
            let index = event.data.u64() as usize;
            let reader = &mut self.readers[index];
            let length = match reader.stream.read(&mut bytes) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => 0,
            };
            if length == 0 {
                reader.tally.is_over = true;
                epoll::delete(&self.epoll, &reader.stream)?;
                continue;
            }
            reader.take(&bytes[..length], self.is_numbered, &mut self.delays);
        }
        Ok(())
    }

    /// Reads until something is so for all readers; false when it is not in time.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn read_until(&mut self, limit: Duration, is_so: impl Fn(&Tally) -> bool) -> io::Result<bool> {
        let end = Instant::now() + limit;
        while !self.tallies().all(&is_so) {
            if Instant::now() > end {
                return Ok(false);
            }
            self.read(Duration::from_millis(50))?;
        }
        Ok(true)
    }

    /// What each has got.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.readers.iter().map(|reader| &reader.tally)
    }

    /// Events of all readers.
    pub(crate) fn events(&self) -> u64 {
        self.tallies().map(|tally| tally.events).sum()
    }
}

impl Reader {
    fn take(&mut self, mut bytes: &[u8], is_numbered: bool, delays: &mut Vec<Duration>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            if self.partial.is_empty() {
                self.line(&bytes[..end], is_numbered, delays);
            } else {
                self.partial.extend_from_slice(&bytes[..end]);
                let line = std::mem::take(&mut self.partial);
                self.line(&line, is_numbered, delays);
            }
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
    }

    /// A line of the stream; lines between the chunks of the body mean nothing here.
    fn line(&mut self, line: &[u8], is_numbered: bool, delays: &mut Vec<Duration>) {
        if let Some(id) = line.strip_prefix(b"id: ") {
            self.number = number(id);
            self.is_gap = false;
        } else if let Some(name) = line.strip_prefix(b"event: ") {
            self.is_gap = name == b"gap";
            self.tally.is_over |= name == b"shutdown";
        } else if let Some(data) = line.strip_prefix(b"data: ") {
            self.data(data, is_numbered, delays);
        }
    }

    fn data(&mut self, data: &[u8], is_numbered: bool, delays: &mut Vec<Duration>) {
        let tally = &mut self.tally;
        if self.is_gap {
            self.is_gap = false;
            let said = field(data, b"\"dropped\":");
            let upto = self.number.take();
            let missing = upto.map(|upto| upto.saturating_sub(tally.last));
            if said.is_none() || said != missing {
                tally.wrong.get_or_insert(format!("a gap of {said:?} after {} up to {upto:?}", tally.last));
            }
            tally.gaps += 1;
            tally.dropped += said.unwrap_or(0);
            tally.last = upto.unwrap_or(tally.last);
            return;
        }
        tally.events += 1;
        if is_numbered {
            let number = self.number.take();
            if number != Some(tally.last + 1) {
                tally.wrong.get_or_insert(format!("event {number:?} after {}", tally.last));
            }
            tally.last = number.unwrap_or(tally.last);
        }
        if tally.events.is_multiple_of(SAMPLED)
            && let Some(sent) = field(data, b"\"sent\":")
        {
            delays.push(clock().saturating_sub(Duration::from_nanos(sent)));
        }
    }
}

/// Asks for a stream; what came after the head of the answer comes with it.
fn subscribe(address: SocketAddr, request: &str) -> io::Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(HEAD_LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut said = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let length = stream.read(&mut bytes)?;
        said.extend_from_slice(&bytes[..length]);
        let end = said.windows(4).position(|four| four == b"\r\n\r\n");
        match end {
            Some(end) if said.starts_with(b"HTTP/1.1 200 ") => return Ok((stream, said.split_off(end + 4))),
            None if length > 0 => {}
            Some(_) | None => return Err(io::Error::other(String::from_utf8_lossy(&said).into_owned())),
        }
    }
}

/// The number behind the dash of an id.
fn number(id: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(id).ok()?;
    text.rsplit_once('-')?.1.trim_end().parse().ok()
}

/// The number that follows a name.
fn field(data: &[u8], name: &[u8]) -> Option<u64> {
    let at = data.windows(name.len()).position(|some| some == name)? + name.len();
    let digits = data[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&data[at..at + digits]).ok()?.parse().ok()
}

/// The time of day, to be sent with an event.
///
/// # Panics
///
/// When the clock stands before 1970.
pub(crate) fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> Tally {
        let pair = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(pair.local_addr().unwrap()).unwrap();
        let tally = Tally { last: 3, ..Tally::default() };
        let mut reader = Reader { stream, partial: Vec::new(), is_gap: false, number: None, tally };
        pieces.iter().for_each(|piece| reader.take(piece.as_bytes(), true, &mut Vec::new()));
        reader.tally
    }

    #[test]
    fn events_are_counted_whatever_the_pieces_and_a_hole_is_seen() {
        let whole = "id: a-4\ndata: {}\n\n:\n\nid: a-5\ndata: {}\n\n";
        for cut in 0..whole.len() {
            let tally = read(&[&whole[..cut], &whole[cut..]]);
            assert_eq!((tally.events, tally.last, tally.wrong), (2, 5, None), "{cut}");
        }
        assert!(read(&["id: a-5\ndata: {}\n\n"]).wrong.is_some());
        assert!(read(&["id: a-4\ndata: {}\n\nid: a-4\ndata: {}\n\n"]).wrong.is_some());
        let gap = "id: a-9\nevent: gap\ndata: {\"data\":{\"dropped\":6}}\n\nid: a-10\ndata: {}\n\n";
        let tally = read(&[gap]);
        assert_eq!((tally.gaps, tally.dropped, tally.last, tally.wrong), (1, 6, 10, None));
        assert!(read(&[&gap.replace("6}}", "5}}")]).wrong.is_some());
    }
}

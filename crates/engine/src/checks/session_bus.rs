//! One question to the D-Bus session bus: has this name an owner?
//!
//! Two calls of fixed shape, written by hand, because a library for the whole of D-Bus would be larger than all of the
//! self-check. The wire format is that of the D-Bus specification, version 1, little-endian.

#[cfg(unix)]
pub(super) use unix::has_owner;

/// Not asked elsewhere.
#[cfg(not(unix))]
pub(super) fn has_owner(_name: &str) -> std::io::Result<bool> {
    Err(std::io::Error::other("not available on this system"))
}

#[cfg(unix)]
mod unix {
    use std::{
        env,
        io::{self, BufRead as _, BufReader, Read as _, Write as _},
        os::unix::net::UnixStream,
        time::Duration,
    };

    /// How long the bus may take.
    const DEADLINE: Duration = Duration::from_secs(2);
    /// Messages that may come before the answer.
    const MESSAGES_MAX: usize = 16;
    /// The longest message that is read.
    const MESSAGE_MAX: usize = 1 << 20;
    const BUS: &str = "org.freedesktop.DBus";
    const METHOD_CALL: u8 = 1;
    const METHOD_RETURN: u8 = 2;
    const ERROR: u8 = 3;
    const REPLY_SERIAL: u8 = 5;

    /// Asks the bus of this session.
    pub(in crate::checks) fn has_owner(name: &str) -> io::Result<bool> {
        let mut stream = BufReader::new(connect()?);
        let user = rustix::process::geteuid().as_raw().to_string();
        let user: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        stream.get_mut().write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
        let mut line = String::new();
        stream.by_ref().take(512).read_line(&mut line)?;
        if !line.starts_with("OK ") {
            return Err(io::Error::other("it does not let us in"));
        }
        stream.get_mut().write_all(b"BEGIN\r\n")?;
        stream.get_mut().write_all(&call(1, "Hello", None))?;
        stream.get_mut().write_all(&call(2, "NameHasOwner", Some(name)))?;
        for _ in 0..MESSAGES_MAX {
            let (kind, answers, body) = message(&mut stream)?;
            match (kind, answers) {
                (METHOD_RETURN, Some(2)) => return Ok(body.first().is_some_and(|byte| *byte != 0)),
                (ERROR, Some(1 | 2)) => return Err(io::Error::other("it refuses the question")),
                _ => {}
            }
        }
        Err(io::Error::other("it does not answer"))
    }

    fn connect() -> io::Result<UnixStream> {
        let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
        let address = address.or_else(|| {
            let dir = env::var("XDG_RUNTIME_DIR").ok()?;
            Some(format!("unix:path={dir}/bus"))
        });
        let address = address.ok_or_else(|| io::Error::other("there is none"))?;
        let stream = open(&address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(stream)
    }

    /// The first address of a list that can be connected to.
    fn open(addresses: &str) -> io::Result<UnixStream> {
        let mut last = io::Error::other(format!("no address of a kind we know in {addresses:?}"));
        for address in addresses.split(';').filter_map(|address| address.strip_prefix("unix:")) {
            for (key, value) in address.split(',').filter_map(|pair| pair.split_once('=')) {
                let connected = match key {
                    "path" => UnixStream::connect(value),
                    #[cfg(target_os = "linux")]
                    "abstract" => {
                        use std::os::linux::net::SocketAddrExt as _;
                        std::os::unix::net::SocketAddr::from_abstract_name(value)
                            .and_then(|address| UnixStream::connect_addr(&address))
                    }
                    _ => continue,
                };
                match connected {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    /// A call of a method of the bus itself, with one text or none.
    fn call(serial: u32, method: &str, argument: Option<&str>) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(text) = argument {
            push_text(&mut body, text);
        }
        let mut fields = Vec::new();
        let texts = [(1, "o", "/org/freedesktop/DBus"), (6, "s", BUS), (2, "s", BUS), (3, "s", method)];
        for (code, kind, text) in texts {
            pad(&mut fields, 8);
            fields.extend([code, 1, kind.as_bytes()[0], 0]);
            push_text(&mut fields, text);
        }
        if argument.is_some() {
            pad(&mut fields, 8);
            fields.extend([8, 1, b'g', 0, 1, b's', 0]);
        }
        let mut message = vec![b'l', METHOD_CALL, 0, 1];
        for number in [body.len() as u32, serial, fields.len() as u32] {
            message.extend(number.to_le_bytes());
        }
        message.extend(fields);
        pad(&mut message, 8);
        message.extend(body);
        message
    }

    fn push_text(to: &mut Vec<u8>, text: &str) {
        pad(to, 4);
        to.extend((text.len() as u32).to_le_bytes());
        to.extend(text.as_bytes());
        to.push(0);
    }

    fn pad(to: &mut Vec<u8>, unit: usize) {
        to.resize(to.len().next_multiple_of(unit), 0);
    }

    /// The kind of the next message, which call it answers, and its body.
    fn message(stream: &mut impl io::Read) -> io::Result<(u8, Option<u32>, Vec<u8>)> {
        let mut head = [0; 16];
        stream.read_exact(&mut head)?;
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let (body, fields) = (number(4), number(12));
        if head[0] != b'l' || body.max(fields) > MESSAGE_MAX {
            return Err(io::Error::other("it speaks in a way that is not understood"));
        }
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        stream.read_exact(&mut rest)?;
        let body = rest.split_off(fields.next_multiple_of(8));
        Ok((head[1], reply_serial(&rest), body))
    }

    /// The field REPLY_SERIAL: its code, the signature `u`, and the number, which stand together.
    fn reply_serial(fields: &[u8]) -> Option<u32> {
        let at = fields.chunks(8).position(|chunk| chunk.starts_with(&[REPLY_SERIAL, 1, b'u', 0]))? * 8;
        Some(u32::from_le_bytes(fields.get(at + 4..at + 8)?.try_into().ok()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_message_is_aligned_and_an_answer_is_understood() {
            let sent = call(2, "NameHasOwner", Some("a.b"));
            let (fields, body) = (u32::from_le_bytes(sent[12..16].try_into().expect("4")), 8);
            assert_eq!(sent.len(), 16 + (fields as usize).next_multiple_of(8) + body);
            assert_eq!(&sent[sent.len() - 8..], b"\x03\0\0\0a.b\0");
            let mut answer = vec![b'l', METHOD_RETURN, 1, 1, 4, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0];
            answer.extend([REPLY_SERIAL, 1, b'u', 0, 2, 0, 0, 0, 1, 0, 0, 0]);
            assert_eq!(message(&mut &*answer).expect("whole"), (METHOD_RETURN, Some(2), vec![1, 0, 0, 0]));
            answer[12] = 0xff;
            assert!(message(&mut &*answer).is_err());
        }
    }
}

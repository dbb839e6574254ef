//! Named pipes: `\\.\pipe\ostler-SID-RANDOM`, with a file that holds the random part.
#![expect(unsafe_code, reason = "named pipes with access lists have no safe form")]

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle},
    },
    path::Path,
    ptr::{null, null_mut},
};

use windows_sys::Win32::{
    Foundation::{ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE},
    Security::SECURITY_ATTRIBUTES,
    Storage::FileSystem::{
        CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_FLAGS_AND_ATTRIBUTES,
        OPEN_EXISTING, PIPE_ACCESS_DUPLEX, PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND,
        SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT,
    },
    System::Pipes::{
        CreateNamedPipeW, GetNamedPipeClientProcessId, GetNamedPipeServerProcessId, PIPE_READMODE_BYTE,
        PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
    },
};

use crate::{
    access::Descriptor,
    text::{check, wide},
    user,
};

/// Bytes of the random part of a name.
const RANDOM_BYTES: usize = 16;

/// The most that a file with a random part may hold.
const ANNOUNCEMENT_MAX: u64 = 64;

/// Bytes that each direction of a pipe holds before its writer waits.
const BUFFER: u32 = 64 * 1024;

#[link(name = "bcryptprimitives", kind = "raw-dylib")]
unsafe extern "system" {
    fn ProcessPrng(data: *mut u8, length: usize) -> i32;
}

/// A new random part for a name, in hexadecimal.
pub fn random() -> String {
    let mut bytes = [0; RANDOM_BYTES];
    // SAFETY: the buffer has the length that is said. The call cannot fail.
    unsafe { ProcessPrng(bytes.as_mut_ptr(), bytes.len()) };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of the pipe of our user with this random part.
///
/// # Errors
/// The user is not known.
pub fn name(random: &str) -> io::Result<String> {
    Ok(format!(r"\\.\pipe\ostler-{}-{random}", user::own()?))
}

/// Writes the file by which a pipe is found; it replaces that of an earlier one at once.
///
/// # Errors
/// It cannot be written.
pub fn announce(path: &Path, random: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = Path::new(&temporary);
    File::create(temporary)?.write_all(random.as_bytes())?;
    crate::files::replace(temporary, path)
}

/// The random part that a file holds; an error of kind `InvalidData` when it holds something else.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn announced(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::options().read(true).custom_flags(0).open(path)?;
    file.take(ANNOUNCEMENT_MAX + 1).read_to_string(&mut text)?;
    let text = text.trim();
    let is_random = text.len() == RANDOM_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_random {
        Ok(text.to_owned())
    } else {
        Err(io::Error::new(ErrorKind::InvalidData, "the file does not name a pipe of ours"))
    }
}

/// The directions of a pipe, seen from its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Bytes go both ways.
    Both,
    /// The server reads.
    In,
    /// The server writes.
    Out,
}

/// Whether others make instances of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// The first, and the name must be new.
    First,
    /// One more.
    Further,
    /// The first and the last.
    Only,
}

/// Makes an instance of a pipe for asynchronous use: for our user, on this machine.
///
/// # Errors
/// The system refuses; for a first instance also when somebody has the name already.
pub fn serve(name: &str, direction: Direction, instance: Instance) -> io::Result<OwnedHandle> {
    let mode = match direction {
        Direction::Both => PIPE_ACCESS_DUPLEX,
        Direction::In => PIPE_ACCESS_INBOUND,
        Direction::Out => PIPE_ACCESS_OUTBOUND,
    };
    let (first, max) = match instance {
        Instance::First => (FILE_FLAG_FIRST_PIPE_INSTANCE, 64),
        Instance::Further => (0, 64),
        Instance::Only => (FILE_FLAG_FIRST_PIPE_INSTANCE, 1),
    };
    let kind = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
    let name = wide(name)?;
    let descriptor = Descriptor::for_pipe()?;
    let attributes = descriptor.attributes(false);
    // SAFETY: the name ends in zero; the attributes live until the call is over.
    let handle = unsafe {
        let flags = mode | FILE_FLAG_OVERLAPPED | first;
        CreateNamedPipeW(name.as_ptr(), flags, kind, max, BUFFER, BUFFER, 0, &attributes)
    };
    own(handle)
}

/// How a client uses its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Asynchronously, by us.
    Asynchronous,
    /// As the standard stream of a child, which inherits it.
    Inherited,
    /// As the standard stream of one of our own programs, which inherits it and uses it asynchronously.
    InheritedAsynchronous,
}

/// Opens the other end of a pipe. Its server learns who we are, and can do nothing in our name.
///
/// # Errors
/// There is no such pipe, or all its instances are busy.
pub fn open(name: &str, direction: Direction, usage: Use) -> io::Result<OwnedHandle> {
    let access = match direction {
        Direction::Both => GENERIC_READ | GENERIC_WRITE,
        Direction::In => GENERIC_WRITE,
        Direction::Out => GENERIC_READ,
    };
    let flags: FILE_FLAGS_AND_ATTRIBUTES = match usage {
        Use::Asynchronous | Use::InheritedAsynchronous => FILE_FLAG_OVERLAPPED,
        Use::Inherited => 0,
    };
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: null_mut(),
        bInheritHandle: (usage != Use::Asynchronous).into(),
    };
    let name = wide(name)?;
    let flags = flags | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    // SAFETY: the name ends in zero; the attributes live until the call is over.
    let handle = unsafe {
        CreateFileW(name.as_ptr(), access, 0, &attributes, OPEN_EXISTING, flags, null::<u8>() as RawHandle)
    };
    own(handle)
}

/// Two ends of a new pipe: ours for asynchronous use, and the one of somebody else.
///
/// # Errors
/// The system refuses.
pub fn pair(direction: Direction, usage: Use) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let name = name(&random())?;
    let ours = serve(&name, direction, Instance::Only)?;
    let theirs = open(&name, direction, usage)?;
    Ok((ours, theirs))
}

/// Whether all instances of a pipe are taken for the moment.
pub fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_PIPE_BUSY as i32)
}

/// Whether the process behind a pipe belongs to our user or to the system.
///
/// # Errors
/// The system does not say who it is.
pub fn is_served_by_us(pipe: &impl AsRawHandle) -> io::Result<bool> {
    Ok(user::is_trusted(server(pipe)?))
}

/// The process that made the first instance of a pipe.
///
/// # Errors
/// The system does not say.
pub fn server(pipe: &impl AsRawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open.
    check(unsafe { GetNamedPipeServerProcessId(pipe.as_raw_handle(), &mut pid) })?;
    Ok(pid)
}

/// Whether the process that has opened a pipe belongs to our user or to the system. One that is gone does not.
pub fn is_opened_by_us(pipe: &impl AsRawHandle) -> bool {
    let mut pid = 0;
    // SAFETY: the handle is open.
    let is_known = unsafe { GetNamedPipeClientProcessId(pipe.as_raw_handle(), &mut pid) } != 0;
    is_known && user::is_trusted(pid)
}

fn own(handle: RawHandle) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that made it succeeded, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

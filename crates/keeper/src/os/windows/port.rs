//! A completion port, and pipes that are read and written through it.
//!
//! What is under way belongs to the system until its packet has been taken from the port. A pipe that is dropped before
//! cancels it and leaves its memory behind; the packet, which nobody waits for any more, then frees it.
#![expect(unsafe_code, reason = "overlapped input and output has no safe form")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_NO_DATA, ERROR_PIPE_CONNECTED, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{
    CancelIoEx, CreateIoCompletionPort, GetOverlappedResult, GetQueuedCompletionStatusEx, OVERLAPPED,
    OVERLAPPED_ENTRY, PostQueuedCompletionStatus,
};
use windows_sys::Win32::System::Pipes::ConnectNamedPipe;

/// Packets that are taken at once.
const PACKETS_MAX: usize = 64;

/// How much is read at once.
const READ_SIZE: usize = 32 * 1024;

/// Where the system says what has been done.
#[derive(Debug)]
pub struct Port(OwnedHandle);

/// Something has been done, or has failed.
#[derive(Debug)]
pub struct Packet {
    /// Of whom.
    pub key: usize,
    /// For a job the message, else bytes.
    pub count: u32,
    /// For a job the process, else which operation.
    pub value: usize,
}

#[repr(C)]
struct Operation {
    overlapped: OVERLAPPED,
    buffer: Vec<u8>,
    is_pending: bool,
}

/// A pointer to an operation, which the system may be writing to.
#[derive(Debug)]
struct Slot(*mut Operation);

/// What became of an operation of a pipe.
#[derive(Debug)]
pub enum Done {
    /// These bytes came; none means that nobody has the other end any more.
    Read(Vec<u8>),
    /// So many bytes were taken.
    Written(usize),
    /// The other end is gone.
    Gone,
}

/// A pipe for asynchronous use.
#[derive(Debug)]
pub struct Pipe {
    handle: OwnedHandle,
    key: usize,
    read: Slot,
    write: Slot,
}

impl Port {
    /// Makes one for this thread.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no file and no port given makes a new port, which is owned at once.
        unsafe {
            let handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1);
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedHandle::from_raw_handle(handle)))
        }
    }

    /// Waits for packets; none when the time is over. Without a time it waits for ever.
    pub fn wait(&self, time: Option<Duration>) -> Vec<Packet> {
        let milliseconds = time.map_or(u32::MAX, |time| {
            // Rounded up, so that what was waited for is due when we wake.
            u32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u32::MAX - 1)
        });
        let mut entries = [OVERLAPPED_ENTRY::default(); PACKETS_MAX];
        let mut count = 0;
        // SAFETY: the port is open; the entries are as many as is said.
        let result = unsafe {
            let (port, most) = (self.0.as_raw_handle(), PACKETS_MAX as u32);
            GetQueuedCompletionStatusEx(port, entries.as_mut_ptr(), most, &mut count, milliseconds, 0)
        };
        if result == 0 {
            return Vec::new();
        }
        let packet = |entry: &OVERLAPPED_ENTRY| Packet {
            key: entry.lpCompletionKey,
            count: entry.dwNumberOfBytesTransferred,
            value: entry.lpOverlapped as usize,
        };
        entries[..count as usize].iter().map(packet).collect()
    }

    /// What wakes whoever waits, from another thread, with a packet that bears `key`.
    pub fn waker(&self, key: usize) -> io::Result<impl Fn() + Send + Sync + use<>> {
        let port = self.0.try_clone()?;
        Ok(move || {
            // SAFETY: the port is open. Nobody waits for a packet that cannot be sent.
            unsafe { PostQueuedCompletionStatus(port.as_raw_handle(), 0, key, null()) };
        })
    }

    /// Frees what a dropped pipe left behind; `packet` must be one of a pipe, not of a job.
    pub fn bury(packet: &Packet) {
        if packet.value != 0 {
            // SAFETY: the packet is the last that speaks of the operation, and its pipe, which let go of it, is gone.
            drop(unsafe { Box::from_raw(packet.value as *mut Operation) });
        }
    }
}

impl AsRawHandle for Port {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl Slot {
    fn new() -> Self {
        let operation =
            Operation { overlapped: OVERLAPPED::default(), buffer: Vec::new(), is_pending: false };
        Self(Box::into_raw(Box::new(operation)))
    }

    fn is_pending(&self) -> bool {
        // SAFETY: the operation lives as long as the slot; the system does not touch this field.
        unsafe { (*self.0).is_pending }
    }

    fn is_named_by(&self, packet: &Packet) -> bool {
        packet.value == self.0 as usize
    }
}

impl Pipe {
    /// Has a pipe report to a port; `key` is never used for another one.
    pub fn new(port: &Port, handle: OwnedHandle, key: usize) -> io::Result<Self> {
        // SAFETY: both handles are open.
        let result = unsafe { CreateIoCompletionPort(handle.as_raw_handle(), port.as_raw_handle(), key, 0) };
        if result.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { handle, key, read: Slot::new(), write: Slot::new() })
    }

    /// What its packets bear.
    pub fn key(&self) -> usize {
        self.key
    }

    /// Whether something is being read, or awaited.
    pub fn is_reading(&self) -> bool {
        self.read.is_pending()
    }

    /// Whether something is being written.
    pub fn is_writing(&self) -> bool {
        self.write.is_pending()
    }

    /// Begins to read; not while it is reading.
    pub fn start_read(&mut self) -> io::Result<()> {
        debug_assert!(!self.is_reading());
        // SAFETY: the operation is ours alone until the call; buffer and structure stay where they are until its packet
        // has come.
        unsafe {
            let operation = &mut *self.read.0;
            operation.overlapped = OVERLAPPED::default();
            if operation.buffer.capacity() < READ_SIZE {
                operation.buffer = Vec::with_capacity(READ_SIZE);
            }
            let (buffer, overlapped) = (operation.buffer.as_mut_ptr(), &raw mut operation.overlapped);
            let handle = self.handle.as_raw_handle();
            started(&self.read, ReadFile(handle, buffer, READ_SIZE as u32, null_mut(), overlapped))
        }
    }

    /// Begins to write all of `bytes`; not while it is writing.
    pub fn start_write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        debug_assert!(!self.is_writing());
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        // SAFETY: as for reading.
        unsafe {
            let operation = &mut *self.write.0;
            operation.overlapped = OVERLAPPED::default();
            operation.buffer = bytes;
            let (buffer, overlapped) = (operation.buffer.as_ptr(), &raw mut operation.overlapped);
            let handle = self.handle.as_raw_handle();
            started(&self.write, WriteFile(handle, buffer, length, null_mut(), overlapped))
        }
    }

    /// Begins to wait for somebody to open the other end; `true` when somebody has it open already, and no packet
    /// comes.
    pub fn start_connect(&mut self) -> io::Result<bool> {
        debug_assert!(!self.is_reading());
        // SAFETY: as for reading.
        let result = unsafe {
            let operation = &mut *self.read.0;
            operation.overlapped = OVERLAPPED::default();
            started(&self.read, ConnectNamedPipe(self.handle.as_raw_handle(), &raw mut operation.overlapped))
        };
        match result {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_CONNECTED as i32) => Ok(true),
            result => result.map(|()| false),
        }
    }

    /// Takes what a packet brought; `None` when the packet is of another pipe.
    pub fn finish(&mut self, packet: &Packet) -> Option<Done> {
        let slot = match packet {
            _ if self.read.is_named_by(packet) => &self.read,
            _ if self.write.is_named_by(packet) => &self.write,
            _ => return None,
        };
        let mut count = 0;
        // SAFETY: the packet says that the system has let go of the operation; the handle is open.
        unsafe {
            let operation = &mut *slot.0;
            operation.is_pending = false;
            let overlapped = &raw const operation.overlapped;
            if GetOverlappedResult(self.handle.as_raw_handle(), overlapped, &mut count, 0) == 0 {
                operation.buffer = Vec::new();
                return Some(Done::Gone);
            }
            if slot.is_named_by(packet) && std::ptr::eq(slot, &self.write) {
                operation.buffer = Vec::new();
                return Some(Done::Written(count as usize));
            }
            // SAFETY: the system has filled so many bytes, and the buffer has room for them.
            operation.buffer.set_len((count as usize).min(operation.buffer.capacity()));
            Some(Done::Read(std::mem::take(&mut operation.buffer)))
        }
    }
}

impl AsRawHandle for Pipe {
    fn as_raw_handle(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        for slot in [&self.read, &self.write] {
            // SAFETY: what is pending is cancelled and left to its packet; what is not is ours alone.
            unsafe {
                if slot.is_pending() {
                    CancelIoEx(self.handle.as_raw_handle(), &raw const (*slot.0).overlapped);
                } else {
                    drop(Box::from_raw(slot.0));
                }
            }
        }
    }
}

/// Notes that an operation is under way, unless it failed at once.
///
/// # Safety
/// The slot's operation was just handed to the system.
unsafe fn started(slot: &Slot, result: windows_sys::core::BOOL) -> io::Result<()> {
    let error = io::Error::last_os_error();
    if result == 0 && error.raw_os_error() != Some(ERROR_IO_PENDING as i32) {
        return Err(error);
    }
    // SAFETY: the system does not touch this field. What succeeded at once has a packet all the same.
    unsafe { (*slot.0).is_pending = true };
    Ok(())
}

/// Whether an error only says that nobody has the other end any more.
pub fn is_gone(error: &io::Error) -> bool {
    let codes = [ERROR_BROKEN_PIPE, ERROR_NO_DATA];
    error.raw_os_error().is_some_and(|code| codes.contains(&(code as u32)))
}

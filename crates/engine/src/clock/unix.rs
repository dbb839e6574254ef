//! Clocks on Unix. Only Linux wakes who waits; elsewhere a sleep is noticed at the next turn of the engine.

use std::time::{Duration, Instant};

/// Since the machine was started, its sleep included; where the system does not tell it counts no sleep.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) fn since_boot(_: Instant) -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    // What Apple calls monotonic goes on during sleep, other than the clock that `Instant` reads there.
    #[cfg(target_vendor = "apple")]
    let clock = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    let clock = ClockId::Boottime;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) use super::reading::awake as since_boot;

/// The steady clock counts no sleep here.
pub(crate) fn asleep(_: Instant) -> Duration {
    Duration::ZERO
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::ClockWatch;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::{io, os::fd::OwnedFd};

    use rustix::{
        io::Errno,
        time::{
            Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
            timerfd_settime,
        },
    };
    use tokio::io::{Interest, unix::AsyncFd};

    /// No timer is set later: the kernel's own limit is a little above.
    const NEVER_SECONDS: i64 = 1 << 33;

    /// Wakes who waits when the wall clock was set or the machine woke. Costs nothing until then.
    #[derive(Debug)]
    pub(crate) struct ClockWatch {
        timer: Option<AsyncFd<OwnedFd>>,
    }

    impl ClockWatch {
        /// Begins to watch. Must be called within a runtime. Where it is not possible a sleep is noticed at the next
        /// turn of the engine.
        pub(crate) fn new() -> Self {
            let timer = open();
            if let Err(error) = &timer {
                tracing::debug!(%error, "the system does not tell when its clock is set");
            }
            Self { timer: timer.ok() }
        }

        /// Waits until the clock was set or the machine woke.
        pub(crate) async fn moved(&self) {
            let Some(timer) = &self.timer else { return std::future::pending().await };
            loop {
                let Ok(mut guard) = timer.readable().await else { return std::future::pending().await };
                let mut ticks = [0; 8];
                // A timer that was cancelled by a change of the clock says so once, when it is read.
                let read = guard.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut ticks)?));
                match read {
                    Ok(Err(error)) if error.raw_os_error() == Some(Errno::CANCELED.raw_os_error()) => return,
                    Ok(Ok(_)) => return,
                    Ok(Err(_)) => return std::future::pending().await,
                    Err(_) => {}
                }
            }
        }
    }

    fn open() -> io::Result<AsyncFd<OwnedFd>> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let never =
            Itimerspec { it_interval: zero, it_value: Timespec { tv_sec: NEVER_SECONDS, tv_nsec: 0 } };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &never)?;
        #[expect(unsafe_code, reason = "registering a descriptor has no other interface")]
        // SAFETY: the descriptor is owned by what it is registered for, which never gives it away or closes it sooner.
        let registered = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) };
        Ok(registered?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use super::reading::Nobody as ClockWatch;

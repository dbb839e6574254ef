//! One line on a terminal that says what is waited for, and since when.

use std::{
    convert::Infallible,
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use tokio::time::Instant;

use crate::{context::Context, print};

const LINE_START: &str = "\r\x1b[K";
const REDRAW_EVERY: Duration = Duration::from_secs(1);

/// The line; it is gone when this value is dropped.
pub(crate) struct Waiting {
    what: String,
    is_shown: bool,
}

impl Waiting {
    /// A line for people at a terminal; nothing for others.
    pub(crate) fn new(context: &Context, what: String) -> Self {
        Self { what, is_shown: !context.out.is_json() && std::io::stderr().is_terminal() }
    }

    /// Draws it every second, for as long as it is polled.
    pub(crate) async fn show(&self) -> Infallible {
        let begun = Instant::now();
        let mut ticks = tokio::time::interval_at(begun + REDRAW_EVERY, REDRAW_EVERY);
        loop {
            ticks.tick().await;
            if self.is_shown {
                let line = format!("{}: {} s", self.what, begun.elapsed().as_secs());
                let mut err = anstream::stderr();
                let _ = write!(err, "{LINE_START}{}", print::paint(print::DIM, line));
                let _ = err.flush();
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.is_shown {
            let mut err = anstream::stderr();
            let _ = write!(err, "{LINE_START}");
            let _ = err.flush();
        }
    }
}

//! How long the Qt thread keeps others waiting, for a person who measures.

use std::time::{Duration, Instant};

use cxx_qt::CxxQtThread;
use tokio::sync::{oneshot, watch};

use crate::bridge::desktop::ffi::Desktop;

/// When this is set, the figures are logged.
const VARIABLE: &str = "OSTLER_MEASURE_STALLS";
/// Between two questions to the Qt thread.
const PAUSE: Duration = Duration::from_millis(4);
/// What one figure covers.
const PERIOD: Duration = Duration::from_secs(5);

/// Whether somebody measures.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Asks the Qt thread again and again and logs how long it took to answer, until the app ends.
pub(crate) async fn measure(mut qt: watch::Receiver<Option<CxxQtThread<Desktop>>>) {
    let Ok(thread) = qt.wait_for(Option::is_some).await.map(|thread| thread.clone()) else { return };
    let Some(thread) = thread else { return };
    loop {
        let (begin, mut waits) = (Instant::now(), Vec::new());
        while begin.elapsed() < PERIOD {
            let (answer, answered) = oneshot::channel();
            let asked = Instant::now();
            // Measured there, so that a busy runtime on this side does not count.
            let queued = thread.queue(move |_| answer.send(asked.elapsed()).unwrap_or_default());
            let (Ok(()), Ok(wait)) = (queued, answered.await) else { return };
            waits.push(wait);
            tokio::time::sleep(PAUSE).await;
        }
        waits.sort_unstable();
        let part = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        let over = waits.iter().filter(|wait| **wait > Duration::from_millis(16)).count();
        tracing::info!(
            asked = waits.len(),
            median_ms = part(50),
            p99_ms = part(99),
            max_ms = part(100),
            over_16_ms = over,
            "the Qt thread answered"
        );
    }
}

//! Asking again and again.

use std::{future::Future, time::Duration};

use ostler_core::ProbeKind;

use super::{Answer, ProbeContext, Question, Strictness, ask, output};

/// Between the first tries of a readiness probe: a service that is quick is seen to be.
const QUICK: [Duration; 4] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
];

/// The same for commands, which cost more.
const QUICK_COMMANDS: [Duration; 1] = [Duration::from_millis(100)];

/// An answer that comes so much later than its time limit tells that we stood still, and nothing of the service.
const STOOD_STILL: Duration = Duration::from_secs(5);

/// Asks one question about one run until it is dropped.
pub struct Prober {
    /// What it is for.
    pub kind: ProbeKind,
    /// What is asked.
    pub question: Question,
    /// About which run.
    pub context: ProbeContext,
    /// Between the end of one question and the next.
    pub interval: Duration,
    /// For one question.
    pub timeout: Duration,
    /// After a sleep of the machine: when to ask afresh. The first failure then is not told.
    pub after_sleep: Option<Duration>,
}

impl Prober {
    /// Asks until it is dropped; ends by itself only when the answer can no more change.
    ///
    /// `hand_on` gets the first answer, then those that matter: for readiness each that differs from the one before,
    /// for liveness each failure and the first success after one. The next question waits until it has taken it.
    pub async fn run<F, T>(self, mut hand_on: F)
    where
        F: FnMut(Answer) -> T + Send,
        T: Future<Output = ()> + Send,
    {
        match &self.question {
            Question::Log(pattern) => {
                // A line that was written stays written.
                let answer = output::matched(pattern, &self.context).await;
                hand_on(answer.map_err(|error| format!("the log cannot be read: {error}"))).await;
            }
            Question::Notify => self.listen(hand_on).await,
            Question::Http { .. } | Question::Tcp { .. } | Question::Exec(_) => self.ask_on(hand_on).await,
        }
    }

    async fn ask_on<F, T>(&self, mut hand_on: F)
    where
        F: FnMut(Answer) -> T + Send,
        T: Future<Output = ()> + Send,
    {
        let mut quick = match (self.kind, &self.question) {
            (ProbeKind::Live, _) => [].iter(),
            (ProbeKind::Ready, Question::Exec(_)) => QUICK_COMMANDS.iter(),
            (ProbeKind::Ready, _) => QUICK.iter(),
        };
        let mut last: Option<Answer> = None;
        let mut was_ready = false;
        let mut forgives = self.after_sleep.is_some();
        let mut was_late = false;
        match self.after_sleep {
            Some(pause) => tokio::time::sleep(pause).await,
            None if self.kind == ProbeKind::Live => tokio::time::sleep(self.interval).await,
            None => {}
        }
        loop {
            // Once the run was seen to answer itself, who listens is not looked up again.
            let strictness = match self.kind {
                ProbeKind::Ready if !was_ready => Strictness::OwnListener,
                ProbeKind::Ready | ProbeKind::Live => Strictness::Anybody,
            };
            let asked = tokio::time::Instant::now();
            let answer = ask(&self.question, &self.context, self.timeout, strictness).await;
            was_ready |= answer.is_ok();
            let is_late = answer.is_err() && asked.elapsed() > self.timeout + STOOD_STILL;
            let is_forgiven = std::mem::take(&mut forgives) && answer.is_err();
            if is_forgiven || (is_late && !was_late) {
                was_late = is_late;
                tokio::time::sleep(self.interval).await;
                continue;
            }
            was_late = is_late;
            if self.matters(&answer, last.as_ref()) {
                hand_on(answer.clone()).await;
            }
            let pause = match quick.next() {
                Some(pause) if answer.is_err() => self.interval.min(*pause),
                Some(_) | None => self.interval,
            };
            last = Some(answer);
            tokio::time::sleep(pause).await;
        }
    }

    fn matters(&self, answer: &Answer, last: Option<&Answer>) -> bool {
        match self.kind {
            ProbeKind::Ready => last != Some(answer),
            ProbeKind::Live => answer.is_err() || last != Some(answer),
        }
    }

    /// What the service says of its own accord comes when it comes.
    async fn listen<F, T>(&self, mut hand_on: F)
    where
        F: FnMut(Answer) -> T + Send,
        T: Future<Output = ()> + Send,
    {
        let Some(mut notified) = self.context.notified.clone() else {
            hand_on(Err("there is no NOTIFY_SOCKET for this run".to_owned())).await;
            return;
        };
        let mut last: Option<Answer> = None;
        loop {
            let answer = notified.borrow_and_update().answer();
            if self.matters(&answer, last.as_ref()) {
                hand_on(answer.clone()).await;
            }
            last = Some(answer);
            if notified.changed().await.is_err() {
                return;
            }
        }
    }
}

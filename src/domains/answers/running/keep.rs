//! Beside each answer: what is new of it is written down, its process says that it is still there, and whether anybody wants it is looked at.

use std::{sync::Arc, time::Duration};

use lectern_kernel::{auth::Claims, db::Mode};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Acts, At, Inner, NotActing, Run};
use crate::domains::answers::sql;

/// How often what is new is written down.
const EVERY: Duration = Duration::from_millis(250);
/// How often a process is heard of, however little is new.
const BEAT: Duration = Duration::from_secs(5);
/// After how long without a listener an answer is given up that nobody is to wait for, and after how long where none came.
const ABANDONED: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(30));
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Why it ended before the answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was told to end.
    ToTheEnd,
    /// Somebody else has ended the answer.
    Elsewhere,
    /// The person is not signed in any more.
    SignedOut,
    /// Nobody wants it.
    Abandoned,
}

/// Keeps an answer until told to stop. Whatever else ends it stops the run.
pub(super) async fn keep(
    run: Arc<Run>,
    acts: Arc<dyn Acts>,
    inner: Arc<Inner>,
    claims: Claims,
    correlation_id: String,
    may_be_abandoned: bool,
    done: CancellationToken,
) -> Kept {
    let (mut at, process) = (At::default(), inner.process);
    let (mut beat, mut looked) = (Instant::now(), Instant::now());
    loop {
        tokio::select! {
            () = done.cancelled() => return Kept::ToTheEnd,
            () = sleep(EVERY) => {}
            () = run.full.notified() => {}
        }
        if may_be_abandoned && looked.elapsed() >= LOOK {
            looked = Instant::now();
            if is_abandoned(&run, &*acts, process, &claims, &correlation_id).await {
                run.stop.cancel();
                return Kept::Abandoned;
            }
        }
        if run.news(&mut { at }).text.is_empty() && beat.elapsed() < BEAT {
            continue;
        }
        let turn = tokio::select! {
            () = done.cancelled() => return Kept::ToTheEnd,
            turn = inner.writers.acquire() => turn,
        };
        // With what came while it was waited for.
        let mut after = at;
        let (new, hosts) = run.news_with_hosts(&mut after);
        let position = i64::try_from(at.characters).unwrap_or(i64::MAX);
        let flushed = async {
            let (tx, _) = acts.begin(&claims, Mode::Write, &correlation_id).await?;
            let goes_on = tx.value::<bool>(sql::FLUSH, &[&run.id, &process, &position, &new.text, &hosts]).await?;
            tx.commit().await?;
            Ok::<bool, NotActing>(goes_on == Some(true))
        };
        let flushed = flushed.await;
        drop(turn);
        match flushed {
            Ok(true) => {
                (at, beat) = (after, Instant::now());
                run.is_written_to(at.characters);
            }
            Ok(false) => {
                run.stop.cancel();
                return Kept::Elsewhere;
            }
            Err(NotActing::SignedOut) => {
                run.stop.cancel();
                return Kept::SignedOut;
            }
            // The text stays in memory, and is written with what comes.
            Err(NotActing::Failed(error)) => {
                tracing::warn!(correlation_id, reason = error.for_operator(), "an answer could not be written down")
            }
        }
    }
}

/// Whether nobody listens, here or in another process.
async fn is_abandoned(run: &Run, acts: &dyn Acts, process: Uuid, claims: &Claims, correlation_id: &str) -> bool {
    let Some((alone, has_come)) = run.alone() else { return false };
    if alone < ABANDONED.0 {
        return false;
    }
    let asked = async {
        let (tx, _) = acts.begin(claims, Mode::Read, correlation_id).await?;
        let unheard = tx.value::<Option<f64>>(sql::UNHEARD, &[&run.id, &process]).await?;
        tx.end_read();
        Ok::<Option<f64>, NotActing>(unheard.flatten())
    };
    match asked.await {
        Ok(Some(seconds)) => seconds >= ABANDONED.0.as_secs_f64(),
        Ok(None) => has_come || alone >= ABANDONED.1,
        Err(_) => false,
    }
}

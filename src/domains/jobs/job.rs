//! Something that is to happen outside a request, or later.

use async_graphql::ID;
use lectern_kernel::{ids::Id, jobs::JobLane, resolve::DateTime, text_enum};
use lectern_macros::{object, resolvers};

text_enum! {
    /// Where a job stands: QUEUED, RUNNING, SUCCEEDED, one after the other. What fails is QUEUED again for later, and DEAD after its last
    /// attempt.
    pub enum JobState {
        /// It waits for its time, or for a free slot.
        Queued = "QUEUED",
        /// A worker has it.
        Running = "RUNNING",
        /// It is done. Kept for 7 days.
        Succeeded = "SUCCEEDED",
        /// It failed for good: `lastError` says why, `retryJob` tries it anew. Kept for 30 days.
        Dead = "DEAD",
        /// It was called off. Kept for 7 days.
        Cancelled = "CANCELLED",
    }
}

/// Something that happens outside a request: a mail that is sent, old rows that are removed. It exists exactly when the change that asked
/// for it was made; it runs at least once, and what it changes in the school it changes once.
#[object(table = "job", alias = "j", id = "job", node(JobManage), resolvers)]
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: Id<Job>,
    /// What is done: `purge.jobs`.
    pub kind: String,
    /// Where it waits.
    pub lane: JobLane,
    /// Where it stands.
    pub state: JobState,
    /// How often it was tried so far.
    pub attempts: i32,
    /// How often it is tried before it is DEAD.
    pub max_attempts: i32,
    /// When it runs, or was to run: the moment from which on it waits for a free slot.
    pub run_at: DateTime,
    /// When the latest attempt began; null before the first.
    pub started_at: Option<DateTime>,
    /// When it was done, given up or called off; null until then.
    pub finished_at: Option<DateTime>,
    /// Why the latest attempt failed; null when it did not. At most 500 characters.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime,
    #[hidden]
    pub subject: Option<String>,
    #[hidden]
    pub correlation: String,
}

#[resolvers]
impl Job {
    /// The id of what it is about; null when about nothing in particular.
    fn subject_id(subject: Option<String>) -> Option<ID> {
        subject.map(ID)
    }

    /// The request in which it was asked for, as in its answer's header `x-correlation-id`.
    fn correlation_id(correlation: String) -> String {
        correlation
    }
}

/// Jobs in one state.
#[object]
#[derive(Clone, Debug)]
pub struct JobStateCount {
    /// The state.
    pub state: JobState,
    /// How many are in it.
    pub count: i32,
}

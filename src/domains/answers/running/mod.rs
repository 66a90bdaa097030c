//! Answers that this process writes: each is a task of its own, which begins after the commit that asks for it, and acts as the person whom it is for.

mod call;
mod end;
mod keep;
mod run;
mod terms;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::Variables;
use futures_util::future::BoxFuture;
use lectern_kernel::{
    auth::{Actor, Claims},
    db::{DbError, Interest, Mode, Tx},
    jobs::Outside,
    seen::{at_each_look, trace},
};
use metrics::gauge;
use serde_json::Value;
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

#[cfg(test)]
pub use self::terms::Policy;
pub use self::terms::{Before, Terms};
use super::{figures, filter::external_hosts};

/// How many answers a process writes at once, where nothing else is said.
pub const USUAL_ANSWERS: u32 = 64;
/// How many answers of a process are written down at once: whoever asks for something meanwhile finds a connection. The others have more to write when it is their turn.
const WRITERS: usize = 4;
/// How long an answer waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);
/// What of an answer is kept in memory makes it be written down at once.
const FULL: usize = 4 << 10;

/// Why nothing goes on in somebody's name.
#[derive(Debug, Clone)]
pub enum NotActing {
    /// They are not signed in any more.
    SignedOut,
    /// The database could not be asked, or said no.
    Failed(DbError),
}

impl From<DbError> for NotActing {
    fn from(error: DbError) -> Self {
        NotActing::Failed(error)
    }
}

impl From<tokio_postgres::Error> for NotActing {
    fn from(error: tokio_postgres::Error) -> Self {
        NotActing::Failed(error.into())
    }
}

/// What goes on after an answer to a request: in the name of somebody, who is proven anew each time. The product's engine does it.
pub trait Acts: Send + Sync {
    /// Opens a transaction of somebody.
    fn begin<'a>(&'a self, claims: &'a Claims, mode: Mode, correlation_id: &'a str) -> BoxFuture<'a, Result<(Arc<Tx>, Actor), NotActing>>;

    /// Opens a transaction of a school, and of nobody in it.
    fn begin_in<'a>(&'a self, tenant: Uuid, correlation_id: &'a str) -> BoxFuture<'a, Result<Arc<Tx>, DbError>>;

    /// Asks a query in somebody's name; the answer as a client gets it.
    fn ask<'a>(&'a self, query: &'static str, variables: Variables, claims: Claims, correlation_id: &'a str) -> BoxFuture<'a, Value>;

    /// Hears what is announced of one thing.
    fn hear(&self, tenant: Uuid, topic: &'static str, key: Uuid) -> BoxFuture<'_, Result<Interest, DbError>>;

    /// What there is beside the database, with what opens secrets.
    fn outside(&self) -> Option<Outside>;
}

/// The answers that this process writes.
#[derive(Clone)]
pub struct Answers(Arc<Inner>);

struct Inner {
    /// Who this process is, to the database.
    process: Uuid,
    /// How many may be written at once.
    most: usize,
    places: Arc<Semaphore>,
    writers: Semaphore,
    running: Mutex<HashMap<Uuid, Arc<Run>>>,
    acts: OnceLock<Arc<dyn Acts>>,
    patience: Duration,
}

/// One answer on its way, for those who write and those who listen in this process.
pub struct Run {
    pub id: Uuid,
    pub tenant: Uuid,
    /// Whom it is for.
    pub person: Uuid,
    told: RwLock<Told>,
    /// Counts what is new.
    news: watch::Sender<u64>,
    /// Characters that are written down.
    written: AtomicUsize,
    /// There is much to write down.
    full: Notify,
    /// Somebody else has ended it, or it is to end.
    pub stop: CancellationToken,
    presence: Mutex<Presence>,
}

/// What of an answer is there.
#[derive(Debug, Default)]
struct Told {
    text: String,
    /// Characters of it.
    length: usize,
    /// Of it what is no code: whose links are listed.
    prose: String,
    tools: Vec<Uuid>,
    /// What is missing stands in the database.
    is_over: bool,
}

/// Who listens in this process.
#[derive(Debug)]
struct Presence {
    count: usize,
    has_come: bool,
    /// Since when nobody does.
    since: Instant,
}

/// A place in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct At {
    pub bytes: usize,
    pub characters: usize,
    pub tools: usize,
}

/// What is new after a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    pub text: String,
    pub tools: Vec<Uuid>,
    pub is_over: bool,
}

impl Answers {
    /// So many at once.
    pub fn new(most: u32) -> Self {
        Answers::patient(most, PATIENCE)
    }

    /// The same, waiting so long for a turn.
    pub fn patient(most: u32, patience: Duration) -> Self {
        Answers(Arc::new(Inner {
            process: Uuid::new_v4(),
            most: most as usize,
            places: Arc::new(Semaphore::new(most as usize)),
            writers: Semaphore::new(WRITERS),
            running: Mutex::default(),
            acts: OnceLock::new(),
            patience,
        }))
    }

    /// By whom they act. Said once, when there is an engine.
    pub fn act_by(&self, acts: Arc<dyn Acts>) {
        let _ = self.0.acts.set(acts);
    }

    /// By whom they act, where that was said.
    pub(super) fn acts(&self) -> Option<Arc<dyn Acts>> {
        self.0.acts.get().cloned()
    }

    /// Begins to write an answer.
    pub fn start(&self, answer: Uuid, tenant: Uuid, person: Uuid, claims: Claims, correlation_id: String) {
        let (Some(acts), Ok(runtime)) = (self.acts(), tokio::runtime::Handle::try_current()) else { return };
        let run = Arc::new(Run::new(answer, tenant, person));
        self.0.running().insert(answer, run.clone());
        let inner = self.0.clone();
        runtime.spawn(async move {
            let span = trace::afterwards("assistant", &correlation_id);
            let writing = run::Writing::new(inner.clone(), run.clone(), acts, claims, correlation_id);
            // What panics is silent from then on, and is swept.
            let _ = tokio::spawn(writing.write().instrument(span)).await;
            run.over();
            inner.running().remove(&answer);
        });
    }

    /// An answer that this process writes.
    pub fn find(&self, answer: Uuid) -> Option<Arc<Run>> {
        self.0.running().get(&answer).cloned()
    }

    /// Stops an answer that was ended, where this process writes it.
    pub fn stop(&self, answer: Uuid) {
        if let Some(run) = self.find(answer) {
            run.stop.cancel();
        }
    }

    /// How many this process writes, or lets wait.
    pub fn count(&self) -> usize {
        self.0.running().len()
    }

    /// Shows, at each look from now on, how many are written and how many wait.
    pub fn show(&self) {
        figures::begin();
        let inner = Arc::downgrade(&self.0);
        at_each_look(move || {
            let Some(inner) = inner.upgrade() else { return };
            let running = inner.most.saturating_sub(inner.places.available_permits());
            gauge!("lectern_answers", "state" => "running").set(running as f64);
            gauge!("lectern_answers", "state" => "waiting").set(inner.running().len().saturating_sub(running) as f64);
            gauge!("lectern_answers_limit").set(inner.most as f64);
        });
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Run>>> {
        self.running.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Told {
    /// What is new after a place, which moves on.
    fn after(&self, at: &mut At) -> News {
        let text = self.text.get(at.bytes..).unwrap_or_default().to_owned();
        at.bytes += text.len();
        at.characters += text.chars().count();
        let tools = self.tools.get(at.tools..).unwrap_or_default().to_vec();
        at.tools += tools.len();
        News { text, tools, is_over: self.is_over }
    }
}

impl Run {
    fn new(id: Uuid, tenant: Uuid, person: Uuid) -> Self {
        Run {
            id,
            tenant,
            person,
            told: RwLock::default(),
            news: watch::Sender::new(0),
            written: AtomicUsize::new(0),
            full: Notify::new(),
            stop: CancellationToken::new(),
            presence: Mutex::new(Presence { count: 0, has_come: false, since: Instant::now() }),
        }
    }

    fn change(&self, what: impl FnOnce(&mut Told)) {
        what(&mut self.told.write().unwrap_or_else(|broken| broken.into_inner()));
        self.news.send_modify(|count| *count += 1);
    }

    fn told(&self) -> RwLockReadGuard<'_, Told> {
        self.told.read().unwrap_or_else(|broken| broken.into_inner())
    }

    /// There is more of it, and of what in it is no code.
    fn more(&self, text: &str, prose: &str) {
        if !text.is_empty() {
            self.change(|told| {
                told.text.push_str(text);
                told.length += text.chars().count();
                told.prose.push_str(prose);
            });
        }
    }

    /// Says that there is much to write down, where there is.
    fn ring(&self) {
        if self.length().saturating_sub(self.written.load(Ordering::Relaxed)) >= FULL {
            self.full.notify_one();
        }
    }

    /// So many characters are written down.
    fn is_written_to(&self, characters: usize) {
        self.written.store(characters, Ordering::Relaxed);
    }

    fn tool(&self, message: Uuid) {
        self.change(|told| told.tools.push(message));
    }

    fn over(&self) {
        self.change(|told| told.is_over = true);
    }

    /// All of it so far, and the hosts that its links lead to.
    fn whole(&self) -> (String, Vec<String>) {
        let (news, hosts) = self.news_with_hosts(&mut At::default());
        (news.text, hosts)
    }

    /// Characters of it so far.
    fn length(&self) -> usize {
        self.told().length
    }

    /// Tells of whatever is new from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// What is new after a place, which moves on.
    pub fn news(&self, at: &mut At) -> News {
        self.told().after(at)
    }

    /// The same, and the hosts that the links in all of it so far lead to.
    fn news_with_hosts(&self, at: &mut At) -> (News, Vec<String>) {
        let told = self.told();
        let (news, prose) = (told.after(at), told.prose.clone());
        drop(told);
        (news, external_hosts(&prose))
    }

    /// The place after so many characters and tools; none where it has not come so far.
    pub fn place(&self, characters: usize, tools: usize) -> Option<At> {
        let told = self.told();
        if characters > told.length || tools > told.tools.len() {
            return None;
        }
        let bytes = told.text.char_indices().nth(characters).map_or(told.text.len(), |(at, _)| at);
        Some(At { bytes, characters, tools })
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Somebody listens, until this is dropped.
    pub fn enter(self: &Arc<Self>) -> Here {
        let mut presence = self.presence();
        presence.count += 1;
        presence.has_come = true;
        drop(presence);
        Here(self.clone())
    }

    /// For how long nobody has listened in this process, and whether anybody ever did; none while somebody does.
    fn alone(&self) -> Option<(Duration, bool)> {
        let presence = self.presence();
        (presence.count == 0).then(|| (presence.since.elapsed(), presence.has_come))
    }
}

/// Somebody who listens.
pub struct Here(Arc<Run>);

impl Drop for Here {
    fn drop(&mut self) {
        let mut presence = self.0.presence();
        presence.count -= 1;
        presence.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_has_a_place_of_its_own_and_misses_nothing() {
        let run = Run::new(Uuid::nil(), Uuid::nil(), Uuid::nil());
        let (mut first, mut second) = (At::default(), At::default());
        run.more("Grü", "Grü");
        assert_eq!(run.news(&mut first).text, "Grü");
        run.more("ße", "ße");
        run.tool(Uuid::max());
        assert_eq!(run.news(&mut first), News { text: "ße".to_owned(), tools: vec![Uuid::max()], is_over: false });
        assert_eq!(run.news(&mut second).text, "Grüße");
        assert_eq!((first, first.characters, first.bytes), (second, 5, 7));
        let mut third = run.place(3, 1).unwrap();
        assert_eq!(run.news(&mut third), News { text: "ße".to_owned(), ..News::default() });
        assert!(run.place(6, 0).is_none() && run.place(5, 2).is_none());
    }
}

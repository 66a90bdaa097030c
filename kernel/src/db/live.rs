//! What other transactions have changed, as PostgreSQL announces it: ids alone. Whoever hears of one reads the row in a
//! transaction of their own, under their own rights.
//!
//! One connection for the whole process, beside the pool, opened with the first interest. It holds a lock for each topic of each
//! school that somebody is interested in: the database announces nothing else (`app.announce` says why).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{broadcast, mpsc, oneshot},
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use uuid::Uuid;

use super::{DbError, Pool};

/// Something that was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Something is new or has changed.
    Row {
        /// Under which topic that was announced.
        topic: &'static str,
        /// The school.
        tenant: Uuid,
        /// Its id.
        id: Uuid,
        /// Whom or what it concerns.
        key: Option<Uuid>,
    },
    /// The connection was lost and is back: what was announced meanwhile is not known.
    Gap,
    /// A school has moved to another database: what is announced of it is heard there.
    Left(Uuid),
}

/// Where everything is announced: `tenant topic id key`.
const CHANNEL: &str = "lectern";
/// What stands in place of a topic where a school has moved away.
const MOVED: &str = "moved";
/// Announcements that wait for the slowest listener; whoever is further behind is told so.
const KEPT: usize = 4096;
/// First and longest pause before the connection is tried anew.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Pause before a lock is asked for again that a writer holds until its commit.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How a hanging connection is noticed, one whose other end is gone without an error.
#[derive(Debug, Clone, Copy)]
pub struct Heartbeat {
    /// How often the database is asked whether it is still there.
    pub every: Duration,
    /// How long it may take to answer that, or anything else that is asked of it here. Connecting, too, ends by then.
    pub patience: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat { every: Duration::from_secs(15), patience: Duration::from_secs(4) }
    }
}

/// Hears what PostgreSQL announces.
pub struct Live {
    pool: Pool,
    topics: Arc<[&'static str]>,
    heartbeat: Heartbeat,
    /// One for each database that there is, in their order; each begins with the first interest.
    listeners: Mutex<Vec<Option<Arc<Listener>>>>,
}

struct Listener {
    changes: broadcast::Sender<Change>,
    orders: mpsc::UnboundedSender<Order>,
}

/// A topic of a school.
type Place = (Uuid, &'static str);

/// Those who are interested in a topic, and whether its lock is held.
#[derive(Default)]
struct Held {
    count: usize,
    is_locked: bool,
}

enum Order {
    /// Hold the lock of a topic, and say when it is held.
    Hold(Place, oneshot::Sender<()>),
    Release(Place),
}

/// An interest in what is announced of one school under one topic, until it is dropped.
pub struct Interest {
    listener: Arc<Listener>,
    changes: broadcast::Receiver<Change>,
    place: Place,
    key: Option<Uuid>,
}

/// Why an interest ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Live {
    /// Connects as the pool does, and hears of these topics.
    pub fn new(pool: Pool, topics: Vec<&'static str>) -> Self {
        Live::beating(pool, topics, Heartbeat::default())
    }

    /// The same, with a heartbeat of one's own.
    pub fn beating(pool: Pool, topics: Vec<&'static str>, heartbeat: Heartbeat) -> Self {
        Live { pool, topics: topics.into(), heartbeat, listeners: Mutex::default() }
    }

    /// How many interests there are.
    pub fn interests(&self) -> usize {
        let running = self.listeners.lock().unwrap_or_else(|broken| broken.into_inner());
        running.iter().flatten().map(|listener| listener.changes.receiver_count()).sum()
    }

    /// From its answer on, every change in a school that is announced under a topic and committed will be heard of; with a key, those of it
    /// alone.
    pub async fn interest(&self, tenant: Uuid, topic: &'static str, key: Option<Uuid>) -> Result<Interest, DbError> {
        // What is announced is heard from the database where the school lies.
        let (seat, pool) = match self.pool.shards() {
            None => (0, &self.pool),
            Some(shards) => {
                let seat = shards.seat(tenant).await?;
                (seat, &shards.pools()[seat])
            }
        };
        let listener = {
            let mut running = self.listeners.lock().unwrap_or_else(|broken| broken.into_inner());
            if running.len() <= seat {
                running.resize(seat + 1, None);
            }
            running[seat].get_or_insert_with(|| Arc::new(Listener::start(pool.clone(), self.topics.clone(), self.heartbeat))).clone()
        };
        let interest = Interest { changes: listener.changes.subscribe(), listener, place: (tenant, topic), key };
        let (held, is_held) = oneshot::channel();
        let unreachable = || DbError::unreachable("nothing can be listened to: the database is out of reach".to_owned());
        interest.listener.orders.send(Order::Hold((tenant, topic), held)).map_err(|_| unreachable())?;
        match timeout(PAUSES.1, is_held).await {
            Ok(Ok(())) => Ok(interest),
            _ => Err(unreachable()),
        }
    }
}

impl Interest {
    /// The id of what is new or has changed next.
    ///
    /// # Errors
    /// When changes may have been missed.
    pub async fn next(&mut self) -> Result<Uuid, Missed> {
        loop {
            match self.changes.recv().await {
                Ok(Change::Row { topic, tenant, id, key }) if (tenant, topic) == self.place && (self.key.is_none() || self.key == key) => {
                    return Ok(id);
                }
                Ok(Change::Left(school)) if school == self.place.0 => return Err(Missed),
                Ok(Change::Row { .. } | Change::Left(_)) => {}
                Ok(Change::Gap) | Err(_) => return Err(Missed),
            }
        }
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let _ = self.listener.orders.send(Order::Release(self.place));
    }
}

impl Listener {
    fn start(pool: Pool, topics: Arc<[&'static str]>, heartbeat: Heartbeat) -> Listener {
        let (changes, _) = broadcast::channel(KEPT);
        let (orders, given) = mpsc::unbounded_channel();
        tokio::spawn(listen(pool, topics, heartbeat, changes.clone(), given));
        Listener { changes, orders }
    }
}

/// Listens as long as somebody might be interested; connects anew where the connection is lost.
async fn listen(
    pool: Pool,
    topics: Arc<[&'static str]>,
    heartbeat: Heartbeat,
    changes: broadcast::Sender<Change>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut schools = Schools::default();
    let mut pause = PAUSES.0;
    let mut was_lost = false;
    while !orders.is_closed() {
        match Line::open(&pool, heartbeat).await {
            Ok(mut line) => {
                pause = PAUSES.0;
                if was_lost {
                    // This ends every earlier interest. New interests take new locks.
                    let _ = changes.send(Change::Gap);
                }
                match hear(&mut line, &topics, &changes, &mut orders, &mut schools).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(reason = error.for_operator(), "the connection that hears announcements is lost"),
                }
                was_lost = true;
                schools.lost();
            }
            Err(error) => tracing::warn!(reason = error.for_operator(), "announcements of the database can't be heard"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Hears until nobody can give orders any more, or the connection is lost.
async fn hear(
    line: &mut Line,
    topics: &[&'static str],
    changes: &broadcast::Sender<Change>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    schools: &mut Schools,
) -> Result<(), DbError> {
    loop {
        schools.lock_waiting(line).await?;
        tokio::select! {
            message = line.messages.recv() => match message {
                Some(AsyncMessage::Notification(announced)) => {
                    if let Some(change) = read(topics, announced.payload()) {
                        let _ = changes.send(change);
                    }
                }
                Some(_) => {}
                None => return Err(DbError::unreachable("it ended".to_owned())),
            },
            order = orders.recv() => match order {
                Some(Order::Hold(place, told)) => schools.hold(place, told),
                Some(Order::Release(place)) => schools.release(line, place).await?,
                None => return Ok(()),
            },
            _ = line.beats.tick() => line.beat().await?,
            () = tokio::time::sleep(LOCK_PAUSE), if !schools.waiting.is_empty() => {}
        }
    }
}

/// The topics of schools that somebody is interested in.
#[derive(Default)]
struct Schools {
    held: HashMap<Place, Held>,
    /// Those that could not have their lock at once, and who wants to know when they have.
    waiting: Vec<(Place, oneshot::Sender<()>)>,
}

impl Schools {
    fn hold(&mut self, place: Place, told: oneshot::Sender<()>) {
        self.held.entry(place).or_default().count += 1;
        self.waiting.push((place, told));
    }

    async fn release(&mut self, line: &Line, place: Place) -> Result<(), DbError> {
        let Some(school) = self.held.get_mut(&place) else { return Ok(()) };
        school.count -= 1;
        if school.count > 0 {
            return Ok(());
        }
        let was_locked = school.is_locked;
        self.held.remove(&place);
        if was_locked { line.unlock(place).await } else { Ok(()) }
    }

    /// The locks went with their connection.
    fn lost(&mut self) {
        self.held.values_mut().for_each(|school| school.is_locked = false);
    }

    /// Asks for the locks that are still wanted, once.
    async fn lock_waiting(&mut self, line: &Line) -> Result<(), DbError> {
        // One at a time, so that nobody is forgotten where the connection is lost half way.
        for at in (0..self.waiting.len()).rev() {
            let place = self.waiting[at].0;
            let is_locked = match self.held.get_mut(&place) {
                Some(school) if !school.is_locked => {
                    school.is_locked = line.lock(place).await?;
                    school.is_locked
                }
                Some(_) => true,
                None => {
                    self.waiting.swap_remove(at);
                    continue;
                }
            };
            if is_locked {
                let _ = self.waiting.swap_remove(at).1.send(());
            }
        }
        Ok(())
    }
}

fn read(topics: &[&'static str], payload: &str) -> Option<Change> {
    let mut words = payload.split(' ');
    let tenant = words.next()?.parse().ok()?;
    let name = words.next()?;
    if name == MOVED {
        return Some(Change::Left(tenant));
    }
    let topic = topics.iter().find(|known| **known == name)?;
    let id = words.next()?.parse().ok()?;
    Some(Change::Row { topic, tenant, id, key: words.next().and_then(|key| key.parse().ok()) })
}

/// The connection that hears. Whatever is asked of it has its time; what is left unanswered means that it is lost.
struct Line {
    client: Client,
    messages: mpsc::UnboundedReceiver<AsyncMessage>,
    beats: Interval,
    patience: Duration,
    /// Where it leads, and when that server was promoted: it ends where another one was after it.
    pool: Pool,
    timeline: u32,
    /// Drives it, and ends with it: a driver whose peer is silent would wait for ever.
    _driver: JoinSet<()>,
}

impl Line {
    async fn open(pool: &Pool, heartbeat: Heartbeat) -> Result<Line, DbError> {
        timeout(heartbeat.patience, Line::connect(pool, heartbeat)).await.unwrap_or_else(|_elapsed| Err(silent()))
    }

    async fn connect(pool: &Pool, heartbeat: Heartbeat) -> Result<Line, DbError> {
        let (sender, messages) = mpsc::unbounded_channel();
        let mut driver = JoinSet::new();
        let (config, timeline) = pool.servers().primary().await?;
        let client = match pool.tls() {
            Some(tls) => {
                let (client, connection) = config.connect(tls).await?;
                driver.spawn(pump(connection, sender));
                client
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                driver.spawn(pump(connection, sender));
                client
            }
        };
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        let mut beats = interval(heartbeat.every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.reset();
        Ok(Line { client, messages, beats, patience: heartbeat.patience, pool: pool.clone(), timeline, _driver: driver })
    }

    /// Whether there is still somebody at the other end.
    async fn beat(&self) -> Result<(), DbError> {
        if !self.pool.servers().is_current(self.timeline) {
            return Err(DbError::unreachable("another server was promoted"));
        }
        self.within(self.client.batch_execute("SELECT 1")).await
    }

    async fn lock(&self, (tenant, topic): Place) -> Result<bool, DbError> {
        let place = format!("{tenant} {topic}");
        let row = self.within(self.client.query_one("SELECT pg_try_advisory_lock_shared(7201, hashtext($1))", &[&place])).await?;
        Ok(row.try_get(0)?)
    }

    async fn unlock(&self, (tenant, topic): Place) -> Result<(), DbError> {
        let place = format!("{tenant} {topic}");
        self.within(self.client.execute("SELECT pg_advisory_unlock_shared(7201, hashtext($1))", &[&place])).await?;
        Ok(())
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, DbError> {
        match timeout(self.patience, asked).await {
            Ok(answered) => Ok(answered?),
            Err(_elapsed) => Err(silent()),
        }
    }
}

fn silent() -> DbError {
    DbError::unreachable("the database did not answer in time".to_owned())
}

/// Drives the connection; its end ends the messages.
async fn pump<S, T>(mut connection: Connection<S, T>, messages: mpsc::UnboundedSender<AsyncMessage>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard = stream::poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = heard.next().await {
        if messages.send(message).is_err() {
            return;
        }
    }
}

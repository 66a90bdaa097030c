//! What other transactions have changed, as PostgreSQL announces it: ids alone. Whoever hears of one reads the row in a
//! transaction of their own, under their own rights.
//!
//! One connection for the whole process, beside the pool, opened with the first interest. It holds a lock for each school
//! that somebody is interested in: the database announces nothing of the others (`app.announce_booking` says why).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{broadcast, mpsc, oneshot},
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use uuid::Uuid;

use super::{DbError, Pool};

/// Something that was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A booking is new or has changed.
    Booking {
        /// Its school.
        tenant: Uuid,
        /// Its id.
        id: Uuid,
    },
    /// The connection was lost and is back: what was announced meanwhile is not known.
    Gap,
}

/// Announcements that wait for the slowest listener; whoever is further behind is told so.
const KEPT: usize = 4096;
/// First and longest pause before the connection is tried anew.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Pause before a lock is asked for again that a writer holds until its commit.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Hears what PostgreSQL announces.
pub struct Live {
    pool: Pool,
    /// Begins with the first interest.
    listener: Mutex<Option<Arc<Listener>>>,
}

struct Listener {
    changes: broadcast::Sender<Change>,
    orders: mpsc::UnboundedSender<Order>,
}

/// Those who are interested in a school, and whether its lock is held.
#[derive(Default)]
struct Held {
    count: usize,
    is_locked: bool,
}

enum Order {
    /// Hold the lock of a school, and say when it is held.
    Hold(Uuid, oneshot::Sender<()>),
    Release(Uuid),
}

/// An interest in one school's changes, until it is dropped.
pub struct Interest {
    listener: Arc<Listener>,
    changes: broadcast::Receiver<Change>,
    tenant: Uuid,
}

/// Why an interest ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Live {
    /// Connects as the pool does.
    pub fn new(pool: Pool) -> Self {
        Live { pool, listener: Mutex::default() }
    }

    /// How many interests there are.
    pub fn interests(&self) -> usize {
        let running = self.listener.lock().unwrap_or_else(|broken| broken.into_inner());
        running.as_ref().map_or(0, |listener| listener.changes.receiver_count())
    }

    /// From its answer on, every change in a school that is committed will be heard of.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn interest(&self, tenant: Uuid) -> Result<Interest, DbError> {
        let listener = {
            let mut running = self.listener.lock().unwrap_or_else(|broken| broken.into_inner());
            running.get_or_insert_with(|| Arc::new(Listener::start(self.pool.clone()))).clone()
        };
        let interest = Interest { changes: listener.changes.subscribe(), listener, tenant };
        let (held, is_held) = oneshot::channel();
        let unreachable = || DbError::unreachable("nothing can be listened to: the database is out of reach".to_owned());
        interest.listener.orders.send(Order::Hold(tenant, held)).map_err(|_| unreachable())?;
        match tokio::time::timeout(PAUSES.1, is_held).await {
            Ok(Ok(())) => Ok(interest),
            _ => Err(unreachable()),
        }
    }
}

impl Interest {
    /// The next booking of the school that is new or has changed.
    ///
    /// # Errors
    /// When changes may have been missed.
    pub async fn next(&mut self) -> Result<Uuid, Missed> {
        loop {
            match self.changes.recv().await {
                Ok(Change::Booking { tenant, id }) if tenant == self.tenant => return Ok(id),
                Ok(Change::Booking { .. }) => {}
                Ok(Change::Gap) | Err(_) => return Err(Missed),
            }
        }
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let _ = self.listener.orders.send(Order::Release(self.tenant));
    }
}

impl Listener {
    fn start(pool: Pool) -> Listener {
        let (changes, _) = broadcast::channel(KEPT);
        let (orders, given) = mpsc::unbounded_channel();
        tokio::spawn(listen(pool, changes.clone(), given));
        Listener { changes, orders }
    }
}

/// Listens as long as somebody might be interested; connects anew where the connection is lost.
async fn listen(pool: Pool, changes: broadcast::Sender<Change>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut held: HashMap<Uuid, Held> = HashMap::new();
    let mut waiting = Vec::new();
    let mut pause = PAUSES.0;
    let mut was_lost = false;
    loop {
        match connect(&pool).await {
            Ok((client, mut messages)) => {
                pause = PAUSES.0;
                let locked = lock_all(&client, &mut held).await;
                if was_lost {
                    let _ = changes.send(Change::Gap);
                }
                if locked.is_ok() && hear(&client, &mut messages, &changes, &mut orders, &mut held, &mut waiting).await {
                    return;
                }
                was_lost = true;
            }
            Err(error) => tracing::warn!(reason = error.for_operator(), "announcements of the database can't be heard"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Hears until the connection ends; true where nobody can give orders any more.
async fn hear(
    client: &Client,
    messages: &mut mpsc::UnboundedReceiver<AsyncMessage>,
    changes: &broadcast::Sender<Change>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    held: &mut HashMap<Uuid, Held>,
    waiting: &mut Vec<(Uuid, oneshot::Sender<()>)>,
) -> bool {
    loop {
        // Those that could not have their lock at once ask again.
        let mut still = Vec::new();
        for (tenant, told) in waiting.drain(..) {
            let Some(school) = held.get_mut(&tenant) else { continue };
            if !school.is_locked {
                match lock(client, tenant).await {
                    Ok(locked) => school.is_locked = locked,
                    Err(_) => return false,
                }
            }
            if school.is_locked {
                let _ = told.send(());
            } else {
                still.push((tenant, told));
            }
        }
        *waiting = still;
        tokio::select! {
            message = messages.recv() => match message {
                Some(AsyncMessage::Notification(announced)) => {
                    if let Some(change) = read(announced.payload()) {
                        let _ = changes.send(change);
                    }
                }
                Some(_) => {}
                None => return false,
            },
            order = orders.recv() => match order {
                Some(Order::Hold(tenant, told)) => {
                    held.entry(tenant).or_default().count += 1;
                    waiting.push((tenant, told));
                }
                Some(Order::Release(tenant)) => {
                    let Some(school) = held.get_mut(&tenant) else { continue };
                    school.count -= 1;
                    if school.count == 0 {
                        let was_locked = school.is_locked;
                        held.remove(&tenant);
                        if was_locked && unlock(client, tenant).await.is_err() {
                            return false;
                        }
                    }
                }
                None => return true,
            },
            () = tokio::time::sleep(LOCK_PAUSE), if !waiting.is_empty() => {}
        }
    }
}

fn read(payload: &str) -> Option<Change> {
    let (tenant, id) = payload.split_once(' ')?;
    Some(Change::Booking { tenant: tenant.parse().ok()?, id: id.parse().ok()? })
}

async fn lock(client: &Client, tenant: Uuid) -> Result<bool, tokio_postgres::Error> {
    let row = client.query_one("SELECT pg_try_advisory_lock_shared(7201, hashtext($1))", &[&tenant.to_string()]).await?;
    row.try_get(0)
}

async fn unlock(client: &Client, tenant: Uuid) -> Result<(), tokio_postgres::Error> {
    client.execute("SELECT pg_advisory_unlock_shared(7201, hashtext($1))", &[&tenant.to_string()]).await?;
    Ok(())
}

async fn lock_all(client: &Client, held: &mut HashMap<Uuid, Held>) -> Result<(), tokio_postgres::Error> {
    for (tenant, school) in held {
        while !lock(client, *tenant).await? {
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        school.is_locked = true;
    }
    Ok(())
}

async fn connect(pool: &Pool) -> Result<(Client, mpsc::UnboundedReceiver<AsyncMessage>), DbError> {
    let (sender, messages) = mpsc::unbounded_channel();
    let client = match pool.tls() {
        Some(tls) => {
            let (client, connection) = pool.config().connect(tls).await?;
            tokio::spawn(pump(connection, sender));
            client
        }
        None => {
            let (client, connection) = pool.config().connect(NoTls).await?;
            tokio::spawn(pump(connection, sender));
            client
        }
    };
    client.batch_execute("LISTEN lectern_booking").await?;
    Ok((client, messages))
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

//! The request's one transaction.
//!
//! It owns its connection to the end: a transaction that is dropped unfinished (the client went away, time was up, a
//! panic) is rolled back before the connection may serve anybody else. Where a statement was still running, it is
//! cancelled first, and the connection is closed afterwards: a cancellation may arrive late, and would then hit whoever
//! came next. The tenant is `$1` of every statement, bound here and nowhere else.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard, RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{join, join_all},
};
use tokio::sync::Notify;
use tokio_postgres::{NoTls, Row, SimpleQueryMessage, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{Instrument as _, Span, trace_span};
use uuid::Uuid;

use crate::seen::trace;

use super::{
    ActorKind, ActorRow, CachedActor, DbError, Pool,
    ending::Ending,
    pool::Held,
    positions::{Position, Positions},
    sharded::Sharded,
    shards::Shards,
};

/// Whether the document may change rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `REPEATABLE READ READ ONLY`: one snapshot for the whole document.
    Read,
    /// `READ COMMITTED`: contested rows are locked, then read as they are.
    Write,
}

impl Mode {
    pub(super) fn begin(self) -> &'static str {
        match self {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

/// For whom a transaction is opened. Nil UUIDs where nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    /// The school.
    pub tenant: Uuid,
    /// The person.
    pub user: Uuid,
    /// The sign-in.
    pub session: Uuid,
}

/// What a transaction is opened with.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// Read or write.
    pub mode: Mode,
    /// For whom.
    pub identity: Identity,
    /// `[A-Za-z0-9-]{1,64}`; stands in the audit log.
    pub correlation_id: &'a str,
    /// What kind of actor it is for.
    pub actors: &'static ActorKind,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// An open transaction.
pub struct Tx {
    /// Taken by `drop` alone.
    connection: Option<Held>,
    tls: Option<MakeRustlsConnect>,
    bell: Arc<Notify>,
    /// Where it is kept how far people have written.
    positions: Option<Arc<Positions>>,
    /// How far its standby must have come.
    required: Position,
    /// How far its COMMIT was written.
    written: Mutex<Option<Position>>,
    identity: RwLock<Identity>,
    actors: &'static ActorKind,
    mode: Mode,
    /// Where it is pinned, and how it is opened there; where PgDog stands in front of several databases.
    sharded: Option<Sharded>,
    /// Settings that are sent before the next statement; at first, the BEGIN.
    prelude: Mutex<String>,
    /// The version under which the actor was cached, until it is verified to be the current one.
    unverified: Mutex<Option<i64>>,
    failure: Mutex<Option<DbError>>,
    ending: Ending,
    /// The BEGIN was sent.
    begun: AtomicBool,
    /// The BEGIN was answered.
    is_open: AtomicBool,
    ended: AtomicBool,
    /// Statements that were sent since [`Tx::expect_statements`], but for the version check.
    asked: AtomicU32,
    statements: AtomicU32,
    round_trips: AtomicU32,
    /// Messages whose answer has not been read to its end. Those whose reader was dropped stay counted.
    unanswered: AtomicU32,
}

impl Tx {
    /// Opens a transaction for somebody: one message with typed UUIDs in it, pipelined with the call that loads the
    /// actor. `None` instead of an actor: nobody is signed in, or the person, the session or every role is gone.
    pub async fn open(pool: &Pool, opening: &Opening<'_>) -> Result<(Arc<Tx>, Option<ActorRow>), DbError> {
        Self::open_for(pool, opening, None).await
    }

    /// The same, for the owner of the API key of this hash, where there is one: whose it is, the database says.
    pub async fn open_for(pool: &Pool, opening: &Opening<'_>, key: Option<&[u8; 32]>) -> Result<(Arc<Tx>, Option<ActorRow>), DbError> {
        // The server may have ended connections that lay idle. Nothing has been done yet, so another may be taken.
        let mut left = pool.max_size();
        loop {
            match Self::open_once(pool, opening, key).await {
                Err(error) if error.is_connection_lost() && left > 0 => left -= 1,
                opened => return opened,
            }
        }
    }

    async fn open_once(pool: &Pool, opening: &Opening<'_>, key: Option<&[u8; 32]>) -> Result<(Arc<Tx>, Option<ActorRow>), DbError> {
        let tx = Tx::begin(pool, opening, "", None).await?;
        let actor = if opening.identity.user.is_nil() && key.is_none() {
            // Where it is pinned may only turn out when it is known which school it is about.
            if tx.sharded.is_none() || !opening.identity.tenant.is_nil() {
                tx.send("").await?;
            }
            None
        } else {
            tx.load(key).await?
        };
        if let Some(actor) = &actor {
            tx.is_of(actor.user);
        }
        Ok((Arc::new(tx), actor))
    }

    /// Opens a transaction and asks its first statement, in one message. No actor is loaded: the policies know no permission, until the statement says for
    /// whom it goes on.
    ///
    /// # Errors
    /// What the database answered instead of rows; nothing is left open then.
    pub async fn open_asking(pool: &Pool, opening: &Opening<'_>, sql: &str, params: Params<'_>) -> Result<(Arc<Tx>, Vec<Row>), DbError> {
        let mut left = pool.max_size();
        loop {
            let tx = Tx::begin(pool, opening, "", None).await?;
            match tx.query(sql, params).await {
                Ok(rows) => return Ok((Arc::new(tx), rows)),
                Err(error) if error.is_connection_lost() && !tx.is_open() && left > 0 => left -= 1,
                Err(error) => {
                    let _ = tx.rollback().await;
                    return Err(error);
                }
            }
        }
    }

    /// Whose it is, where a statement has said so to the database.
    pub(crate) fn is_of(&self, user: Uuid) {
        self.identity.write().unwrap_or_else(|broken| broken.into_inner()).user = user;
    }

    /// Opens a transaction for a cached actor. Nothing is sent yet: the BEGIN and the version check go with the first
    /// statement. No result counts before [`Tx::ensure_verified`].
    ///
    /// # Errors
    /// When there is no connection to be had.
    pub async fn open_cached(pool: &Pool, opening: &Opening<'_>, cached: &CachedActor) -> Result<Arc<Tx>, DbError> {
        Ok(Arc::new(Tx::begin(pool, opening, &cached.permissions, Some(cached.version)).await?))
    }

    /// `permissions` as the policies read them, in letters, digits, underscores, hyphens, commas, `@`, `=` and `#`.
    async fn begin(pool: &Pool, opening: &Opening<'_>, permissions: &str, unverified: Option<i64>) -> Result<Tx, DbError> {
        let connection = pool.connection().await?;
        let Identity { tenant, user, .. } = opening.identity;
        let begin = opening.mode.begin();
        let sharded = pool.shards().map(|shards| {
            let place = if tenant.is_nil() { pool.place() } else { tenant };
            Sharded::new(shards.clone(), place, opening, permissions, pool.time_limit())
        });
        let mut message = format!(
            "{begin}; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.permissions = '{permissions}'{}",
            pool.time_limits()
        );
        // A read leaves no entry that would carry it.
        if opening.mode == Mode::Write {
            let correlation = opening.correlation_id;
            debug_assert!(correlation.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            let _ = write!(message, "; SET LOCAL app.correlation_id = '{correlation}'");
        }
        if sharded.is_some() {
            message.clear();
        }
        Ok(Tx {
            connection: Some(connection),
            tls: pool.tls(),
            bell: pool.bell().clone(),
            positions: pool.positions().cloned(),
            required: pool.required(),
            written: Mutex::new(None),
            identity: RwLock::new(opening.identity),
            actors: opening.actors,
            mode: opening.mode,
            sharded,
            prelude: Mutex::new(message),
            unverified: Mutex::new(unverified),
            failure: Mutex::new(None),
            ending: Ending::default(),
            begun: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            asked: AtomicU32::new(0),
            statements: AtomicU32::new(0),
            round_trips: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
        })
    }

    /// Says how many statements a read is expected to ask for: the last takes the COMMIT along. Where it asks for fewer, it ends
    /// as any other; one more is refused ([`DbError::is_misprediction`]), and the document is to be read anew.
    pub fn expect_statements(&self, statements: u32) {
        self.asked.store(0, Ordering::Relaxed);
        self.ending.expect(statements);
    }

    /// How many statements were sent since [`Tx::expect_statements`], but for the version check.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Makes sure that the transaction is open and its actor current, where no statement has: a document may run none.
    ///
    /// # Errors
    /// When the actor has changed, or the database can't be reached. It stands in [`Tx::failure`] as well.
    pub async fn ensure_verified(&self) -> Result<(), DbError> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        if !self.begun.load(Ordering::Acquire) {
            return self.send("").await;
        }
        if self.is_verified() {
            return Ok(());
        }
        // The check was sent with a statement that was dropped before its answer came. It is sent again as long as the
        // transaction lasts.
        let verified =
            async { if self.ending.is_sent() { Err(DbError::misprediction()) } else { self.answered(self.check_version()).await } };
        verified.await.inspect_err(|error| self.fail(error))
    }

    /// Switches the identity of the transaction: after a sign-in it is that of the person who signed in. The policies know no
    /// permission until [`Tx::load_actor`].
    pub async fn assume(&self, identity: Identity) -> Result<(), DbError> {
        let Identity { tenant, user, .. } = identity;
        if let Some(sharded) = &self.sharded {
            if !tenant.is_nil() {
                self.go_to(tenant).await?;
            }
            sharded.forget_permissions();
            if !self.begun.load(Ordering::Acquire) && self.is_verified() {
                *self.identity.write().unwrap_or_else(|broken| broken.into_inner()) = identity;
                return Ok(());
            }
        }
        let message = format!("SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.permissions = ''");
        self.send(&message).await?;
        *self.identity.write().unwrap_or_else(|broken| broken.into_inner()) = identity;
        Ok(())
    }

    /// Goes where the school lies whose slug somebody has typed, without becoming anybody of it: for what is asked of a school before anybody
    /// is signed in. Nothing where all schools lie in one database.
    ///
    /// # Errors
    /// Where the transaction can't leave the shard where it is, and when a shard can't be asked that may have the school.
    pub async fn go_to_school_named(&self, typed: &str) -> Result<(), DbError> {
        let Some(sharded) = &self.sharded else { return Ok(()) };
        let school = sharded.shards().school_named(typed).await?;
        if school.is_nil() { Ok(()) } else { self.go_to(school).await }
    }

    /// Goes where a school lies, without becoming anybody of it. Nothing where all schools lie in one database.
    ///
    /// # Errors
    /// Where the transaction can't leave the shard where it is.
    pub async fn go_to_school(&self, school: Uuid) -> Result<(), DbError> {
        self.go_to(school).await
    }

    /// Pins the transaction to the shard of a school. One that has been opened elsewhere, for nobody or to say who somebody is, is ended there, and
    /// goes on as another: none ever touches two shards.
    async fn go_to(&self, school: Uuid) -> Result<(), DbError> {
        let Some(sharded) = self.sharded.as_ref().filter(|sharded| sharded.place() != school) else { return Ok(()) };
        if !self.begun.load(Ordering::Acquire) && self.is_verified() {
            sharded.move_to(school);
            return Ok(());
        }
        // The fields of a query run side by side, and what a person has changed is not to be done by halves.
        if self.mode == Mode::Read || (self.asked() > 0 && !self.identity().tenant.is_nil()) {
            return Err(DbError::elsewhere());
        }
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        if !self.begun.load(Ordering::Acquire) {
            self.send("").await?; // so that it is known who is signed in
        }
        self.send("COMMIT").await?;
        self.is_open.store(false, Ordering::Release);
        self.begun.store(false, Ordering::Release);
        sharded.move_to(school);
        Ok(())
    }

    /// The databases that schools are spread over, where there are several.
    pub(super) fn shards(&self) -> Option<&Arc<Shards>> {
        self.sharded.as_ref().map(Sharded::shards)
    }

    /// Loads the actor, and makes the permissions known to the policies of this transaction: at its beginning, and anew
    /// after a sign-in or a change of role inside it.
    pub async fn load_actor(&self) -> Result<Option<ActorRow>, DbError> {
        self.load(None).await
    }

    async fn load(&self, key: Option<&[u8; 32]>) -> Result<Option<ActorRow>, DbError> {
        let Identity { user, session, .. } = self.identity();
        let rows = self.query(self.actors.load, &[&user, &session, &key.map(|hash| hash.as_slice())]).await?;
        rows.first().map(ActorRow::read).transpose()
    }

    /// The identity that it is open for.
    pub fn identity(&self) -> Identity {
        *self.identity.read().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Names the operation that the following changes belong to, for the audit log. `name` is a field of the schema.
    pub fn enter_operation(&self, name: &str) {
        debug_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if let Some(sharded) = &self.sharded {
            sharded.enter(name);
            if !self.begun.load(Ordering::Acquire) {
                return;
            }
        }
        let mut prelude = self.prelude.lock().unwrap_or_else(|broken| broken.into_inner());
        let separator = if prelude.is_empty() { "" } else { "; " };
        let _ = write!(prelude, "{separator}SET LOCAL app.operation = '{name}'");
    }

    /// Runs a statement. `$1` is the tenant; `params` begin at `$2`.
    ///
    /// # Errors
    /// What the database answered instead of rows; the transaction can then only be rolled back.
    pub async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        self.run(sql, params).await.inspect_err(|error| self.fail(error))
    }

    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        self.answered(async {
            self.prepare_version_check().await?;
            // They are sent in this order: the prelude, then the statement that relies on it.
            let (ahead, rows) = join(self.go_ahead(""), self.exchange(sql, params, true).instrument(statement(sql))).await;
            ahead?;
            rows
        })
        .await
    }

    /// Sends a statement. One of the document's own (`is_asked`) is counted; the COMMIT follows it if it is the last.
    async fn exchange(&self, sql: &str, params: Params<'_>, is_asked: bool) -> Result<Vec<Row>, DbError> {
        debug_assert!(sql.contains("$1"), "a statement without the tenant: {sql}");
        #[cfg(debug_assertions)]
        super::recorder::record(sql);
        self.statements.fetch_add(1, Ordering::Relaxed);
        let tenant = self.identity().tenant;
        let mut bound: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(params.len() + 1);
        bound.push(&tenant);
        bound.extend_from_slice(params);

        let client = self.client();
        let prepared = client.prepare_cached(sql).await?;
        #[cfg(debug_assertions)]
        super::recorder::record_run(sql, &prepared, &bound);
        // There is no await between counting and sending: statements are sent in the order in which they are counted.
        let is_last = is_asked && self.ending.is_last()?;
        self.asked.fetch_add(u32::from(is_asked), Ordering::Relaxed);
        if !is_last {
            return Ok(client.query(&prepared, &bound).await?);
        }
        let (rows, ended) = join(client.query(&prepared, &bound), client.batch_execute("COMMIT")).await;
        let rows = rows?;
        ended?;
        Ok(rows)
    }

    /// Sends the prelude (settings; at first the BEGIN, pipelined with the version check) with `command` at its end. Returns
    /// at once where there is nothing to send.
    async fn go_ahead(&self, command: &str) -> Result<(), DbError> {
        if let Some(sharded) = &self.sharded {
            return self.go_ahead_there(sharded, command).await;
        }
        let mut message = self.take_prelude();
        if !message.is_empty() && !command.is_empty() {
            message.push_str("; ");
        }
        message.push_str(command);
        if message.is_empty() {
            return Ok(());
        }
        if self.begun.swap(true, Ordering::AcqRel) {
            return Ok(self.client().batch_execute(&message).await?);
        }
        // They are sent in this order: the snapshot is not taken before the standby has said how far it is.
        let (is_there, (opened, checked)) =
            join(self.check_position(), join(self.client().batch_execute(&message), self.check_version())).await;
        is_there?;
        opened?;
        self.is_open.store(true, Ordering::Release);
        checked
    }

    /// The same through PgDog, which takes each command as a message of its own: the BEGIN, the school whose shard is meant, the settings.
    async fn go_ahead_there(&self, sharded: &Sharded, command: &str) -> Result<(), DbError> {
        let is_first = !self.begun.swap(true, Ordering::AcqRel);
        let mut messages = if is_first { Vec::from(sharded.opening(self.mode, self.identity())) } else { Vec::new() };
        messages.extend([self.take_prelude(), command.to_owned()].into_iter().filter(|message| !message.is_empty()));
        // They are sent in this order, and answered in it.
        let sent = async {
            let answers = join_all(messages.iter().map(|message| self.client().batch_execute(message))).await;
            answers.into_iter().collect::<Result<(), _>>()
        };
        if !is_first {
            return Ok(sent.await?);
        }
        let (opened, checked) = join(sent, self.check_version()).await;
        opened?;
        self.is_open.store(true, Ordering::Release);
        checked
    }

    /// The version check is pipelined between the BEGIN and the first statement: on a new connection it has to be prepared
    /// before them.
    async fn prepare_version_check(&self) -> Result<(), DbError> {
        if !self.is_verified() && !self.begun.load(Ordering::Acquire) {
            self.client().prepare_cached(self.actors.current_version).await?;
        }
        Ok(())
    }

    /// Asks whether the standby has come as far as its reader has written. A server that is no standby (any more) says no.
    async fn check_position(&self) -> Result<(), DbError> {
        if self.required.is_start() {
            return Ok(());
        }
        let question = format!("SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= '{}'", self.required.lsn());
        let answers = self.client().simple_query(&question).await?;
        let is_there = answers.iter().any(|answer| matches!(answer, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")));
        if is_there { Ok(()) } else { Err(DbError::behind()) }
    }

    /// Asks whether the cached actor is still current, unless that was answered already.
    async fn check_version(&self) -> Result<(), DbError> {
        let Some(version) = *self.unverified() else { return Ok(()) };
        let rows = self.exchange(self.actors.current_version, &[], false).await?;
        if rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()? != Some(version) {
            return Err(DbError::outdated());
        }
        *self.unverified() = None;
        Ok(())
    }

    /// Whether the actor is known to be current.
    pub fn is_verified(&self) -> bool {
        self.unverified().is_none()
    }

    fn unverified(&self) -> MutexGuard<'_, Option<i64>> {
        self.unverified.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Runs a statement that may be refused without ending the transaction: the refusal is rolled back to a savepoint, so
    /// that a further statement can find out what was in the way.
    ///
    /// # Errors
    /// What the database answered instead of rows; the transaction goes on.
    pub async fn attempt(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        // Settings are sent before the savepoint: rolling back to it would undo them.
        let (savepoint, rows) = join(self.send("SAVEPOINT attempt"), self.run(sql, params)).await;
        savepoint?;
        if let Err(error) = &rows {
            if error.is_retryable() {
                self.fail(error);
            }
            self.send("ROLLBACK TO SAVEPOINT attempt").await?;
        }
        rows
    }

    /// Sets a mark that [`Tx::return_to_mark`] goes back to, over several statements; in place of an earlier one.
    ///
    /// # Errors
    /// What ended the transaction.
    pub async fn mark(&self) -> Result<(), DbError> {
        self.send("SAVEPOINT mark").await
    }

    /// Takes back what was done since the mark, locks that were taken included. The mark stays.
    ///
    /// # Errors
    /// What ended the transaction.
    pub async fn return_to_mark(&self) -> Result<(), DbError> {
        self.send("ROLLBACK TO SAVEPOINT mark").await
    }

    fn take_prelude(&self) -> String {
        std::mem::take(&mut *self.prelude.lock().unwrap_or_else(|broken| broken.into_inner()))
    }

    /// Sends a command without parameters, after the prelude. Its failure ends the transaction.
    async fn send(&self, command: &str) -> Result<(), DbError> {
        let sent = self.answered(async {
            self.prepare_version_check().await?;
            self.go_ahead(command).await
        });
        sent.await.inspect_err(|error| self.fail(error))
    }

    /// Counts a message as unanswered until its answer has been read; it stays counted where the reader is dropped before that.
    async fn answered<T>(&self, exchange: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        if self.unanswered.fetch_add(1, Ordering::Relaxed) == 0 {
            self.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        let answer = exchange.await;
        self.unanswered.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    fn fail(&self, error: &DbError) {
        let mut failure = self.failure.lock().unwrap_or_else(|broken| broken.into_inner());
        // A standby that is behind, an outdated actor, or else a misprediction, outweighs any other failure: the document runs again.
        let is_void = failure.as_ref().is_some_and(|failure| failure.is_outdated() || failure.is_behind());
        if failure.as_ref().is_some_and(DbError::is_behind) {
            return;
        }
        if failure.is_none() || error.is_behind() || error.is_outdated() || (error.is_misprediction() && !is_void) {
            *failure = Some(error.clone());
        }
    }

    /// Reads the first column of the first row, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(&self, sql: &str, params: Params<'_>) -> Result<Option<T>, DbError> {
        Ok(self.query(sql, params).await?.first().map(|row| row.try_get(0)).transpose()?)
    }

    /// Statements so far, the loading of the actor or the check of their version included.
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How many waits for the database there were so far; exchanges that overlap count once.
    pub fn round_trips(&self) -> u32 {
        self.round_trips.load(Ordering::Relaxed)
    }

    /// Whether the database has answered the BEGIN.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// The failure that ended the transaction, if one did. A COMMIT would then roll back and call it success.
    pub fn failure(&self) -> Option<DbError> {
        self.failure.lock().unwrap_or_else(|broken| broken.into_inner()).clone()
    }

    /// Ends a read: the COMMIT is sent, but nobody waits for it; whatever the connection is sent next comes after it.
    /// Where a statement is still unanswered (its field was dropped), the transaction is left to `Drop`.
    pub fn end_read(&self) {
        if self.unanswered.load(Ordering::Relaxed) == 0 {
            if !self.ending.is_sent() && self.begun.load(Ordering::Acquire) {
                let _ = self.client().batch_execute("COMMIT").now_or_never();
            }
            self.ended.store(true, Ordering::Release);
        }
    }

    /// Commits, and waits until the database has said so.
    ///
    /// # Errors
    /// When it did not commit, or when that can't be known because the connection broke.
    pub async fn commit(&self) -> Result<(), DbError> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        if !self.begun.load(Ordering::Acquire) {
            if self.sharded.is_some() && self.is_verified() {
                self.ended.store(true, Ordering::Release);
                return Ok(()); // nothing was asked for
            }
            self.send("").await?;
        }
        if self.sharded.is_some() {
            return self.commit_there().await;
        }
        // PostgreSQL answers the COMMIT of a failed transaction with success, and rolls back. The SELECT in front of it
        // catches failures that nobody has read: a failed transaction refuses it. It asks whether jobs were asked for (app.enqueue).
        let mut message = match self.take_prelude() {
            prelude if prelude.is_empty() => COMMIT.to_owned(),
            prelude => format!("{prelude}; {COMMIT}"),
        };
        if self.positions.is_some() {
            message.push_str(WRITTEN);
        }
        let committed = self.answered(async { Ok(self.client().simple_query(&message).await?) });
        let answers = committed.await.inspect_err(|error| self.fail(error))?;
        self.ended.store(true, Ordering::Release);
        for answer in &answers {
            let SimpleQueryMessage::Row(row) = answer else { continue };
            match row.get(0) {
                Some("on") => self.bell.notify_one(),
                Some(text) => self.note(Position::of_lsn(text)),
                None => {}
            }
        }
        Ok(())
    }

    /// The same through PgDog, which is to hear of the COMMIT itself.
    async fn commit_there(&self) -> Result<(), DbError> {
        let prelude = self.take_prelude();
        let committed = self.answered(async {
            if !prelude.is_empty() {
                self.client().batch_execute(&prelude).await?;
            }
            let (asked, ended) = join(self.client().simple_query(ENQUEUED), self.client().batch_execute("COMMIT")).await;
            // Where it has failed, it is refused, and the COMMIT has rolled back.
            let answers = asked?;
            ended?;
            Ok(answers)
        });
        let answers = committed.await.inspect_err(|error| self.fail(error))?;
        self.ended.store(true, Ordering::Release);
        if answers.iter().any(|answer| matches!(answer, SimpleQueryMessage::Row(row) if row.get(0) == Some("on"))) {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Keeps in mind how far this was written, before anybody is told that it was.
    fn note(&self, position: Option<Position>) {
        if let (Some(positions), Some(position)) = (&self.positions, position) {
            positions.note(self.identity(), position);
            *self.written.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(position);
        }
    }

    /// How far its COMMIT was written, where there are standbys that would have to come so far.
    pub fn written(&self) -> Option<Position> {
        *self.written.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Checks now what a COMMIT would check: deferred constraints, and failures that nobody has read.
    ///
    /// # Errors
    /// What the COMMIT would have been refused with.
    pub async fn check_deferred(&self) -> Result<(), DbError> {
        match self.failure() {
            Some(failure) => Err(failure),
            None => self.send("SET CONSTRAINTS ALL IMMEDIATE").await,
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// When the connection is broken, which rolls back as well.
    pub async fn rollback(&self) -> Result<(), DbError> {
        if self.unanswered.load(Ordering::Relaxed) > 0 {
            return Ok(()); // nobody waits for what still runs: it is cancelled when this is dropped
        }
        // A failed transaction refuses settings, and what comes after them.
        drop(self.take_prelude());
        if !self.begun.load(Ordering::Acquire) {
            return Ok(());
        }
        if !self.ending.is_sent() {
            self.send("ROLLBACK").await?;
        }
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    fn client(&self) -> &deadpool_postgres::ClientWrapper {
        self.connection.as_ref().expect("the connection is taken by drop alone")
    }
}

/// Commits, and says whether workers are to be woken.
const COMMIT: &str = "SELECT current_setting('app.enqueued', true); COMMIT";

/// The first half of it.
const ENQUEUED: &str = "SELECT current_setting('app.enqueued', true)";

/// After a COMMIT, in the same message: how far it was written, and perhaps somebody else after it.
const WRITTEN: &str = "; SELECT pg_current_wal_insert_lsn()";

/// How long a dropped transaction may take to be rolled back before its connection is closed instead.
const CLEAN_UP: Duration = Duration::from_secs(2);

/// A span of a statement: its text, whose values are parameters.
fn statement(sql: &str) -> Span {
    trace_span!(target: trace::TARGET, "statement", "otel.kind" = "client", "db.system.name" = "postgresql", "db.query.text" = sql)
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if *self.ended.get_mut() || !*self.begun.get_mut() {
            return; // clean: back to the pool
        }
        let runtime = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !connection.is_closed() => runtime,
            _ => {
                drop(Held::take(connection)); // closes the socket, and the server rolls back
                return;
            }
        };
        let is_busy = *self.unanswered.get_mut() > 0;
        let tls = self.tls.clone();
        // The connection keeps its place in the pool meanwhile, so that there are never more of them than the pool's size.
        runtime.spawn(async move {
            let clean = tokio::time::timeout(CLEAN_UP, async {
                if is_busy {
                    match tls {
                        Some(tls) => connection.cancel_token().cancel_query(tls).await?,
                        None => connection.cancel_token().cancel_query(NoTls).await?,
                    }
                }
                connection.batch_execute("ROLLBACK").await
            });
            if is_busy | !matches!(clean.await, Ok(Ok(()))) {
                drop(Held::take(connection));
            }
        });
    }
}

//! The request's one transaction.
//!
//! It owns its connection to the end: a transaction that is dropped unfinished (the client went away, time was up, a
//! panic) is rolled back before the connection may serve anybody else. Where a statement was still running, it is
//! cancelled first, and the connection is closed afterwards: a cancellation may arrive late, and would then hit whoever
//! came next. The tenant is `$1` of every statement, bound here and nowhere else.

use std::{
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Object;
use futures_util::{FutureExt, future::join};
use tokio_postgres::{NoTls, Row, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

use super::{Cells, DbError, Pool, Record};
use crate::auth::PermissionSet;

/// Whether the document may change rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `REPEATABLE READ READ ONLY`: one snapshot for the whole document.
    Read,
    /// `READ COMMITTED`: contested rows are locked, then read as they are.
    Write,
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
}

/// What the database says of the actor, inside the transaction itself.
#[derive(Debug, Clone)]
pub struct ActorRow {
    /// Must equal the token's.
    pub token_version: i32,
    /// The active role.
    pub role_id: Uuid,
    /// Its key.
    pub role_key: String,
    /// What it grants.
    pub permissions: PermissionSet,
    /// False once the subscription has lapsed or the school was suspended.
    pub subscribed: bool,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// An open transaction.
pub struct Tx {
    /// Taken by `drop` alone.
    connection: Option<Object>,
    tls: Option<MakeRustlsConnect>,
    identity: RwLock<Identity>,
    /// Settings that go ahead of the next statement.
    prelude: Mutex<String>,
    failure: Mutex<Option<DbError>>,
    ended: AtomicBool,
    statements: AtomicU32,
    /// Messages that were sent and whose answer nobody has read to its end; those whose reader went away stay in it.
    unanswered: AtomicU32,
}

const LOAD_ACTOR: &str = "SELECT token_version, role_id, role_key, permissions, subscribed FROM app.load_actor($1, $2, $3)";

impl Tx {
    /// Opens a transaction for somebody: one message with typed UUIDs in it, and in the same flight the call that loads
    /// the actor. `None` instead of an actor: nobody is signed in, or the person, the session or every role is gone.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn open(pool: &Pool, opening: &Opening<'_>) -> Result<(Arc<Tx>, Option<ActorRow>), DbError> {
        // The server may have ended connections that lay idle. Nothing has been done yet, so that another may be taken.
        let mut left = pool.max_size();
        loop {
            match Self::open_once(pool, opening).await {
                Err(error) if error.is_connection_lost() && left > 0 => left -= 1,
                opened => return opened,
            }
        }
    }

    async fn open_once(pool: &Pool, opening: &Opening<'_>) -> Result<(Arc<Tx>, Option<ActorRow>), DbError> {
        let connection = pool.connection().await?;
        let Identity { tenant, user, session } = opening.identity;
        let begin = match opening.mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        let correlation = opening.correlation_id;
        debug_assert!(correlation.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        let timeout = pool.statement_timeout().as_millis();
        let message = format!(
            "{begin}; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.permissions = ''; \
             SET LOCAL app.correlation_id = '{correlation}'; SET LOCAL statement_timeout = {timeout}; \
             SET LOCAL idle_in_transaction_session_timeout = {timeout}"
        );
        let tx = Tx {
            connection: Some(connection),
            tls: pool.tls(),
            identity: RwLock::new(opening.identity),
            prelude: Mutex::new(String::new()),
            failure: Mutex::new(None),
            ended: AtomicBool::new(false),
            statements: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
        };
        let actor = if user.is_nil() {
            tx.send(&message).await?;
            None
        } else {
            *tx.prelude.lock().unwrap_or_else(|broken| broken.into_inner()) = message;
            tx.load_actor(session).await?
        };
        Ok((Arc::new(tx), actor))
    }

    /// The actor as the database knows it; makes the permissions known to the policies of this transaction.
    async fn load_actor(&self, session: Uuid) -> Result<Option<ActorRow>, DbError> {
        let user = self.identity().user;
        let rows = self.query(LOAD_ACTOR, &[&user, &session]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut cells = Cells::new(row);
        Ok(Some(ActorRow {
            token_version: cells.next()?,
            role_id: cells.next()?,
            role_key: cells.next()?,
            permissions: PermissionSet::from_texts(&cells.next::<Vec<&str>>()?),
            subscribed: cells.next()?,
        }))
    }

    /// Goes on as somebody else: a sign-in becomes the person who signed in. They may do nothing until they are loaded by
    /// [`Tx::reload_actor`]: what the one before was permitted is forgotten.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn assume(&self, identity: Identity) -> Result<(), DbError> {
        let Identity { tenant, user, .. } = identity;
        let message = format!("SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.permissions = ''");
        self.send(&message).await?;
        *self.identity.write().unwrap_or_else(|broken| broken.into_inner()) = identity;
        Ok(())
    }

    /// Loads the actor anew, after a sign-in or a change of role inside this transaction.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn reload_actor(&self) -> Result<Option<ActorRow>, DbError> {
        self.load_actor(self.identity().session).await
    }

    /// For whom it is open.
    pub fn identity(&self) -> Identity {
        *self.identity.read().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Names the operation that the following changes belong to, for the audit log. `name` is a field of the schema.
    pub fn enter_operation(&self, name: &str) {
        debug_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        *self.prelude.lock().unwrap_or_else(|broken| broken.into_inner()) = format!("SET LOCAL app.operation = '{name}'");
    }

    /// Runs a statement. `$1` is the tenant; `params` begin at `$2`.
    ///
    /// # Errors
    /// What the database answered instead of rows; the transaction can then only be rolled back.
    pub async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        self.run(sql, params).await.inspect_err(|error| self.fail(error))
    }

    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        debug_assert!(sql.contains("$1"), "a statement without the tenant: {sql}");
        #[cfg(debug_assertions)]
        super::recorder::record(sql);
        self.statements.fetch_add(1, Ordering::Relaxed);
        let tenant = self.identity().tenant;
        let mut bound: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(params.len() + 1);
        bound.push(&tenant);
        bound.extend_from_slice(params);

        let client = self.client();
        let statement = async {
            let prepared = client.prepare_cached(sql).await?;
            #[cfg(debug_assertions)]
            super::recorder::record_run(sql, &prepared, &bound);
            client.query(&prepared, &bound).await
        };
        let prelude = self.take_prelude();
        self.answered(async {
            if prelude.is_empty() {
                return Ok(statement.await?);
            }
            // Polled in this order, so that the settings are on the wire before the statement that relies on them.
            let (settings, rows) = join(client.batch_execute(&prelude), statement).await;
            settings?;
            Ok(rows?)
        })
        .await
    }

    /// Runs a statement that may be refused without ending the transaction: the refusal is rolled back to a savepoint, so
    /// that a further statement can find out what was in the way.
    ///
    /// # Errors
    /// What the database answered instead of rows; the transaction goes on.
    pub async fn attempt(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        // Settings go ahead of the savepoint: going back to it would undo them.
        let mut savepoint = self.take_prelude();
        savepoint.push_str(if savepoint.is_empty() { "SAVEPOINT attempt" } else { "; SAVEPOINT attempt" });
        let (savepoint, rows) = join(self.send(&savepoint), self.run(sql, params)).await;
        savepoint?;
        if let Err(error) = &rows {
            if error.is_retryable() {
                self.fail(error);
            }
            self.send("ROLLBACK TO SAVEPOINT attempt").await?;
        }
        rows
    }

    fn take_prelude(&self) -> String {
        std::mem::take(&mut *self.prelude.lock().unwrap_or_else(|broken| broken.into_inner()))
    }

    /// Sends a command without parameters, whose failure ends the transaction.
    async fn send(&self, command: &str) -> Result<(), DbError> {
        let sent = self.answered(async { Ok(self.client().batch_execute(command).await?) }).await;
        sent.inspect_err(|error| self.fail(error))
    }

    /// Counts a message as unanswered until its answer has been read; for good, where its reader goes away.
    async fn answered<T>(&self, exchange: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        let answer = exchange.await;
        self.unanswered.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    fn fail(&self, error: &DbError) {
        self.failure.lock().unwrap_or_else(|broken| broken.into_inner()).get_or_insert_with(|| error.clone());
    }

    /// Reads every row as a record.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn all<T: Record>(&self, sql: &str, params: Params<'_>) -> Result<Vec<T>, DbError> {
        self.query(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// Reads the first row as a record, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn opt<T: Record>(&self, sql: &str, params: Params<'_>) -> Result<Option<T>, DbError> {
        self.query(sql, params).await?.first().map(T::from_row).transpose()
    }

    /// Reads the first column of the first row, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(&self, sql: &str, params: Params<'_>) -> Result<Option<T>, DbError> {
        Ok(self.query(sql, params).await?.first().map(|row| row.try_get(0)).transpose()?)
    }

    /// Statements so far, the loading of the actor included.
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The failure that ended the transaction, if one did. A COMMIT would then roll back and call it success.
    pub fn failure(&self) -> Option<DbError> {
        self.failure.lock().unwrap_or_else(|broken| broken.into_inner()).clone()
    }

    /// Ends a read: the COMMIT is sent, but nobody waits for it; whatever the connection is sent next comes after it.
    /// Where a statement still runs for nobody (its field was given up), the transaction is left to be cleaned up.
    pub fn end_read(&self) {
        if self.unanswered.load(Ordering::Relaxed) == 0 {
            let _ = self.client().batch_execute("COMMIT").now_or_never();
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
        // A COMMIT of a transaction that has failed rolls back and calls that success. Statements whose failure nobody read
        // are caught by the one in front of it, which a failed transaction refuses.
        self.send("SELECT; COMMIT").await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// When the connection is broken, which takes everything back as well.
    pub async fn rollback(&self) -> Result<(), DbError> {
        if self.unanswered.load(Ordering::Relaxed) > 0 {
            return Ok(()); // nobody waits for what still runs: it is cancelled when this is dropped
        }
        self.send("ROLLBACK").await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    fn client(&self) -> &deadpool_postgres::ClientWrapper {
        self.connection.as_ref().expect("the connection is taken by drop alone")
    }
}

/// How long a dropped transaction may take to be rolled back before its connection is closed instead.
const CLEAN_UP: Duration = Duration::from_secs(2);

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if *self.ended.get_mut() {
            return; // clean: back to the pool
        }
        let runtime = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !connection.is_closed() => runtime,
            _ => {
                drop(Object::take(connection)); // closes the socket, and the server rolls back
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
                drop(Object::take(connection));
            }
        });
    }
}

//! What a handler has of its job, and how it ends.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{attempt::Claim, outside::Outside, statements, worker::Shared};
use crate::{
    auth::Actor,
    db::{ActorKind, ActorRow, DbError, Identity, Mode, Opening, Tx},
    error::{Code, Error, Result},
};

/// Rows that one transaction of [`Job::in_batches`] changes at most.
const BATCH: i32 = 1000;

/// A job that is being run. Whatever it does in the database it does in transactions of its school, its person and the operation
/// `system:KIND`, one after the other; the last of them carries its end ([`Job::finish`]).
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// What it is about: an id as clients know it.
    pub subject: Option<String>,
    /// Which attempt this is; the first is 1.
    pub attempt: i32,
    /// Of the request that asked for it.
    pub correlation_id: String,
    payload: Value,
    actor: Option<Actor>,
    /// The transaction in which it was read, until somebody takes it.
    first: Option<Arc<Tx>>,
    claim: Claim,
    shared: Arc<Shared>,
}

/// That a job is done. Only [`Job::finish`] makes one.
#[derive(Debug)]
pub struct Done(());

/// Why an attempt ends without its job being done.
#[derive(Debug, Clone)]
pub enum Failure {
    /// It may work later: after a wait that grows with each attempt, or after this one.
    Again(Error, Option<std::time::Duration>),
    /// It never will: the job is DEAD, for this reason.
    Dead(Error),
    /// The job is somebody else's by now.
    Lost,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Again(error, None)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        if error.constraint() == Some("job_lease") { Failure::Lost } else { Failure::Again(error.into(), None) }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        DbError::from(error).into()
    }
}

impl Job {
    /// Enters a claimed job.
    pub(super) async fn enter(shared: Arc<Shared>, claim: Claim) -> Result<Job, Failure> {
        let (tx, row) = enter(&shared, &claim, Mode::Write).await?;
        let identity = Identity { tenant: claim.tenant, user: tx.identity().user, session: Uuid::nil() };
        let actor = match row.try_get::<_, Option<Uuid>>("role_id")? {
            Some(_) => Some(Actor::new(identity, ActorRow::read_of_job(&row)?)),
            None => None,
        };
        Ok(Job {
            id: claim.id,
            key: row.try_get("key")?,
            subject: row.try_get("subject")?,
            attempt: row.try_get("attempts")?,
            correlation_id: row.try_get("correlation")?,
            payload: row.try_get("payload")?,
            actor,
            first: Some(tx),
            claim,
            shared,
        })
    }

    /// What it was asked for with.
    ///
    /// # Errors
    /// `Failure::Dead` where it is of another form: that does not change.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(self.payload.clone())
            .map_err(|error| Failure::Dead(Error::internal(format!("the payload can't be read: {error}"))))
    }

    /// The person who asked for it, with what they may do now; none where nobody did, or where they are suspended, deleted or without a role.
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// The school.
    pub fn tenant(&self) -> Uuid {
        self.claim.tenant
    }

    /// What there is beside the database.
    ///
    /// # Errors
    /// `INTERNAL` where the product handed in nothing of this type.
    pub fn outside<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        self.shared.outside.get()
    }

    /// All that there is beside the database.
    pub fn everything_outside(&self) -> &Outside {
        &self.shared.outside
    }

    /// Opens a transaction. One that only read is dropped, or ends by [`Tx::end_read`]: none stays open while something else is waited for.
    ///
    /// # Errors
    /// `Failure::Lost` where the job is somebody else's by now.
    pub async fn begin(&mut self) -> Result<Arc<Tx>, Failure> {
        match self.first.take() {
            Some(tx) => Ok(tx),
            None => Ok(enter(&self.shared, &self.claim, Mode::Write).await?.0),
        }
    }

    /// Opens a transaction that changes nothing and sees one moment, however long it is open.
    ///
    /// # Errors
    /// `Failure::Lost` where the job is somebody else's by now.
    pub async fn snapshot(&mut self) -> Result<Arc<Tx>, Failure> {
        self.first = None;
        Ok(enter(&self.shared, &self.claim, Mode::Read).await?.0)
    }

    /// Commits a part of the work, if the job is still its own.
    ///
    /// # Errors
    /// `Failure::Lost` where it is not: nothing is committed then.
    pub async fn step(&self, tx: Arc<Tx>) -> Result<(), Failure> {
        tx.query(statements::KEEP, &[&self.claim.id, &self.claim.lease, &self.shared.options.lease.as_secs_f64()]).await?;
        Ok(tx.commit().await?)
    }

    /// Commits the effect, and that the job is done: both, or neither.
    ///
    /// # Errors
    /// `Failure::Lost` where the job is somebody else's by now: nothing is committed then.
    pub async fn finish(self, tx: Arc<Tx>) -> Result<Done, Failure> {
        tx.query(statements::FINISH, &[&self.claim.id, &self.claim.lease]).await?;
        tx.commit().await?;
        Ok(Done(()))
    }

    /// Runs a statement again and again, each time in a transaction of its own, until it changes fewer rows than it was allowed to. `$2` is how
    /// many that are; it answers how many it has changed.
    ///
    /// # Errors
    /// As [`Job::finish`].
    pub async fn in_batches(mut self, sql: &'static str) -> Result<Done, Failure> {
        loop {
            let tx = self.begin().await?;
            if tx.value::<i32>(sql, &[&BATCH]).await?.unwrap_or(0) < BATCH {
                return self.finish(tx).await;
            }
            self.step(tx).await?;
        }
    }
}

/// Opens a transaction as a claimed job.
async fn enter(shared: &Shared, claim: &Claim, mode: Mode) -> Result<(Arc<Tx>, Row), Failure> {
    let identity = Identity { tenant: claim.tenant, ..Identity::default() };
    let opening = Opening { mode, identity, correlation_id: "job", actors: &ActorKind::TENANT };
    let (tx, rows) = Tx::open_asking(&shared.pool, &opening, statements::ENTER, &[&claim.id, &claim.lease]).await?;
    let row = rows.into_iter().next().ok_or_else(|| Error::internal("a claimed job answers no row"))?;
    if let Some(user) = row.try_get::<_, Option<Uuid>>("actor_id")? {
        tx.is_of(user);
    }
    Ok((tx, row))
}

/// What is kept of a failure: what a client would be told. Its cause goes to the log.
pub(super) fn said(error: &Error) -> String {
    let word = error.why().unwrap_or(error.code().as_str());
    match error.code() {
        Code::Internal => format!("{word}: the log says more, under the job's correlation id."),
        _ => format!("{word}: {}", error.message()),
    }
}

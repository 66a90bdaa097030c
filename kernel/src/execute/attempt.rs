//! One document in its transaction: opened for its actor, run, ended; and run again where nothing of it may count.

use std::{sync::Arc, time::Duration};

use async_graphql::{Name, PathSegment, Response, Value};
use uuid::Uuid;

use super::{
    closed::Refused,
    engine::{Answer, Engine, unexecuted},
    errors, introspection,
    standby::unless_for_primary,
};
use crate::{
    auth::{Actor, Claims},
    clock,
    db::{ActorRow, DbError, Identity, Mode, Opening, Pool, Tx},
    error::{Result, is_failure},
    rates::Closed,
    request::{Document, GraphqlRequest, OperationKind},
    resolve::{
        AfterRollback, AskedBy, Loads, Request,
        registry::{Registry, Root},
    },
    seen::meters,
};

/// How many times a document that lost a deadlock or a serialization race runs again.
const RETRIES: u32 = 8;

/// How long it waits before that: longer each time, and at random, so that those who lost to each other do not meet again.
fn pause(attempts: u32) -> Duration {
    let longest = 10u64 << attempts.min(6);
    // The lower half of a UUID is random.
    Duration::from_millis(longest / 2 + Uuid::now_v7().as_u64_pair().1 % (longest / 2 + 1))
}

impl Engine {
    /// Executes a document, again where it lost a race, and ends its transaction.
    pub(super) async fn attempt_until_it_holds(&self, document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let mut attempts = 0;
        // Once at most, and however many races were lost before.
        let mut has_looked_again = false;
        let mut has_lost = false;
        loop {
            let attempted = self.attempt(&document, claims.as_ref(), has_lost, correlation_id).await;
            let (answer, tx, data) = match attempted {
                Ok(attempted) => attempted,
                Err(error) => return unexecuted(error),
            };
            let failure = match (tx.failure(), document.kind) {
                (None, OperationKind::Query) => {
                    tx.end_read();
                    let looker = claims.filter(|claims| claims.is_viewing() && data.actor().is_some());
                    if looker.is_none() {
                        return answer;
                    }
                    drop((data, tx));
                    return self.witness(answer, &document, looker, correlation_id).await;
                }
                // A rehearsal is answered as it would be if it committed; what the COMMIT would check is checked here.
                (None, OperationKind::Mutation) if document.is_rehearsal && answer.response.data != Value::Null => {
                    match tx.check_deferred().await {
                        Ok(()) => {
                            let _ = tx.rollback().await;
                            return Answer { round_trips: tx.round_trips(), ..answer };
                        }
                        Err(error) => Some(error),
                    }
                }
                // A mutation document commits as a whole, exactly when its `data` is not null.
                (None, OperationKind::Mutation) if answer.response.data != Value::Null => match finish(&tx, &document).await {
                    Ok(None) => {
                        data.take_after_commit().into_iter().for_each(|what| what());
                        return Answer { statements: tx.statements(), round_trips: tx.round_trips(), written: tx.written(), ..answer };
                    }
                    Ok(Some(closed)) => {
                        let _ = tx.rollback().await;
                        drop((data, tx));
                        let account = document.knock().map(|(_, account)| account).unwrap_or_default();
                        return self.refuse_closed(closed, Refused::knock(&document, &account), correlation_id).await;
                    }
                    Err(error) => Some(error),
                },
                (failure, _) => failure,
            };
            let _ = tx.rollback().await;
            let after_rollback = AfterRollback::of(&data);
            let looker = claims.filter(|claims| claims.is_viewing() && data.actor().is_some() && document.kind == OperationKind::Query);
            // The connection goes back first: others wait for it, and what follows may need one.
            drop((data, tx));
            let runs_again = failure.as_ref().is_some_and(|failure| {
                (failure.is_retryable() && attempts < RETRIES) || (!has_looked_again && is_of_another_time(failure, &answer.response))
            });
            match failure {
                Some(failure) if runs_again => {
                    if failure.is_retryable() {
                        has_lost = true
                    } else {
                        has_looked_again = true
                    }
                    tracing::debug!(correlation_id, attempts, "a document lost a race in the database and runs again");
                    if let Some(meters) = meters() {
                        meters.retries.increment(1);
                    }
                    tokio::time::sleep(pause(attempts)).await;
                    attempts += 1;
                }
                Some(failure) if document.kind == OperationKind::Mutation && answer.response.data != Value::Null => {
                    return Answer { response: errors::refusal(failure.into()), ..answer };
                }
                _ => {
                    if document.kind == OperationKind::Mutation && answer.executed && !document.is_rehearsal {
                        after_rollback.write(&self.pool, &answer.response, &document.roots, self.actor_kind, correlation_id).await;
                    }
                    return self.witness(answer, &document, looker, correlation_id).await;
                }
            }
        }
    }

    /// Who a token's bearer is, if they are still signed in. Also where the database can't be reached: that signs nobody out.
    pub async fn bearer(&self, claims: &Claims, correlation_id: &str) -> Option<Identity> {
        let opening = Opening { mode: Mode::Read, identity: claims.identity(), correlation_id, actors: self.actor_kind };
        match tokio::time::timeout(self.timeout, Tx::open_for(&self.pool, &opening, claims.key())).await {
            Ok(Ok((tx, row))) => {
                tx.end_read();
                row.filter(|row| claims.is_current(row)).map(|_| tx.identity())
            }
            _ => Some(claims.identity()),
        }
    }

    /// Executes a document and rolls back, whatever the result: for `lectern audit`, which asks who would be refused and must
    /// leave nothing behind, not even the audit entry of a refusal.
    ///
    /// # Errors
    /// Where the document is refused before anything runs.
    pub async fn dry_run(&self, request: &GraphqlRequest, claims: Option<&Claims>) -> Result<Response> {
        let mut document = self.read(request)?;
        if let Err(errors) = self.check(&mut document).await {
            return Ok(Response::from_errors(errors));
        }
        let (answer, tx, _request) = self.attempt(&document, claims, false, "audit").await?;
        // Also where it failed: what is dropped unfinished is rolled back as well.
        let _ = tx.rollback().await;
        Ok(answer.response)
    }

    /// Executes a document in a transaction of its own, and leaves that open. Nothing has happened yet where the cached actor
    /// has changed, the connection was dead before anything was sent, or a query takes more statements than it ever did: the
    /// document is executed again.
    async fn attempt(
        &self,
        document: &Document,
        claims: Option<&Claims>,
        has_lost: bool,
        correlation_id: &str,
    ) -> Result<(Answer, Arc<Tx>, Arc<Request>)> {
        let identity = claims.map(Claims::identity).unwrap_or_default();
        let (mut dead, mut expected, mut is_second) = (0, document.expected_statements(), false);
        let mut standby = self.standby(document, claims);
        loop {
            let pool = standby.as_ref().unwrap_or(&self.pool);
            let attempting = self.attempt_once(document, claims, expected, has_lost, correlation_id, pool);
            let attempted = if standby.is_some() {
                // One that hangs leaves the time to ask the primary.
                let attempted = tokio::time::timeout(self.timeout / 2, attempting).await;
                let Some(attempted) = unless_for_primary(attempted.ok()).await else {
                    standby = None;
                    continue;
                };
                attempted
            } else {
                attempting.await?
            };
            let (answer, tx, data) = attempted;
            match tx.ensure_verified().await {
                Err(failure) if failure.is_outdated() => {
                    self.actors.forget(identity);
                    let _ = tx.rollback().await;
                }
                Err(failure) if failure.is_misprediction() => {
                    // The version check was dropped together with a statement. That would happen again the next time.
                    if !tx.is_verified() {
                        document.remember(u32::MAX);
                    }
                    let _ = tx.rollback().await;
                    (expected, is_second) = (0, true);
                }
                Err(failure) if failure.is_connection_lost() && !tx.is_open() && dead < self.pool.max_size() => dead += 1,
                // Whatever failed, the actor is not verified.
                Err(failure) if !tx.is_verified() => {
                    self.actors.forget(identity);
                    return Err(failure.into());
                }
                verified => {
                    if is_second || verified.is_ok() {
                        document.remember(tx.asked());
                    }
                    return Ok((Answer { statements: tx.statements(), round_trips: tx.round_trips(), ..answer }, tx, data));
                }
            }
        }
    }

    async fn attempt_once(
        &self,
        document: &Document,
        claims: Option<&Claims>,
        expected: u32,
        has_lost: bool,
        correlation_id: &str,
        pool: &Pool,
    ) -> Result<(Answer, Arc<Tx>, Arc<Request>)> {
        let now = clock::now();
        let mode = if document.kind == OperationKind::Query { Mode::Read } else { Mode::Write };
        let identity = claims.map(Claims::identity).unwrap_or_default();
        let key = claims.and_then(Claims::key);
        let opening = Opening { mode, identity, correlation_id, actors: self.actor_kind };
        let is_theirs = |row: &ActorRow| claims.is_some_and(|claims| claims.is_current(row));
        let cached = self.actors.find(identity, key, now).filter(|cached| is_theirs(&cached.row));
        let (tx, actor) = match cached {
            Some(cached) => {
                let opening = Opening { identity: cached.identity, ..opening };
                (Tx::open_cached(pool, &opening, &cached).await?, Some(cached.row.clone()))
            }
            None => {
                let (tx, row) = Tx::open_for(pool, &opening, key).await?;
                let row = row.filter(is_theirs);
                match &row {
                    Some(row) => self.actors.keep(identity, key, row),
                    // The policies must not know somebody whom the guards don't.
                    None if claims.is_some() => tx.assume(Identity::default()).await?,
                    None => {}
                }
                (tx, row)
            }
        };
        if actor.is_some() {
            self.spend_late(document, tx.identity())?;
        }
        tx.expect_statements(expected);
        if mode == Mode::Write {
            line_up(&tx, document, has_lost).await;
        }
        let actor = actor.map(|row| Actor::new(tx.identity(), row));
        let loads = Loads::default();
        let mut request = Request::new(tx.clone(), actor, self.services.clone(), self.registry, now, correlation_id.to_owned(), &loads);
        request.sign_in = document.terms;
        request.asked_by = AskedBy { address: document.address.clone(), user_agent: document.user_agent.clone() };
        request.is_rehearsal = document.is_rehearsal;
        request.claims = claims.copied();
        request.prepared.clone_from(&document.prepared);
        request.budgets = Some(self.budgets().clone());
        document.paid.begin_run();
        request.paid.clone_from(&document.paid);
        let data = Arc::new(request);

        let mut graphql = async_graphql::Request::new(String::new()).variables(document.variables.clone()).data(data.clone());
        let mut parsed = document.parsed.clone();
        if document.introspects() {
            introspection::prepare(&mut parsed);
        }
        graphql.set_parsed_query(parsed);
        let mut response = loads.run((self.schema.executing)(graphql)).await;
        let executed = response.errors.iter().all(|error| !error.path.is_empty()) || response.data != Value::Null;
        if document.kind == OperationKind::Query {
            null_failed(&mut response, document, self.registry);
        }
        if document.introspects()
            && let Value::Object(data) = &mut response.data
        {
            let asks_of_schema = |key: &Name| matches!(document.root_field(key), Some("__schema" | "__type"));
            for (_, value) in data.iter_mut().filter(|(key, _)| asks_of_schema(key)) {
                introspection::complete(value, self.schema.description);
            }
        }
        Ok((Answer { executed, ..Answer::of(response) }, tx, data))
    }
}

/// Ends a mutation document that is to be done: unless what it asks for was asked for too often.
async fn finish(tx: &Tx, document: &Document) -> Result<Option<Closed>, DbError> {
    if let Some(turn) = &document.turn
        && let Some(closed) = turn.take(tx).await?
    {
        return Ok(Some(closed));
    }
    tx.commit().await.map(|()| None)
}

/// Takes the locks of what a document with several mutations names, in the order of the ids, before the first of them runs. The
/// mutations themselves lock rows in the order in which they stand in the document: two documents that name the same rows crosswise
/// would each wait for the other. A document that has lost a race all the same runs again while no other loser of its school does.
async fn line_up(tx: &Tx, document: &Document, has_lost: bool) {
    let losers = has_lost.then(Uuid::nil);
    let targets: Vec<Uuid> = losers.into_iter().chain(document.targets.iter().copied()).collect();
    if !targets.is_empty() {
        // The transaction remembers a failure, as of any statement.
        let _ = tx.query("SELECT app.lock_targets($2) WHERE app.tenant_id() = $1", &[&targets]).await;
    }
}

/// Whether a foreign key or a policy has said no, and no mutation knows what to answer: between the look and the write, what a row was to point at was removed, or
/// something came to point at what was to be removed, or what the actor was seen to have a right to was deleted or given to somebody else. A second run sees it.
fn is_of_another_time(failure: &DbError, response: &Response) -> bool {
    let mut errors = response.errors.iter();
    (failure.is_reference() && (response.data != Value::Null || errors.clone().any(is_failure)))
        || (failure.is_row_security() && errors.any(errors::is_of_no_field))
}

/// Nulls each root field of a query in which something failed: nothing of what it read can be relied on. (A refusal nulls its own
/// field alone.)
fn null_failed(response: &mut Response, document: &Document, registry: &Registry) {
    let failed = response.errors.iter().filter(|error| error.path.len() > 1 && is_failure(error));
    let roots: Vec<String> = failed
        .filter_map(|error| match error.path.first() {
            Some(PathSegment::Field(root)) => Some(root.clone()),
            _ => None,
        })
        .collect();
    for root in roots {
        let Value::Object(data) = &mut response.data else { return };
        if document.root_field(&root).is_some_and(|name| registry.is_nullable(Root::Query, name)) {
            data.insert(Name::new(root), Value::Null);
        } else {
            response.data = Value::Null;
        }
    }
}

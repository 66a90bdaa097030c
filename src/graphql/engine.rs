//! The execution of one document: open the actor's transaction, run, end it, say what came of it.

use std::{sync::Arc, time::Duration};

use async_graphql::{PathSegment, Response, ServerError, Value, Variables};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    batch::Loads,
    context::{Afterwards, Request, Services},
    document::{Document, Limits, OperationKind, Root},
    report,
    schema::Schema,
    turns::{TurnOptions, Turns},
};
use crate::{
    auth::{Actor, Claims},
    db::{DbError, Identity, Mode, Opening, Pool, Tx},
    domains::audit,
    error::{Code, Error, Result},
};

/// The body of a GraphQL request.
#[derive(Debug, Clone, Deserialize, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which of its operations.
    #[serde(default, rename = "operationName")]
    pub operation_name: Option<String>,
    /// The values of its variables.
    #[serde(default)]
    pub variables: Option<Variables>,
}

/// What came of it.
pub struct Answer {
    /// For the client.
    pub response: Response,
    /// False where the document was refused before anything ran (it has no `data` at all then).
    pub executed: bool,
    /// What the operation was, where that is known.
    pub kind: Option<OperationKind>,
    /// How many statements it cost.
    pub statements: u32,
    /// The service had too much to do: after how many seconds to ask again.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// The code of its first error.
    pub fn code(&self) -> Option<&str> {
        self.response.errors.first().and_then(report::code)
    }
}

/// Executes documents. The only holder of the pool beside the readiness check.
pub struct Engine {
    schema: Schema,
    pool: Pool,
    services: Arc<Services>,
    limits: Limits,
    timeout: Duration,
    turns: Turns,
}

/// A document that lost a deadlock or a serialization race runs again so many times.
const RETRIES: usize = 3;

impl Engine {
    /// An engine over a pool.
    pub fn new(schema: Schema, pool: Pool, services: Arc<Services>, limits: Limits, timeout: Duration) -> Self {
        let turns = Turns::new(&TurnOptions::for_pool(pool.max_size()));
        Engine { schema, pool, services, limits, timeout, turns }
    }

    /// The same, with other lanes than suit its pool.
    #[must_use]
    pub fn with_turns(self, options: &TurnOptions) -> Self {
        Engine { turns: Turns::new(options), ..self }
    }

    /// What the whole service shares.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The connections.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Reads the document of a request.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read(&self, request: &GraphqlRequest) -> Result<Document> {
        let none = Variables::default();
        Document::read(&request.query, request.operation_name.as_deref(), request.variables.as_ref().unwrap_or(&none), &self.limits)
    }

    /// An answer that refuses the request as a whole.
    pub fn refuse(&self, error: Error, correlation_id: &str) -> Answer {
        let mut answer = unexecuted(error);
        report::finish(&mut answer.response, correlation_id);
        answer
    }

    /// Executes a document for the bearer of these claims, or for nobody.
    pub async fn execute(&self, document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let kind = document.kind;
        let turn = match self.turns.take(&document).await {
            Ok(turn) => turn,
            Err(error) => return Answer { kind: Some(kind), ..self.refuse(error, correlation_id) },
        };
        let work = self.attempt_until_it_holds(document, claims, correlation_id);
        let mut answer = match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => unexecuted(Error::unavailable(format!("the document took longer than {:?} and was stopped", self.timeout))),
        };
        drop(turn);
        answer.kind = Some(kind);
        report::finish(&mut answer.response, correlation_id);
        answer
    }

    async fn attempt_until_it_holds(&self, document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let mut attempts = 0;
        loop {
            let attempted = self.attempt(&document, claims.as_ref(), correlation_id).await;
            let (answer, tx, data) = match attempted {
                Ok(attempted) => attempted,
                Err(error) => return unexecuted(error),
            };
            let failure = match (tx.failure(), document.kind) {
                (None, OperationKind::Query) => {
                    tx.end_read();
                    return answer;
                }
                // A mutation document commits as a whole, exactly when its `data` is not null.
                (None, OperationKind::Mutation) if answer.response.data != Value::Null => match tx.commit().await {
                    Ok(()) => return answer,
                    Err(error) => Some(error),
                },
                (failure, _) => failure,
            };
            let _ = tx.rollback().await;
            let aftermath = Aftermath::of(&data);
            // The connection goes back first: others wait for it, and so may what comes next.
            drop((data, tx));
            match failure {
                Some(failure) if failure.is_retryable() && attempts < RETRIES => {
                    tracing::debug!(correlation_id, attempts, "a document lost a race in the database and runs again");
                    tokio::time::sleep(Duration::from_millis(5 << attempts)).await;
                    attempts += 1;
                }
                Some(failure) if document.kind == OperationKind::Mutation && answer.response.data != Value::Null => {
                    return Answer { response: report::refusal(failure.into()), ..answer };
                }
                _ => {
                    if document.kind == OperationKind::Mutation && answer.executed {
                        self.after_refusal(&answer.response, aftermath, correlation_id, document.roots).await;
                    }
                    return answer;
                }
            }
        }
    }

    async fn attempt(&self, document: &Document, claims: Option<&Claims>, correlation_id: &str) -> Result<(Answer, Arc<Tx>, Arc<Request>)> {
        let mode = if document.kind == OperationKind::Query { Mode::Read } else { Mode::Write };
        let identity = claims.and_then(Claims::identity).unwrap_or_default();
        let (tx, row) = Tx::open(&self.pool, &Opening { mode, identity, correlation_id }).await?;
        // A token of before a sign-out everywhere, a suspension or a change of password is no longer one.
        let actor =
            row.filter(|row| claims.is_some_and(|claims| claims.token_version() == row.token_version)).map(|row| Actor::new(identity, row));
        if actor.is_none() && !identity.user.is_nil() {
            // The policies must not know somebody whom the guards don't.
            tx.assume(Identity::default()).await?;
        }
        let loads = Loads::default();
        let data = Arc::new(Request::new(
            tx.clone(),
            actor,
            self.services.clone(),
            began(),
            correlation_id.to_owned(),
            document.kind == OperationKind::Mutation,
            &loads,
        ));

        let mut graphql = async_graphql::Request::new(String::new()).variables(document.variables.clone()).data(data.clone());
        graphql.set_parsed_query(document.parsed.clone());
        let mut response = loads.run(self.schema.execute(graphql)).await;
        let executed = response.errors.iter().all(|error| !error.path.is_empty()) || response.data != Value::Null;
        if !executed {
            report::tidy(&mut response.errors);
        }
        report::name_integers(&mut response.errors, &document.parsed, &document.variables);
        let statements = tx.statements();
        Ok((Answer { response, executed, kind: None, statements, retry_after: None }, tx, data))
    }

    /// What must outlive a refusal is written in a transaction of its own: that it was refused, and the end of a family
    /// of refresh tokens. It is done even if the client has gone meanwhile. The refusal itself stands whatever comes of it.
    async fn after_refusal(&self, response: &Response, aftermath: Aftermath, correlation_id: &str, roots: Vec<Root>) {
        // A failed sign-in costs the same round trips whether or not there is such a school.
        let Some(identity) = aftermath.identity else { return };
        let refusals: Vec<Refusal> = response.errors.iter().filter_map(|error| Refusal::of(error, &roots)).collect();
        let (pool, correlation_id) = (self.pool.clone(), correlation_id.to_owned());
        let written = tokio::spawn(async move {
            let written = write_aftermath(&pool, identity, aftermath.revoke_session, &refusals, &correlation_id).await;
            if let Err(error) = written {
                tracing::error!(correlation_id, ?error, "the audit entry of a refusal could not be written");
            }
        });
        let _ = written.await;
    }
}

/// When a request begins: the one place that looks at the clock.
#[allow(clippy::disallowed_methods, reason = "everything else takes this time from the request")]
fn began() -> Timestamp {
    Timestamp::now()
}

/// An answer to a document that never ran.
fn unexecuted(error: Error) -> Answer {
    let retry_after = error.retry_after();
    Answer { response: report::refusal(error), executed: false, kind: None, statements: 0, retry_after }
}

/// What a refused document leaves behind.
struct Aftermath {
    identity: Option<Identity>,
    revoke_session: Option<Uuid>,
}

impl Aftermath {
    fn of(request: &Request) -> Self {
        let actor = request.actor().map(|actor| Identity { tenant: actor.tenant, user: actor.user, session: actor.session });
        let Afterwards { identity, revoke_session } = request.afterwards().clone();
        Aftermath { identity: identity.or(actor), revoke_session }
    }
}

/// An error that stands in the audit log.
struct Refusal {
    operation: String,
    subject: Option<Uuid>,
    code: String,
    reason: Option<String>,
}

impl Refusal {
    fn of(error: &ServerError, roots: &[Root]) -> Option<Self> {
        let code = report::code(error).filter(|code| is_audited(code))?;
        // The path begins with what the root field is called in the answer.
        let root = match error.path.first()? {
            PathSegment::Field(key) => roots.iter().find(|root| root.key == *key)?,
            PathSegment::Index(_) => return None,
        };
        Some(Refusal {
            operation: root.name.clone(),
            subject: root.subject,
            code: code.to_owned(),
            reason: report::reason(error).map(str::to_owned),
        })
    }
}

async fn write_aftermath(
    pool: &Pool,
    identity: Identity,
    revoke_session: Option<Uuid>,
    refusals: &[Refusal],
    correlation_id: &str,
) -> Result<(), DbError> {
    let opening = Opening { mode: Mode::Write, identity: Identity { user: Uuid::nil(), ..identity }, correlation_id };
    let (tx, _) = Tx::open(pool, &opening).await?;
    tx.assume(identity).await?;
    if let Some(session) = revoke_session {
        tx.enter_operation("refreshSession");
        tx.query("SELECT app.revoke_reused_session($2) WHERE app.tenant_id() = $1", &[&session]).await?;
    }
    for Refusal { operation, subject, code, reason } in refusals {
        tx.query(
            "SELECT app.audit_refusal($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1",
            &[operation, &audit::resource_of(operation), subject, code, reason],
        )
        .await?;
    }
    tx.commit().await
}

/// Wrong input and faults of ours are no refusals.
fn is_audited(code: &str) -> bool {
    [
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::Conflict,
        Code::LimitReached,
        Code::SubscriptionExpired,
        Code::RateLimited,
    ]
    .iter()
    .any(|audited| audited.as_str() == code)
}

//! The execution of one document: open the actor's transaction, run, end it, say what came of it.

use std::{sync::Arc, time::Duration};

use async_graphql::{Response, Value, Variables};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    batch::Loads,
    context::{Afterwards, Request, Services},
    document::{Document, Limits, OperationKind},
    report,
    schema::Schema,
};
use crate::{
    auth::{Actor, Claims},
    db::{Identity, Mode, Opening, Pool, Tx},
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
}

/// Executes documents. The only holder of the pool beside the readiness check.
pub struct Engine {
    schema: Schema,
    pool: Pool,
    services: Arc<Services>,
    limits: Limits,
    timeout: Duration,
}

/// A document that lost a deadlock or a serialization race runs again so many times.
const RETRIES: usize = 3;

impl Engine {
    /// An engine over a pool.
    pub fn new(schema: Schema, pool: Pool, services: Arc<Services>, limits: Limits, timeout: Duration) -> Self {
        Engine { schema, pool, services, limits, timeout }
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
        let mut response = report::refusal(error);
        report::finish(&mut response, correlation_id);
        Answer { response, executed: false, kind: None, statements: 0 }
    }

    /// Executes a document for the bearer of these claims, or for nobody.
    pub async fn execute(&self, document: Document, request: GraphqlRequest, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let kind = document.kind;
        let work = self.attempt_until_it_holds(document, request, claims, correlation_id);
        let mut answer = match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => {
                let cause = format!("the document took longer than {:?} and was stopped", self.timeout);
                Answer { response: report::refusal(Error::unavailable(cause)), executed: false, kind: None, statements: 0 }
            }
        };
        answer.kind = Some(kind);
        report::finish(&mut answer.response, correlation_id);
        answer
    }

    async fn attempt_until_it_holds(
        &self,
        document: Document,
        request: GraphqlRequest,
        claims: Option<Claims>,
        correlation_id: &str,
    ) -> Answer {
        let roots = document.roots;
        for attempt in 0.. {
            let attempted = self.attempt(document.parsed.clone(), document.kind, &request, claims.as_ref(), correlation_id).await;
            let (answer, tx, request_data) = match attempted {
                Ok(attempted) => attempted,
                Err(error) => return Answer { response: report::refusal(error), executed: false, kind: None, statements: 0 },
            };
            if tx.failure().is_some_and(|failure| failure.is_retryable()) && attempt < RETRIES {
                drop(request_data);
                let _ = tx.rollback().await;
                tracing::debug!(correlation_id, attempt, "a document lost a race in the database and runs again");
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                continue;
            }
            return match document.kind {
                OperationKind::Query => {
                    tx.end_read();
                    answer
                }
                OperationKind::Mutation => self.end_mutation(answer, &tx, &request_data, &roots).await,
            };
        }
        unreachable!("the loop returns")
    }

    async fn attempt(
        &self,
        parsed: async_graphql::parser::types::ExecutableDocument,
        kind: OperationKind,
        request: &GraphqlRequest,
        claims: Option<&Claims>,
        correlation_id: &str,
    ) -> Result<(Answer, Arc<Tx>, Arc<Request>)> {
        let mode = if kind == OperationKind::Query { Mode::Read } else { Mode::Write };
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
            Timestamp::now(),
            correlation_id.to_owned(),
            kind == OperationKind::Mutation,
            &loads,
        ));

        let mut graphql =
            async_graphql::Request::new(String::new()).variables(request.variables.clone().unwrap_or_default()).data(data.clone());
        graphql.operation_name.clone_from(&request.operation_name);
        graphql.set_parsed_query(parsed);
        let response = loads.run(self.schema.execute(graphql)).await;
        let executed = response.errors.iter().all(|error| !error.path.is_empty()) || response.data != Value::Null;
        let statements = tx.statements();
        Ok((Answer { response, executed, kind: None, statements }, tx, data))
    }

    /// A mutation document commits as a whole, exactly when its `data` is not null.
    async fn end_mutation(&self, mut answer: Answer, tx: &Tx, request: &Request, roots: &[(String, Option<uuid::Uuid>)]) -> Answer {
        if answer.response.data != Value::Null {
            match tx.commit().await {
                Ok(()) => return answer,
                Err(error) => answer = Answer { response: report::refusal(error.into()), ..answer },
            }
        }
        let actor = request.actor().map(|actor| Identity { tenant: actor.tenant, user: actor.user, session: actor.session });
        let afterwards = request.afterwards().clone();
        match afterwards.identity.or(actor) {
            Some(identity) if answer.executed => {
                let opening = Opening { mode: Mode::Write, identity, correlation_id: &request.correlation_id };
                after_refusal(tx, &opening, &answer.response, &afterwards, roots).await;
            }
            _ => drop(tx.rollback().await),
        }
        answer
    }
}

/// What must outlive a refusal is written in a transaction of its own: that it was refused, and the end of a family of
/// refresh tokens. The refusal itself stands whatever comes of this. (A failed sign-in costs the same round trips whether
/// or not there is such a school.)
async fn after_refusal(tx: &Tx, opening: &Opening<'_>, response: &Response, after: &Afterwards, roots: &[(String, Option<uuid::Uuid>)]) {
    let written = async {
        tx.begin_again(opening).await?;
        if let Some(session) = after.revoke_session {
            tx.enter_operation("refreshSession");
            tx.query("SELECT app.revoke_reused_session($2) WHERE app.tenant_id() = $1", &[&session]).await?;
        }
        for error in &response.errors {
            let Some(code) = report::code(error).filter(|code| is_audited(code)) else { continue };
            let Some((operation, subject)) = root_of(error, roots) else { continue };
            tx.query(
                "SELECT app.audit_refusal($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1",
                &[&operation, &resource_of(operation), &subject, &code, &report::reason(error)],
            )
            .await?;
        }
        tx.commit().await
    };
    if let Err(error) = written.await {
        tracing::error!(correlation_id = opening.correlation_id, ?error, "the audit entry of a refusal could not be written");
    }
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

/// The root field that an error belongs to. Its path begins with the field's alias; documents with several mutations and
/// aliases are rare enough to answer with the first field of that position.
fn root_of<'a>(error: &async_graphql::ServerError, roots: &'a [(String, Option<uuid::Uuid>)]) -> Option<(&'a str, Option<uuid::Uuid>)> {
    let named = error.path.first().and_then(|segment| match segment {
        async_graphql::PathSegment::Field(name) => roots.iter().find(|(root, _)| root == name),
        async_graphql::PathSegment::Index(_) => None,
    });
    named.or_else(|| roots.first()).map(|(name, subject)| (name.as_str(), *subject))
}

/// The GraphQL type that a mutation is about, out of its name: `addGroupMembers` is about a Group.
fn resource_of(operation: &str) -> &'static str {
    const RESOURCES: [(&str, &str); 9] = [
        ("Section", "Section"),
        ("Course", "Course"),
        ("Availability", "Availability"),
        ("Booking", "Booking"),
        ("Group", "Group"),
        ("User", "User"),
        ("Role", "Role"),
        ("nroll", "Enrollment"),
        ("Progress", "Enrollment"),
    ];
    match operation {
        "login" | "refreshSession" | "logout" | "logoutEverywhere" | "switchRole" => "Session",
        "changePassword" | "setUserRoles" => "User",
        "addGroupCourses" | "removeGroupCourses" => "Group",
        _ => RESOURCES.iter().find(|(part, _)| operation.contains(part)).map_or("Query", |(_, resource)| resource),
    }
}

#[cfg(test)]
mod tests {
    use super::resource_of;

    #[test]
    fn a_mutation_names_what_it_is_about() {
        for (operation, resource) in [
            ("createCourse", "Course"),
            ("reorderSections", "Section"),
            ("enroll", "Enrollment"),
            ("unenroll", "Enrollment"),
            ("recordProgress", "Enrollment"),
            ("updateEnrollmentStatus", "Enrollment"),
            ("addGroupCourses", "Group"),
            ("addGroupMembers", "Group"),
            ("setUserRoles", "User"),
            ("requestBooking", "Booking"),
        ] {
            assert_eq!(resource_of(operation), resource, "{operation}");
        }
    }
}

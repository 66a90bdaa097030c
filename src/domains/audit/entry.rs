//! One entry of the audit log.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, Record, select},
    error::{Code, Result},
    ids::{self, Id, Kind},
    resolve::{ById, Ctx, DateTime, Json},
    text_enum,
};
use serde_json::Value;
use uuid::Uuid;

use super::render;
use crate::domains::identity::User;

text_enum! {
    /// What came of an operation.
    pub enum AuditOutcome {
        /// A row was created, changed or deleted.
        Changed = "CHANGED",
        /// A mutation was refused; nothing was changed.
        Refused = "REFUSED",
    }
}

/// What happened to one thing: a change, written in the transaction of the change itself, or a refused mutation. Entries
/// can't be changed or deleted.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct AuditEntry {
    /// Its id.
    pub id: Id<AuditEntry>,
    /// The mutation, by the name of its field: `updateCourse`. Begins with `system:` where it was the service itself or
    /// its operator.
    pub operation: String,
    /// Whether something was changed or refused.
    pub outcome: AuditOutcome,
    /// The type of what it happened to: Course, Enrollment, Session (a sign-in) … Roles of a person are recorded with the
    /// User; members and courses of a group with the Group.
    pub resource: String,
    /// The id of what it happened to; null for a refusal that concerns nothing that exists.
    pub resource_id: Option<ID>,
    /// What it was like: the fields that are kept of it, without secrets. Null for something new and for a refusal.
    /// Where a role of a person, or a member or a course of a group was changed, that alone: `{"role": {"roleId": …}}`,
    /// `{"member": {"userId": …}}`, `{"course": {"courseId": …}}`.
    pub before: Option<Json>,
    /// What it is like since; null for something deleted and for a refusal. Secrets appear as whether there is one
    /// (`hasEnrollmentKey`) and whether it was changed (`enrollmentKeyChanged`).
    pub after: Option<Json>,
    /// What a refused mutation answered; null for a change.
    pub code: Option<Code>,
    /// Why it was refused, in a word, where the answer said so: `COURSE_FULL`.
    pub reason: Option<String>,
    /// The request that it belongs to, as in its answer's header `x-correlation-id`.
    pub correlation_id: String,
    /// When it happened.
    pub at: DateTime,
    #[graphql(skip)]
    actor_id: Option<Id<User>>,
    /// Read by the same statement, where the document asks for it.
    #[graphql(skip)]
    joined_actor: Option<Option<User>>,
}

impl Kind for AuditEntry {
    const PREFIX: &'static str = "audit";
    const TYPE: &'static str = "AuditEntry";
}

impl Record for AuditEntry {
    const COLUMNS: &'static [&'static str] =
        &["id", "operation", "outcome", "resource", "resource_id", "before", "after", "code", "reason", "correlation_id", "at", "actor_id"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        let (id, operation, outcome) = (reader.next()?, reader.next()?, reader.next()?);
        let resource: String = reader.next()?;
        let subject: Option<Uuid> = reader.next()?;
        let mut version = || Ok::<_, DbError>(reader.next::<Option<Value>>()?.map(|row| Json(render::row(&resource, row))));
        let (before, after) = (version()?, version()?);
        Ok(AuditEntry {
            id,
            operation,
            outcome,
            resource_id: subject.zip(render::prefix_of(&resource)).map(|(uuid, prefix)| ID(ids::encode(prefix, uuid))),
            before,
            after,
            code: reader.next::<Option<&str>>()?.and_then(Code::from_text),
            reason: reader.next()?,
            correlation_id: reader.next()?,
            at: reader.next()?,
            actor_id: reader.next()?,
            joined_actor: None,
            resource,
        })
    }
}

/// The join that reads an entry's actor along with it, as `u`.
pub(super) const ACTOR_JOIN: &str = "LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = a.actor_id";

impl AuditEntry {
    /// Reads an entry and its actor out of one row.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    pub(super) fn read_with_actor(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        let entry = AuditEntry::read(reader)?;
        Ok(AuditEntry { joined_actor: Some(User::read_joined(reader)?), ..entry })
    }
}

#[ComplexObject]
impl AuditEntry {
    /// Who did it, or was refused; null for the service itself and its operator, for somebody unknown whose sign-in was
    /// refused, and for a person whom you may not see.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match (&self.joined_actor, self.actor_id) {
            (Some(actor), _) => Ok(actor.clone()),
            (None, Some(id)) => ctx.load(id).await,
            (None, None) => Ok(None),
        }
    }
}

impl ById for AuditEntry {
    fn by_ids() -> String {
        format!("SELECT {} FROM audit_entry a WHERE a.tenant_id = $1 AND a.id = ANY ($2)", select::<AuditEntry>("a"))
    }

    fn id(&self) -> Id<AuditEntry> {
        self.id
    }
}

lectern_kernel::eager! {
    AuditEntry {
        "id": id, "operation": operation, "outcome": outcome, "resource": resource, "resourceId": resource_id, "before": before,
        "after": after, "code": code, "reason": reason, "correlationId": correlation_id, "at": at,
    } with { "actor": joined_actor }
}

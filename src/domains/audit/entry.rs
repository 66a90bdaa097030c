//! One entry of the audit log.

use async_graphql::ID;
use lectern_kernel::{
    error::Code,
    ids::{self, Id},
    resolve::{DateTime, Json, Request},
    text_enum,
};
use lectern_macros::{object, resolvers};
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
        /// A document was read in another person's place: `actor` looked, as the User of `resourceId`; `after` names the root fields.
        Viewed = "VIEWED",
    }
}

/// What happened to one thing: a change, written in the transaction of the change itself, a refused mutation, or a document that was read in
/// another person's place. Entries
/// can't be changed or deleted, with one exception: when a person is deleted, their name and email become null in the entries about
/// them, and an entry `system:forget` says so.
#[object(table = "audit_entry", alias = "a", id = "audit", node(AuditRead), resolvers)]
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// Its id.
    pub id: Id<AuditEntry>,
    /// The mutation, by the name of its field: `updateCourse`. Begins with `system:` where it was the service itself or
    /// its operator.
    pub operation: String,
    /// Whether something was changed, refused, or read in another person's place.
    pub outcome: AuditOutcome,
    /// The type of what it happened to: Course, Enrollment, Session (a sign-in) … Roles of a person are recorded with the
    /// User; members and courses of a group with the Group.
    pub resource: String,
    // Shown by the resolvers: as the registry knows the resource, and in their order.
    #[hidden]
    pub resource_id: Option<Uuid>,
    #[hidden]
    pub before: Option<Value>,
    #[hidden]
    pub after: Option<Value>,
    #[hidden]
    pub code: Option<String>,
    #[hidden]
    pub reason: Option<String>,
    #[hidden]
    pub correlation_id: String,
    #[hidden]
    pub at: DateTime,
    #[hidden]
    pub actor_id: Option<Id<User>>,
}

#[resolvers]
impl AuditEntry {
    /// The id of what it happened to; null for a refusal that concerns nothing that exists.
    fn resource_id(resource: String, resource_id: Option<Uuid>, request: &Request) -> Option<ID> {
        let prefix = request.registry().kind(&resource)?.prefix;
        resource_id.map(|uuid| ID(ids::encode(prefix, uuid)))
    }

    /// What it was like: the fields that are kept of it, without secrets. Null for something new and for a refusal.
    /// Where a role of a person, or a member or a course of a group was changed, that alone: `{"role": {"roleId": …}}`,
    /// `{"member": {"userId": …}}`, `{"course": {"courseId": …}}`.
    fn before(resource: String, before: Option<Value>, request: &Request) -> Option<Json> {
        before.map(|row| Json(render::row(request.registry(), &resource, row)))
    }

    /// What it is like since; null for something deleted and for a refusal. Secrets appear as whether there is one
    /// (`hasEnrollmentKey`) and whether it was changed (`enrollmentKeyChanged`).
    fn after(resource: String, after: Option<Value>, request: &Request) -> Option<Json> {
        after.map(|row| Json(render::row(request.registry(), &resource, row)))
    }

    /// What a refused mutation answered; null for a change.
    fn code(code: Option<String>) -> Option<Code> {
        code.and_then(|code| Code::from_text(&code))
    }

    /// Why it was refused, in a word, where the answer said so: `COURSE_FULL`.
    fn reason(reason: Option<String>) -> Option<String> {
        reason
    }

    /// The request that it belongs to, as in its answer's header `x-correlation-id`.
    fn correlation_id(correlation_id: String) -> String {
        correlation_id
    }

    /// When it happened.
    fn at(at: DateTime) -> DateTime {
        at
    }

    /// Who did it, or was refused; null for the service itself and its operator, for somebody unknown whose sign-in was
    /// refused, and for a person whom you may not see.
    #[one]
    fn actor(actor_id: Option<Id<User>>) -> User;
}

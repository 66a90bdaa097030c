//! One entry of the platform's log.

use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Code, Error, Result},
    ids::Id,
    resolve::{DateTime, Json, text},
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{DeskTenant, PlatformAdmin};
use async_graphql::{ID, InputObject};

text_enum! {
    /// What came of an operation.
    pub enum AuditOutcome {
        /// Something was changed.
        Changed = "CHANGED",
        /// A mutation was refused; nothing was changed.
        Refused = "REFUSED",
    }
}

/// What an administrator of the platform, or an operator's command, did or was refused; their sign-ins and sign-outs among it, with the address. Entries
/// can't be changed or deleted.
#[object(table = "platform_audit_entry", alias = "a", id = "audit", node, resolvers)]
#[derive(Clone, Debug)]
pub struct PlatformAuditEntry {
    /// Its id.
    pub id: Id<PlatformAuditEntry>,
    /// The mutation, by the name of its field; begins with `system:` where it was an operator's command or a job.
    pub operation: String,
    /// Whether something was changed or refused.
    pub outcome: AuditOutcome,
    /// The school that it concerns; null where it concerns none.
    #[column("school_id")]
    pub tenant_id: Option<Id<DeskTenant>>,
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
    pub admin_id: Option<Id<PlatformAdmin>>,
}

#[resolvers]
impl PlatformAuditEntry {
    /// Who did it, or was refused; null for an operator's command or a job, and for somebody unknown whose sign-in was refused.
    #[one]
    fn admin(admin_id: Option<Id<PlatformAdmin>>) -> PlatformAdmin;

    /// What it was like; null for something new and for a refusal.
    fn before(before: Option<Value>) -> Option<Json> {
        before.map(Json)
    }

    /// What it is like since; null for something deleted and for a refusal. Secrets never stand in it.
    fn after(after: Option<Value>) -> Option<Json> {
        after.map(Json)
    }

    /// What a refused mutation answered; null for a change.
    fn code(code: Option<String>) -> Option<Code> {
        code.and_then(|code| Code::from_text(&code))
    }

    /// Why it was refused, in a word, where the answer said so.
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
}

/// The newest first.
pub(super) const NEWEST: Order = Order { key: SortKey::moment("AT", "a.at"), id: "a.id", descending: true };

/// Which entries.
#[derive(InputObject, Default)]
pub struct PlatformAuditFilter {
    /// Of what this administrator did or was refused.
    pub admin_id: Option<ID>,
    /// Of this school; also of one that was erased.
    pub tenant_id: Option<ID>,
    /// Of this mutation: `renewTenant`.
    pub operation: Option<String>,
    /// Of changes only, or of refusals only.
    pub outcome: Option<AuditOutcome>,
    /// From this moment on.
    pub from: Option<DateTime>,
    /// Until this moment, without it.
    pub to: Option<DateTime>,
}

impl PlatformAuditFilter {
    /// Narrows the log.
    pub(super) fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(admin) = Id::<PlatformAdmin>::parse_opt("filter.adminId", self.admin_id.as_ref())? {
            let admin = list.bind(admin);
            list.filter(format!("a.admin_id = {admin}"));
        }
        if let Some(school) = Id::<DeskTenant>::parse_opt("filter.tenantId", self.tenant_id.as_ref())? {
            let school = list.bind(school);
            list.filter(format!("a.school_id = {school}"));
        }
        if let Some(operation) = text::search("filter.operation", self.operation.as_deref())? {
            let operation = list.bind(operation);
            list.filter(format!("a.operation = {operation}"));
        }
        if let Some(outcome) = self.outcome {
            let outcome = list.bind(outcome);
            list.filter(format!("a.outcome = {outcome}"));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Error::bad_input("filter.to", "must be after `from`"));
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("a.at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("a.at < {to}"));
        }
        Ok(())
    }
}

//! Reading the audit log.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::{self, Id},
    resolve::{Connection, Ctx, DateTime, Forward, filtered, list_of, page, registry::Registry, text},
};
use lectern_macros::queries;

use super::{AuditEntry, AuditOutcome};
use crate::domains::identity::User;

/// Which entries.
#[derive(InputObject, Default, Clone)]
pub struct AuditFilter {
    /// Of what this person did or was refused.
    pub actor_id: Option<ID>,
    /// Of this type, as it stands in `resource`: Course.
    pub resource: Option<String>,
    /// Of this one thing: an id of any kind.
    pub resource_id: Option<ID>,
    /// Of this mutation: `updateCourse`.
    pub operation: Option<String>,
    /// Of changes only, or of refusals only.
    pub outcome: Option<AuditOutcome>,
    /// From this moment on.
    pub from: Option<DateTime>,
    /// Until this moment, without it.
    pub to: Option<DateTime>,
}

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("AT", "a.at"), id: "a.id", descending: true };

impl AuditFilter {
    /// Narrows the log.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    fn narrow(&self, registry: &Registry, list: &mut List) -> Result<()> {
        if let Some(actor) = Id::<User>::parse_opt("filter.actorId", self.actor_id.as_ref())? {
            let actor = list.bind(actor);
            list.filter(format!("a.actor_id = {actor}"));
        }
        if let Some(resource) = text::search("filter.resource", self.resource.as_deref())? {
            let resource = list.bind(resource);
            list.filter(format!("a.resource = {resource}"));
        }
        if let Some(id) = &self.resource_id {
            let known = ids::decode(id.as_str()).and_then(|(prefix, uuid)| Some((registry.kind_with_prefix(prefix)?.ty, uuid)));
            let (resource, uuid) =
                known.ok_or_else(|| Error::bad_input("filter.resourceId", "is not an id; an id is a word, `_` and 26 characters"))?;
            let (resource, uuid) = (list.bind(resource), list.bind(uuid));
            list.filter(format!("a.resource = {resource} AND a.resource_id = {uuid}"));
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

/// Queries of the audit log.
pub struct AuditQueries;

#[queries]
impl AuditQueries {
    /// What was changed in the school and what was refused, the newest first: every change of a person, role, sign-in,
    /// course, section, enrollment, group, availability or booking, and every mutation that was refused for any reason but
    /// wrong input.
    #[needs(AuditRead)]
    async fn audit_log(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which entries.
        filter: Option<AuditFilter>,
    ) -> Result<Connection<AuditEntry>> {
        let mut list = list_of::<AuditEntry>("auditLog", NEWEST);
        filter.unwrap_or_default().narrow(ctx.request().registry(), &mut list)?;
        page(ctx, filtered::<AuditFilter>(ctx, list)?, paging).await
    }
}

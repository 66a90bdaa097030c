//! ParsedDocument the audit log.

use async_graphql::{Context, ID, InputObject, Object};
use lectern_kernel::{
    db::{List, Order, PageArgs, Record, SortKey, page_size},
    error::{Error, Result},
    ids::{self, Id},
    permission::Permission::AuditRead,
    resolve::{Connection, Ctx, DateTime, Require, Total, requires_permission, text},
};

use super::{AuditEntry, AuditOutcome, entry::ACTOR_JOIN, render::resource_with};
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

const LIST: &str = "auditLog";

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("AT", "a.at"), id: "a.id", descending: true };

impl AuditFilter {
    /// Narrows the log.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(actor) = Id::<User>::parse_opt("filter.actorId", self.actor_id.as_ref())? {
            let actor = list.bind(actor);
            list.filter(format!("a.actor_id = {actor}"));
        }
        if let Some(resource) = text::search("filter.resource", self.resource.as_deref())? {
            let resource = list.bind(resource);
            list.filter(format!("a.resource = {resource}"));
        }
        if let Some(id) = &self.resource_id {
            let known = ids::decode(id.as_str()).and_then(|(prefix, uuid)| Some((resource_with(prefix)?, uuid)));
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
#[derive(Default)]
pub struct AuditQueries;

#[Object]
impl AuditQueries {
    /// What was changed in the school and what was refused, the newest first: every change of a person, role, sign-in,
    /// course, section, enrollment, group, availability or booking, and every mutation that was refused for any reason but
    /// wrong input. Needs AUDIT_READ.
    #[graphql(
        guard = "Require([AuditRead])",
        directive = requires_permission::apply(vec![AuditRead]),
        complexity = "page_size(first, None) * child_complexity"
    )]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it, to what is older.")] after: Option<String>,
        #[graphql(desc = "Which entries.")] filter: Option<AuditFilter>,
    ) -> Result<Option<Connection<AuditEntry>>> {
        let page = PageArgs { first, after, ..PageArgs::default() }.check(&ctx.cursors(), LIST, &NEWEST)?;
        let mut list = List::new::<AuditEntry>(LIST, "audit_entry", "a", NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        let fetched = if ctx.selects_in_nodes("actor") {
            list.join::<User>(ACTOR_JOIN, "u");
            list.fetch(ctx.tx(), &page, AuditEntry::read_with_actor).await?
        } else {
            list.fetch(ctx.tx(), &page, AuditEntry::read).await?
        };
        Ok(Some(Connection::new(fetched, ctx.cursors(), LIST, &NEWEST, Total::of_list(list))))
    }
}

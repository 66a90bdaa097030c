//! The erasure of a school: asked for here, done by a job.

use async_graphql::Context;
use lectern_kernel::{
    db::{OnConstraint, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, one},
    text_enum,
};
use lectern_macros::{mutations, object};
use uuid::Uuid;

use super::{DeskTenant, PlatformAdmin, inputs::EraseTenantInput, sql};

text_enum! {
    /// Where an erasure stands.
    pub enum TenantErasureState {
        /// It waits for a worker.
        Queued = "QUEUED",
        /// It is under way.
        Running = "RUNNING",
        /// Nothing of the school is left.
        Done = "DONE",
        /// Something stood in the way, or was left.
        Failed = "FAILED",
    }
}

/// The erasure of a school. It is kept when the school is gone.
#[object(table = "tenant_erasure", alias = "x", id = "erasure", node)]
#[derive(Clone, Debug)]
pub struct TenantErasure {
    /// Its id.
    pub id: Id<TenantErasure>,
    /// The school's id.
    #[column("school_id")]
    pub tenant_id: Id<DeskTenant>,
    /// The school's slug: free again once it is done.
    pub slug: String,
    /// Where it stands.
    pub state: TenantErasureState,
    /// Who asked for it; null for the operator's commands.
    #[one]
    pub requested_by_id: Option<Id<PlatformAdmin>>,
    /// How many tables held something of the school.
    pub tables: i32,
    /// How many rows were deleted.
    #[column("least({}.rows, 2147483647)::integer")]
    pub rows: i32,
    /// How many files were deleted.
    #[column("least({}.files, 2147483647)::integer")]
    pub files: i32,
    /// Rows of the school that were found afterwards, over every table; 0 proves that nothing is left.
    #[column("least({}.remaining, 2147483647)::integer")]
    pub remaining: i32,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it ended; null before that.
    pub finished_at: Option<DateTime>,
    /// What stood in the way: NOT_SUSPENDED, ROWS_REMAIN, TABLE_OUT_OF_REACH with the name of a table that would have been missed, or why the last attempt
    /// failed; null where nothing did.
    pub error: Option<String>,
}

/// The latest first.
pub(super) const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "x.created_at"), id: "x.id", descending: true };

/// Mutations of erasures.
pub struct ErasureMutations;

#[mutations("Tenant")]
impl ErasureMutations {
    /// Erases a school for good: every row and file of it. CONFLICT with NOT_SUSPENDED for one that is not suspended, with ERASURE_RUNNING where it is
    /// erased already; BAD_USER_INPUT where another slug was typed. Nothing brings it back.
    async fn erase_tenant(
        ctx: &Context<'_>,
        /// The school, and its slug typed again.
        input: EraseTenantInput,
    ) -> Result<Loaded<TenantErasure>> {
        let school = Id::<DeskTenant>::parse("id", &input.id)?;
        let id = Id::<TenantErasure>::from_uuid(Uuid::now_v7());
        let asked: Option<bool> = ctx
            .tx()
            .value(sql::ERASE_TENANT, &[&id, &school, &input.confirm_slug])
            .await
            .on_constraint("tenant_erasure_slug", |_| Error::bad_input("confirmSlug", "must be the school's slug"))
            .on_constraint("tenant_not_suspended", |_| {
                Error::conflict("NOT_SUSPENDED", "Only a suspended school is erased: suspend it first.").field("id")
            })
            .on_constraint("tenant_erasure_active_key", |_| {
                Error::conflict("ERASURE_RUNNING", "This school is being erased already.").field("id")
            })?;
        if asked != Some(true) {
            return Err(Error::not_found("school").field("id"));
        }
        one(ctx, id).await?.ok_or_else(|| Error::internal("a new erasure is not visible"))
    }
}

//! An export of all that a school has: asking for one, and reading it.

use async_graphql::Context;
use lectern_kernel::{
    db::{Desk, OnConstraint as _, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Insert, Loaded, list_of, page},
    text_enum,
};
use lectern_macros::{mutations, object, queries, resolvers};
use serde_json::Value;

use crate::domains::{files::File, identity::User};

text_enum! {
    /// Where an export of a school stands.
    pub enum TenantExportState {
        /// It waits for a worker.
        Queued = "QUEUED",
        /// It is being written.
        Running = "RUNNING",
        /// Its file is there.
        Done = "DONE",
        /// It could not be written: `error` says why.
        Failed = "FAILED",
        /// Its file was kept for 7 days, and is gone.
        Expired = "EXPIRED",
    }
}

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "te.created_at"), id: "te.id", descending: true };

/// All that the school has, as it was at one moment: a `.tar.gz` with one NDJSON file a table (a JSON object a row, in the order of the primary
/// key), the files, and `manifest.json`, which says of each how many rows or bytes it has and their SHA-256. Secrets (hashes of passwords, tokens)
/// are no part of it. Tables stand in an order in which they can be loaded.
#[object(table = "tenant_export", alias = "te", id = "export", node(TenantExport), resolvers)]
#[derive(Clone, Debug)]
pub struct TenantExport {
    /// Its id.
    pub id: Id<TenantExport>,
    /// Where it stands.
    #[column("CASE WHEN {}.state = 'DONE' AND {}.expires_at <= now() THEN 'EXPIRED' ELSE {}.state END")]
    pub state: TenantExportState,
    /// Who asked for it.
    #[one]
    pub requested_by_id: Option<Id<User>>,
    /// Rows of all tables; 0 until it is DONE.
    #[column("{}.row_count")]
    pub rows: i32,
    /// How many files it holds; 0 until it is DONE.
    #[column("{}.file_count")]
    pub files: i32,
    /// The SHA-256 of the archive: 64 hex digits; null until it is DONE.
    pub sha256: Option<String>,
    /// The archive; null until it is DONE, and once it has EXPIRED.
    #[one]
    pub file_id: Option<Id<File>>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it ended; null until then.
    pub finished_at: Option<DateTime>,
    /// Until when its file is kept: 7 days; null until it is DONE.
    pub expires_at: Option<DateTime>,
    /// Why it FAILED: REQUESTER_GONE, PERMISSION_LOST, CANCELLED, TABLE_OUT_OF_REACH with the name of a table that would have been missing, or why its
    /// last attempt did. Null otherwise.
    pub error: Option<String>,
    #[hidden]
    #[wide]
    pub tables: Value,
}

/// A table in an export.
#[object]
pub struct TenantExportTable {
    /// Its name.
    pub name: String,
    /// How many rows.
    pub rows: i32,
    /// The SHA-256 of its NDJSON: 64 hex digits. Of a table that was not changed it is the same in every export.
    pub sha256: String,
}

#[resolvers]
impl TenantExport {
    /// Its tables, in the order in which they can be loaded; empty until it is DONE.
    async fn tables(tables: Value, _ctx: &Context<'_>) -> Result<Vec<TenantExportTable>> {
        let table = |table: &Value| {
            Some(TenantExportTable {
                name: table["name"].as_str()?.to_owned(),
                rows: table["rows"].as_i64().and_then(|rows| i32::try_from(rows).ok()).unwrap_or(i32::MAX),
                sha256: table["sha256"].as_str()?.to_owned(),
            })
        };
        Ok(tables.as_array().into_iter().flatten().filter_map(table).collect())
    }
}

/// Queries of exports of a school.
pub struct TenantExportQueries;

#[queries]
impl TenantExportQueries {
    /// The exports of the school, the newest first. They are answered after the subscription has lapsed, too.
    #[needs(TenantExport)]
    async fn tenant_exports(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
    ) -> Result<Connection<TenantExport>> {
        page(ctx, list_of::<TenantExport>("tenantExports", NEWEST), paging).await
    }
}

/// Mutations of exports of a school.
pub struct TenantExportMutations;

#[mutations("TenantExport")]
impl TenantExportMutations {
    /// Exports all that the school has, also after the subscription has lapsed. It is QUEUED; its file is there for 7 days, for whoever holds
    /// TENANT_EXPORT. CONFLICT with EXPORT_RUNNING while another is under way; UNAVAILABLE with DESK_NOT_CONFIGURED where this deployment can't.
    #[needs(TenantExport)]
    #[in_person]
    async fn export_tenant(ctx: &Context<'_>) -> Result<Loaded<TenantExport>> {
        if ctx.request().services.outside.find::<Desk>().is_none() {
            return Err(Error::unavailable("no LECTERN_DESK_URL").reason("DESK_NOT_CONFIGURED"));
        }
        let person = Id::<User>::from_uuid(ctx.actor()?.user);
        let made = Insert::<TenantExport>::new().set(TenantExport::COLUMNS.requested_by_id, Some(person)).run(ctx).await;
        Ok(made.on_constraint("tenant_export_active_key", |_| {
            Error::conflict("EXPORT_RUNNING", "An export of the school is under way: wait for it.")
        })?)
    }
}

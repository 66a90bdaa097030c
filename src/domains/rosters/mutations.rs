//! Starting and calling off imports, and asking for the roster.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint as _,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    import_run::ImportRun,
    inputs::{ExportRosterInput, StartImportInput},
    sql,
};
use crate::domains::{
    exports::{self, ExportRun},
    files::{File, require_own},
};

/// Mutations of rosters.
pub struct RosterMutations;

#[mutations("ImportRun")]
impl RosterMutations {
    /// Imports a roster, as you: no role above your own, no more people and seats than there are. Lines that can't be taken are rejected, each
    /// with an issue. A dry run does the same, and changes nothing. Running an import again changes nothing more. CONFLICT with IMPORT_RUNNING beside another. NOT_FOUND, or FORBIDDEN with NOT_YOURS, for a file
    /// that is not yours.
    #[needs(RosterManage)]
    async fn start_import(
        ctx: &Context<'_>,
        /// What, and how.
        input: StartImportInput,
    ) -> Result<Loaded<ImportRun>> {
        let (source, most) = (input.checked_source()?, input.checked_max_removals()?);
        let file = require_own(ctx, "fileId", Id::<File>::parse("fileId", &input.file_id)?).await?;
        let id = Id::<ImportRun>::generate();
        let flags = [input.dry_run, input.remove_missing, input.notify].map(|flag| flag.unwrap_or(false));
        let me = ctx.actor()?.user;
        let started: Option<Loaded<ImportRun>> = ctx
            .row(sql::START, &[&id, &me, &input.format, &source, &flags[0], &flags[1], &most, &flags[2], &file])
            .await
            .on_constraint("import_run_active_key", |_| {
                Error::conflict("IMPORT_RUNNING", "Another import is under way: wait for it, or call it off.")
            })
            .on_constraint("import_run_file_fkey", |_| Error::not_found("file").field("fileId"))
            .on_constraint("import_run_held_file_fkey", |_| Error::not_found("file").field("fileId"))?;
        started.ok_or_else(|| Error::internal("an import that was started answers no row"))
    }

    /// Calls off an import after the batch that is under way; what it has done stays. CONFLICT with INVALID_TRANSITION for one that has ended.
    #[needs(RosterManage)]
    async fn cancel_import(
        ctx: &Context<'_>,
        /// The import's id.
        id: Id<ImportRun>,
    ) -> Result<Loaded<ImportRun>> {
        match ctx.tx().value::<Option<bool>>(sql::CANCEL, &[&id]).await?.flatten() {
            None => Err(Error::not_found("import").field("id")),
            Some(false) => Err(Error::conflict("INVALID_TRANSITION", "This import has ended.").field("id")),
            Some(true) => ctx.whole(id).await?.ok_or_else(|| Error::not_found("import").field("id")),
        }
    }

    /// Writes the roster as a file that `startImport` takes: active and suspended people with the role ADMIN, INSTRUCTOR or LEARNER, published courses, and who
    /// holds a seat in them. The run is QUEUED; its file is PRIVATE, yours, and deleted after 7 days. Imported into this school, it changes
    /// nothing. Without USER_READ it holds nobody but yourself.
    #[needs(RosterManage)]
    #[about("ExportRun")]
    async fn export_roster(
        ctx: &Context<'_>,
        /// As what.
        input: ExportRosterInput,
    ) -> Result<Loaded<ExportRun>> {
        let actor = ctx.actor()?;
        let columns = exports::ExportRun::COLUMNS;
        let today = ctx.now().to_zoned(exports::zone(&actor.time_zone)?).date();
        let run = Insert::<ExportRun>::new()
            .set(columns.requested_by_id, Id::from_uuid(actor.user))
            .set(columns.roster_format, Some(input.format))
            .set(columns.name, input.format.file_name(today))
            .set(columns.time_zone, actor.time_zone.clone());
        Ok(run.run(ctx).await?)
    }
}

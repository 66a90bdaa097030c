//! Moving jobs by hand.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint as _,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{job::Job, sql};

/// Mutations of jobs.
pub struct JobMutations;

#[mutations("Job")]
impl JobMutations {
    /// Runs a job now: one that is DEAD, with all its attempts before it again, or one that is QUEUED for later. CONFLICT with
    /// INVALID_TRANSITION for any other.
    #[needs(JobManage)]
    async fn retry_job(
        ctx: &Context<'_>,
        /// The job's id.
        id: Id<Job>,
    ) -> Result<Loaded<Job>> {
        moved(ctx, id, sql::RETRY, "Only a job that is DEAD, or QUEUED for later, can be run anew.").await
    }

    /// Calls off a job that is QUEUED. CONFLICT with INVALID_TRANSITION for any other.
    #[needs(JobManage)]
    async fn cancel_job(
        ctx: &Context<'_>,
        /// The job's id.
        id: Id<Job>,
    ) -> Result<Loaded<Job>> {
        moved(ctx, id, sql::CANCEL, "Only a job that is QUEUED can be called off.").await
    }
}

/// Moves a job, and reads it as it is then.
async fn moved(ctx: &Context<'_>, id: Id<Job>, sql: &str, refusal: &str) -> Result<Loaded<Job>> {
    let found = ctx
        .tx()
        .value::<bool>(sql, &[&id])
        .await
        .on_constraint("job_transition", |_| Error::conflict("INVALID_TRANSITION", refusal).field("id"))?;
    let job = if found == Some(true) { ctx.whole(id).await? } else { None };
    job.ok_or_else(|| Error::not_found("job").field("id"))
}

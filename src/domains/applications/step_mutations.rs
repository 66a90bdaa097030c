//! Steps of applications: one call of a function each, which decides under the program's turn.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    Application, ApplicationStatus,
    inputs::{AssignDiscountInput, DecideApplicationInput, WithdrawApplicationInput},
    mutations::changed,
    refusal::answered,
    sql,
};
use crate::domains::programs::hundredths;

/// Mutations that take applications from one state to another.
pub struct StepMutations;

/// Asks a function for a step; what is not the actor's to take is told from what is not there.
async fn step(ctx: &Context<'_>, id: Id<Application>, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Loaded<Application>> {
    let rows = answered(ctx.tx().query(sql, params).await, "id")?;
    if rows.first().is_some_and(|row| row.get::<_, bool>(0)) { changed(ctx, id).await } else { Err(ctx.untouched(id, "application").await) }
}

#[mutations("Application")]
impl StepMutations {
    /// Takes an application back; its places are offered to who waits. Yours, with APPLICATION_MANAGE anybody's; else FORBIDDEN with NOT_YOURS. CONFLICT with IN_USE while somebody of
    /// the party holds a ticket, with INVALID_TRANSITION for one that is REJECTED or WITHDRAWN.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn withdraw_application(
        ctx: &Context<'_>,
        /// Which, and why.
        input: WithdrawApplicationInput,
    ) -> Result<Loaded<Application>> {
        let id = Id::<Application>::parse("id", &input.id)?;
        let reason = input.reason.as_deref().map(|reason| text::long("reason", reason)).transpose()?.flatten();
        step(ctx, id, sql::WITHDRAW, &[&id, &reason]).await
    }

    /// Opens an application again: yours that was WITHDRAWN, as a draft; with APPLICATION_MANAGE one that was REJECTED, for review. CONFLICT with PROGRAM_CLOSED where a draft could not
    /// be handed in, with INVALID_TRANSITION for any other.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn reopen_application(
        ctx: &Context<'_>,
        /// The application's id.
        id: Id<Application>,
    ) -> Result<Loaded<Application>> {
        step(ctx, id, sql::REOPEN, &[&id]).await
    }

    /// Takes the places that are held for an application on the waiting list: it is ACCEPTED. Yours, with APPLICATION_MANAGE anybody's; else FORBIDDEN with NOT_YOURS. CONFLICT with
    /// NO_OFFER where none are, with OFFER_EXPIRED where they are held no more, with PROGRAM_CLOSED once the program is over.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn accept_place(
        ctx: &Context<'_>,
        /// The id of the application whose offer it is.
        id: Id<Application>,
    ) -> Result<Loaded<Application>> {
        step(ctx, id, sql::ACCEPT, &[&id]).await
    }

    /// Decides about an application, whatever was voted. CONFLICT with PROGRAM_FULL where the party does not fit, with IN_USE where somebody of an accepted one holds a ticket, with
    /// INVALID_TRANSITION where no such step leads on; a draft is handed in first. Nobody is accepted by a program that does not run, or is over: PROGRAM_CLOSED.
    #[needs(ApplicationManage)]
    async fn decide_application(
        ctx: &Context<'_>,
        /// The decision.
        input: DecideApplicationInput,
    ) -> Result<Loaded<Application>> {
        let id = Id::<Application>::parse("id", &input.id)?;
        if !matches!(input.status, ApplicationStatus::Accepted | ApplicationStatus::Rejected | ApplicationStatus::Waitlisted) {
            return Err(Error::bad_input("status", "must be ACCEPTED, REJECTED or WAITLISTED"));
        }
        let message = input.message.as_deref().map(|message| text::long("message", message)).transpose()?.flatten();
        step(ctx, id, sql::DECIDE, &[&id, &input.status, &message]).await
    }

    /// Gives an application a discount of its own, or takes it away. Orders that were placed stay as they are.
    #[needs(ApplicationManage)]
    async fn assign_discount(
        ctx: &Context<'_>,
        /// The discount.
        input: AssignDiscountInput,
    ) -> Result<Loaded<Application>> {
        let id = Id::<Application>::parse("applicationId", &input.application_id)?;
        let percent = match input.percent_off {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(percent) => Some(Some(hundredths("percentOff", percent)?)),
        };
        let assigned = Patch::of(id).set_if(Application::COLUMNS.discount_percent, percent).run(ctx).await?;
        assigned.ok_or_else(|| Error::not_found("application").field("applicationId"))
    }
}

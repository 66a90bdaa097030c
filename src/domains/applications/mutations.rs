//! Beginning applications, and what is answered in them.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::{self, ApplicationManage},
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use serde_json::Value;

use super::{
    Application, ApplicationStatus,
    answering::{Open, first, not_shared},
    inputs::{StartApplicationInput, UpdateApplicationInput},
    refusal::answered,
    sql,
};
use crate::domains::{
    attendees::Attendee,
    groups::Group,
    identity::User,
    products,
    programs::{Program, form_of},
};

/// Mutations of applications and of what is answered in them.
pub struct AnswerMutations;

/// An application as it is after a change.
///
/// # Errors
/// When it can't be read any more.
pub async fn changed(ctx: &Context<'_>, id: Id<Application>) -> Result<Loaded<Application>> {
    ctx.whole(id).await?.ok_or_else(|| Error::not_found("application").field("id"))
}

/// Whom an application is of: the actor, unless they manage applications and name somebody else whom they see.
async fn applicant(ctx: &Context<'_>, given: Option<&async_graphql::ID>) -> Result<Id<User>> {
    let actor = ctx.actor()?;
    let Some(person) = Id::<User>::parse_opt("userId", given)?.filter(|person| !actor.is(person.0)) else {
        return Ok(Id::from_uuid(actor.user));
    };
    if !actor.can(ApplicationManage) {
        return Err(Error::missing_permission(&[Permission::ApplicationManage]).field("userId"));
    }
    let person: User = ctx.get(person).await?.ok_or_else(|| Error::not_found("person").field("userId"))?;
    Ok(person.id)
}

#[mutations("Application")]
impl AnswerMutations {
    /// Begins an application, as a draft with the applicant as its MAIN attendee. NOT_FOUND for a program or a person whom you don't see, and a group that the applicant is no member
    /// of; CONFLICT with ALREADY_APPLIED where there is one, whatever has become of it; with PROGRAM_CLOSED; with CODE_EXHAUSTED and OWN_REFERRAL for a referral. NOT_FOUND with CODE_UNKNOWN
    /// for a code that is none; after ten of them RATE_LIMITED. BAD_USER_INPUT with UNKNOWN_FIELD, WRONG_TYPE, NOT_AN_OPTION or OUT_OF_RANGE for what is no answer, under
    /// `answers.<key>`.
    #[needs(ApplicationSubmit, ApplicationManage)]
    #[guesses("referralCode", Code("CODE_UNKNOWN"))]
    async fn start_application(
        ctx: &Context<'_>,
        /// To what, as whom.
        input: StartApplicationInput,
    ) -> Result<Loaded<Application>> {
        let program = Id::<Program>::parse("programId", &input.program_id)?;
        let group = Id::<Group>::parse_opt("groupId", input.group_id.as_ref())?;
        let code = products::tried_code("referralCode", input.referral_code.as_deref())?;
        let program: Program = ctx.get(program).await?.ok_or_else(|| Error::not_found("program").field("programId"))?;
        let person = applicant(ctx, input.user_id.as_ref()).await?;
        let form = form_of(ctx, program.id, program.form_version).await?;
        let written = first(&form, input.answers.as_ref())?;
        let hidden = input.not_shared.as_deref().map(|given| not_shared(&form, given)).transpose()?;
        let (id, main) = (Id::<Application>::generate(), Id::<Attendee>::generate());
        let started = ctx
            .tx()
            .query(
                sql::START,
                &[&id, &program.id, &person, &group, &code, &written.plain, &written.secret, &written.files, &hidden, &form.version, &main],
            )
            .await;
        answered(started, "programId")?;
        changed(ctx, id).await
    }

    /// Changes what is answered, and what the directory of participants does not show. Answers of an application that was handed in are CONFLICT with NOT_EDITABLE, except for
    /// APPLICATION_MANAGE, whose correction is one of its events. Yours, with APPLICATION_MANAGE anybody's; else FORBIDDEN with NOT_YOURS. BAD_USER_INPUT as `startApplication`.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn update_application(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateApplicationInput,
    ) -> Result<Loaded<Application>> {
        let id = Id::<Application>::parse("id", &input.id)?;
        let rows = ctx.tx().query(sql::OPEN, &[&id]).await?;
        let Some(open) = Open::read(ctx, &rows).await? else { return Err(ctx.untouched(id, "application").await) };
        let given = input.answers.as_ref().filter(|given| !given.0.is_null());
        if given.is_some() && open.status != ApplicationStatus::Draft && !ctx.actor()?.can(ApplicationManage) {
            return Err(Error::conflict("NOT_EDITABLE", "The application was handed in: its answers stay as they are.").field("answers"));
        }
        let written = given.map(|given| open.changed(given)).transpose()?;
        let hidden = input.not_shared.as_deref().map(|given| not_shared(&open.form, given)).transpose()?;
        let (plain, secret, files): (Option<Value>, Option<Value>, Option<Value>) =
            written.map_or((None, None, None), |written| (Some(written.plain), Some(written.secret), Some(written.files)));
        answered(ctx.tx().query(sql::SAVE, &[&id, &open.form.version, &plain, &secret, &files, &hidden]).await, "id")?;
        changed(ctx, id).await
    }

    /// Hands in a draft. The rules of the program decide about it at once: a party that is accepted and does not fit waits. CONFLICT with PROGRAM_CLOSED, with FEE_REQUIRED while the
    /// fee is not paid, with INVALID_TRANSITION for what is no draft; BAD_USER_INPUT under `answers.<key>` with REQUIRED for what is missing, and as `startApplication`. Answers
    /// that the form asks for no more are dropped.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn submit_application(
        ctx: &Context<'_>,
        /// The application's id.
        id: Id<Application>,
    ) -> Result<Loaded<Application>> {
        let rows = answered(ctx.tx().query(sql::OPEN_TO_SUBMIT, &[&id]).await, "id")?;
        let Some(open) = Open::read(ctx, &rows).await? else { return Err(ctx.untouched(id, "application").await) };
        let written = open.submitted()?;
        answered(ctx.tx().query(sql::SUBMIT, &[&id, &open.form.version, &written.plain, &written.secret, &written.files]).await, "id")?;
        changed(ctx, id).await
    }
}

//! Setting what stands beside a program: its form, its reviewers, what its attendees get, and which groups get in on terms of their own.

use std::collections::HashMap;

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::{Id, Kind},
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    Program,
    form::SetProgramFormInput,
    inputs::{RemoveProgramGroupInput, SetProgramGroupInput, SetProgramLinksInput, SetProgramReviewersInput, max_members},
    loaders::TermsOfProgram,
    money::hundredths,
    mutations::{below_used, no_program},
    parts::ProgramGroup,
    sql,
};
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Mutations of what stands beside programs.
pub struct ProgramPartMutations;

/// Reviewers of a program at most.
const MOST_REVIEWERS: usize = 100;
/// Courses, or groups, that a program leads to at most.
const MOST_LINKS: usize = 50;

/// Waits for the turn of a program.
async fn enter(ctx: &Context<'_>, id: Id<Program>) -> Result<()> {
    if ctx.tx().query(sql::TURN, &[&id]).await?.is_empty() { Err(no_program("programId")) } else { Ok(()) }
}

async fn answered(ctx: &Context<'_>, id: Id<Program>) -> Result<Loaded<Program>> {
    ctx.whole(id).await?.ok_or_else(|| no_program("programId"))
}

/// A list of ids that may be empty; each stands in it once.
fn ids<T: Kind>(field: &str, given: &[ID]) -> Result<Vec<Id<T>>> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    if given.len() > MOST_LINKS {
        return Err(Error::bad_input(field, format!("must hold at most {MOST_LINKS} ids")));
    }
    Id::parse_list(field, given, MOST_LINKS)
}

/// Refuses the first that is not among those that the actor sees.
fn require_seen<T: Kind>(field: &str, what: &str, wanted: &[Id<T>], seen: &[tokio_postgres::Row]) -> Result<()> {
    let seen: Vec<Id<T>> = seen.iter().map(|row| row.get(0)).collect();
    match wanted.iter().position(|id| !seen.contains(id)) {
        Some(index) => Err(Error::not_found(what).field(format!("{field}.{index}"))),
        None => Ok(()),
    }
}

#[mutations("Program")]
impl ProgramPartMutations {
    /// Sets what applications ask for: the whole form, in its order, under the next version. Applications that were submitted show the version that they answered.
    /// CONFLICT with STALE where `expectedVersion` is not the present one, with KEY_REUSED for a key that had another type before.
    #[needs(ProgramManage)]
    async fn set_program_form(
        ctx: &Context<'_>,
        /// Which program, and its form.
        input: SetProgramFormInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("programId", &input.program_id)?;
        let fields = input.check()?;
        let set: Option<Option<i32>> = ctx
            .tx()
            .value(sql::SET_FORM, &[&id, &input.expected_version, &fields])
            .await
            .on_constraint("program_form_stale", |error| {
                let version = error.number("version").unwrap_or_default();
                Error::conflict("STALE", format!("The form has the version {version} by now.")).field("expectedVersion")
            })
            .on_constraint("program_form_key_reused", |error| {
                let field = format!("fields.{}.key", error.number("index").unwrap_or_default());
                Error::conflict("KEY_REUSED", "The key was used with another type before: take another one.").field(field)
            })?;
        set.flatten().ok_or_else(|| no_program("programId"))?;
        answered(ctx, id).await
    }

    /// Sets who reviews the applications of a program: all of them, in their order. BAD_USER_INPUT with NOT_A_REVIEWER for somebody who does not hold
    /// APPLICATION_REVIEW through any role. Votes that were cast stay.
    #[needs(ProgramManage)]
    async fn set_program_reviewers(
        ctx: &Context<'_>,
        /// Which program, and who reviews.
        input: SetProgramReviewersInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("programId", &input.program_id)?;
        if input.reviewers.len() > MOST_REVIEWERS {
            return Err(Error::bad_input("reviewers", format!("must hold at most {MOST_REVIEWERS} people")));
        }
        let (mut people, mut required) = (Vec::new(), Vec::new());
        for (index, given) in input.reviewers.iter().enumerate() {
            let field = format!("reviewers.{index}.userId");
            let person = Id::<User>::parse(&field, &given.user_id)?;
            if people.contains(&person) {
                return Err(Error::bad_input(field, "stands in the list twice"));
            }
            people.push(person);
            required.push(given.is_required.unwrap_or(false));
        }
        enter(ctx, id).await?;
        let rows = ctx.tx().query(sql::PEOPLE, &[&people]).await?;
        let may_review: HashMap<Id<User>, bool> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (index, person) in people.iter().enumerate() {
            let field = format!("reviewers.{index}.userId");
            match may_review.get(person) {
                None => return Err(Error::not_found("person").field(field)),
                Some(false) => {
                    return Err(
                        Error::bad_input(field, "must be somebody who holds APPLICATION_REVIEW through a role").reason("NOT_A_REVIEWER")
                    );
                }
                Some(true) => {}
            }
        }
        ctx.tx().query(sql::REMOVE_REVIEWERS, &[&id, &people]).await?;
        ctx.tx().query(sql::SET_REVIEWERS, &[&id, &people, &required]).await?;
        answered(ctx, id).await
    }

    /// Sets what the attendees of a program get: the courses that they are enrolled in, and the groups that they join, once they have earned it (`enrollWhen`). Who has
    /// earned it already gets what is new at once, beyond 20 applications by a job; what is taken out is given to nobody any more, and stays with those who have it.
    #[needs(ProgramManage)]
    async fn set_program_links(
        ctx: &Context<'_>,
        /// Which program, and what its attendees get.
        input: SetProgramLinksInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("programId", &input.program_id)?;
        let courses = ids::<Course>("courseIds", &input.course_ids)?;
        let groups = ids::<Group>("groupIds", &input.group_ids)?;
        enter(ctx, id).await?;
        require_seen("courseIds", "course", &courses, &ctx.tx().query(sql::SEEN_COURSES, &[&courses]).await?)?;
        require_seen("groupIds", "group", &groups, &ctx.tx().query(sql::SEEN_GROUPS, &[&groups]).await?)?;
        ctx.tx().query(sql::REMOVE_COURSES, &[&id, &courses]).await?;
        ctx.tx().query(sql::REMOVE_GROUPS, &[&id, &groups]).await?;
        ctx.tx()
            .query(sql::SET_COURSES, &[&id, &courses])
            .await
            .on_constraint("program_course_course_fkey", |_| Error::not_found("course").field("courseIds"))?;
        ctx.tx()
            .query(sql::SET_GROUPS, &[&id, &groups])
            .await
            .on_constraint("program_link_group_group_fkey", |_| Error::not_found("group").field("groupIds"))?;
        answered(ctx, id).await
    }

    /// Lets a group into a program on terms of its own, or changes these as a whole. CONFLICT with BELOW_USED for fewer members than its leaders have brought.
    #[needs(ProgramManage)]
    async fn set_program_group(
        ctx: &Context<'_>,
        /// Which program, which group, and the terms.
        input: SetProgramGroupInput,
    ) -> Result<ProgramGroup> {
        let id = Id::<Program>::parse("programId", &input.program_id)?;
        let group = Id::<Group>::parse("groupId", &input.group_id)?;
        let percent_off = input.percent_off.map(|percent| hundredths("percentOff", percent)).transpose()?.unwrap_or(0);
        let most = input.max_members.map(|members| max_members("maxMembers", members)).transpose()?;
        let accepts = input.auto_accept.unwrap_or(false);
        let set = ctx
            .tx()
            .query(sql::SET_TERMS, &[&id, &group, &percent_off, &most, &accepts])
            .await
            .on_constraint("program_group_below_used", |error| {
                below_used(error, "maxMembers", "The group has more members in this program than that.")
            })?;
        if set.is_empty() {
            return Err(if ctx.get(id).await?.is_some() { Error::not_found("group").field("groupId") } else { no_program("programId") });
        }
        let terms = ctx.load(TermsOfProgram(id)).await?.unwrap_or_default();
        terms.into_iter().find(|terms| terms.group_id == group).ok_or_else(|| Error::internal("terms can't be read by who sets them"))
    }

    /// Takes a group's terms away: from now on it gets in as everybody does. What was decided and ordered stays.
    #[needs(ProgramManage)]
    async fn remove_program_group(
        ctx: &Context<'_>,
        /// Which program, and which group.
        input: RemoveProgramGroupInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("programId", &input.program_id)?;
        let group = Id::<Group>::parse("groupId", &input.group_id)?;
        let removed = ctx.tx().query(sql::REMOVE_TERMS, &[&id, &group]).await?;
        let program = answered(ctx, id).await?;
        if removed.is_empty() { Err(Error::not_found("group of this program").field("groupId")) } else { Ok(program) }
    }
}

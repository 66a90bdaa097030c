//! Who comes with an application.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
    text::email_key,
};
use lectern_macros::mutations;

use super::{
    Attendee,
    inputs::{AddAttendeeInput, UpdateAttendeeInput},
    sql,
};
use crate::domains::{
    applications::{Application, answered},
    orders,
};

/// Mutations of attendees.
pub struct AttendeeMutations;

/// An address, and how it is compared.
fn address(given: &str) -> Result<(String, Option<String>)> {
    let address = text::email("email", given)?;
    let key = email_key(&address);
    Ok((address, key))
}

#[mutations("Attendee")]
impl AttendeeMutations {
    /// Somebody more comes with an application: yours, with APPLICATION_MANAGE anybody's; else FORBIDDEN with NOT_YOURS. CONFLICT with ATTENDEE_EXISTS for a second MAIN or SPOUSE, with
    /// EMAIL_TAKEN, with PROGRAM_FULL where the party has its places and there is none for one more, with PROGRAM_GROUP_FULL (`limit`, `used`), with NOT_EDITABLE for an application that is
    /// REJECTED or WITHDRAWN; LIMIT_REACHED for an eleventh CHILD. FORBIDDEN with NOT_LEADER for a MEMBER unless the applicant leads the group that the application is for.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn add_attendee(
        ctx: &Context<'_>,
        /// Who.
        input: AddAttendeeInput,
    ) -> Result<Loaded<Attendee>> {
        let application = Id::<Application>::parse("applicationId", &input.application_id)?;
        let name = text::name("name", &input.name)?;
        let (email, key) = input.email.as_deref().map(address).transpose()?.unzip();
        let key = key.flatten();
        let id = Id::<Attendee>::generate();
        let added = ctx.tx().query(sql::ADD, &[&application, &id, &input.kind, &name, &email, &key]).await;
        let rows = answered(added, "applicationId")?;
        if !rows.first().is_some_and(|row| row.get::<_, bool>(0)) {
            return Err(ctx.untouched(application, "application").await.field("applicationId"));
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("attendee").field("id"))
    }

    /// Changes the name or the address of somebody who comes; their tickets stay. With another address anybody but the MAIN attendee is no longer the person they were, and their tickets
    /// have other codes: those of before are worth nothing. Of your own application, with APPLICATION_MANAGE of any; else FORBIDDEN with NOT_YOURS. CONFLICT with EMAIL_TAKEN, with
    /// NOT_EDITABLE for an application that is REJECTED or WITHDRAWN.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn update_attendee(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAttendeeInput,
    ) -> Result<Loaded<Attendee>> {
        let id = Id::<Attendee>::parse("id", &input.id)?;
        let name = match &input.name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::not_null("name")),
            MaybeUndefined::Value(name) => Some(text::name("name", name)?),
        };
        let (email, key) = match &input.email {
            MaybeUndefined::Value(email) => Some(address(email)?),
            MaybeUndefined::Undefined | MaybeUndefined::Null => None,
        }
        .unzip();
        let (key, clears) = (key.flatten(), input.email.is_null());
        let rows = answered(ctx.tx().query(sql::CHANGE, &[&id, &name, &email, &key, &clears]).await, "id")?;
        match rows.first().and_then(|row| row.get::<_, Option<bool>>(0)) {
            None => return Err(ctx.untouched(id, "attendee").await),
            Some(true) => orders::renew_codes(ctx, id).await?,
            Some(false) => {}
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("attendee").field("id"))
    }

    /// Somebody does not come; the place that they had is offered to who waits. Of your own application, with APPLICATION_MANAGE of any; else FORBIDDEN with NOT_YOURS. CONFLICT with
    /// MAIN_ATTENDEE, with IN_USE while they hold a ticket, with NOT_EDITABLE for an application that is REJECTED or WITHDRAWN. Answers the id.
    #[needs(ApplicationSubmit, ApplicationManage)]
    async fn remove_attendee(
        ctx: &Context<'_>,
        /// The attendee's id.
        id: Id<Attendee>,
    ) -> Result<Id<Attendee>> {
        let rows = answered(ctx.tx().query(sql::REMOVE, &[&id]).await, "id")?;
        if rows.first().is_some_and(|row| row.get::<_, bool>(0)) { Ok(id) } else { Err(ctx.untouched(id, "attendee").await) }
    }
}

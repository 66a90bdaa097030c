//! Making addresses at which bookings are read.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    permission::Permission::BookingReadAll,
    resolve::{Ctx, Insert, Loaded, Rows},
    sealing::Sealed,
};
use lectern_macros::mutations;

use super::{
    CalendarFeed, FeedAddress, FeedDetail,
    feed::FeedScope,
    inputs::CreateCalendarFeedInput,
    secret::{generate, hint, secret_hash},
    sql,
};
use crate::domains::{
    identity::{self, User},
    resources::Resource,
};

/// Mutations of feeds.
pub struct FeedMutations;

fn no_feed() -> Error {
    Error::not_found("feed").field("id")
}

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("You may have {limit} feeds: delete one first."), limit, used).reason("TOO_MANY_FEEDS")
}

/// A new secret: its address is shown in the answer about this feed. Answers what the database keeps of it.
fn new_secret(ctx: &Context<'_>, feed: Id<CalendarFeed>) -> Result<(Sealed, String)> {
    let secret = generate()?;
    let address = ctx.request().services.outside.get::<FeedAddress>()?;
    ctx.request().show(ctx, feed.0, address.url(&secret));
    let hash = secret_hash(&secret).ok_or_else(|| Error::internal("a new secret is none"))?;
    Ok((Sealed(hash), hint(&secret)))
}

/// Whose bookings a feed shows.
async fn subject(ctx: &Context<'_>, input: &CreateCalendarFeedInput) -> Result<(FeedScope, Option<Id<User>>, Option<Id<Resource>>)> {
    let scope = input.scope.unwrap_or(FeedScope::Mine);
    let instructor = Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())?;
    let resource = Id::<Resource>::parse_opt("resourceId", input.resource_id.as_ref())?;
    if instructor.is_some() && scope != FeedScope::Instructor {
        return Err(Error::bad_input("instructorId", "must be left out unless `scope` is INSTRUCTOR"));
    }
    if resource.is_some() && scope != FeedScope::Resource {
        return Err(Error::bad_input("resourceId", "must be left out unless `scope` is RESOURCE"));
    }
    let actor = ctx.actor()?;
    match scope {
        FeedScope::Mine => Ok((scope, None, None)),
        FeedScope::Instructor => {
            let instructor = instructor.unwrap_or(Id::from_uuid(actor.user));
            if !actor.is(instructor.0) && !actor.can(BookingReadAll) {
                return Err(Error::missing_permission(&[BookingReadAll]).field("instructorId"));
            }
            identity::require_instructor(ctx, "instructorId", instructor).await?;
            Ok((scope, Some(instructor), None))
        }
        FeedScope::Resource => {
            if !actor.can(BookingReadAll) {
                return Err(Error::missing_permission(&[BookingReadAll]).field("scope"));
            }
            let resource = resource.ok_or_else(|| Error::bad_input("resourceId", "must be given where `scope` is RESOURCE"))?;
            match ctx.get(resource).await? {
                Some(_) => Ok((scope, None, Some(resource))),
                None => Err(Error::not_found("resource").field("resourceId")),
            }
        }
    }
}

#[mutations("CalendarFeed")]
impl FeedMutations {
    /// Makes an address at which calendars elsewhere read bookings; its `url` is in this answer alone. Whoever knows it reads what you see, until you rotate
    /// or delete it. Another instructor's, or a resource's, needs BOOKING_READ_ALL. LIMIT_REACHED with TOO_MANY_FEEDS where you have 20.
    #[in_person]
    async fn create_calendar_feed(
        ctx: &Context<'_>,
        /// The feed.
        input: CreateCalendarFeedInput,
    ) -> Result<Loaded<CalendarFeed>> {
        let columns = CalendarFeed::COLUMNS;
        let feed = Insert::<CalendarFeed>::new().input(ctx, &input)?;
        let (scope, instructor, resource) = subject(ctx, &input).await?;
        let (hash, hint) = new_secret(ctx, feed.id())?;
        let owner: Id<User> = Id::from_uuid(ctx.actor()?.user);
        let feed = feed.set(columns.scope, scope).set(columns.instructor_id, instructor).set(columns.resource_id, resource);
        let feed = feed.set(columns.detail, input.detail.unwrap_or(FeedDetail::Full)).set(columns.owner_id, owner);
        Ok(feed.set(columns.secret_hash, hash).set(columns.hint, hint).run(ctx).await.on_constraint("calendar_feed_cap", too_many)?)
    }

    /// Gives a feed another address, which is in this answer alone; the one before is dead at once.
    #[in_person]
    async fn rotate_calendar_feed(
        ctx: &Context<'_>,
        /// The feed's id.
        id: Id<CalendarFeed>,
    ) -> Result<Loaded<CalendarFeed>> {
        let (hash, hint) = new_secret(ctx, id)?;
        let rotated = ctx.tx().query(sql::ROTATE, &[&id, &hash, &hint]).await?;
        let feed = if rotated.is_empty() { None } else { ctx.whole(id).await? };
        feed.ok_or_else(no_feed)
    }

    /// Deletes a feed: its address is dead at once. Answers its id.
    async fn delete_calendar_feed(
        ctx: &Context<'_>,
        /// The feed's id.
        id: Id<CalendarFeed>,
    ) -> Result<Id<CalendarFeed>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await?;
        if deleted.is_empty() { Err(no_feed()) } else { Ok(id) }
    }
}

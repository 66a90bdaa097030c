//! Naming calendars that are kept elsewhere.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Rows as _},
};
use lectern_macros::mutations;
use uuid::Uuid;

use super::{
    BusySource,
    calendars::{Calendars, read_apart, reduced_apart},
    inputs::CreateBusySourceInput,
    reading::Unread,
    secret, sql,
};
use crate::domains::{bookings::Span, identity::User, tenants};

/// Bytes of a file at most: a request has 1 MiB.
const MOST: usize = 512 << 10;

/// Mutations of busy sources.
pub struct BusySourceMutations;

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("You may have {limit} busy sources: delete one first."), limit, used).reason("TOO_MANY_SOURCES")
}

fn no_source() -> Error {
    Error::not_found("source").field("id")
}

/// A file that is no calendar, or too much of one.
fn unreadable(unread: Unread) -> Error {
    match unread {
        Unread::NotACalendar => Error::bad_input("content", "must be a calendar, as iCalendar, to its end").reason("NOT_A_CALENDAR"),
        Unread::TooBig => Error::bad_input("content", "must have at most 5,000 occurrences from yesterday to 400 days ahead"),
    }
}

#[mutations("BusySource")]
impl BusySourceMutations {
    /// Names a calendar that you keep elsewhere: whatever in it takes its time blocks yours. Exactly one of `url` and `content`. An address is read at once
    /// and about every 15 minutes, a file with this mutation. BAD_USER_INPUT with URL_NOT_ALLOWED for an address that is not public, with NOT_A_CALENDAR for
    /// a file that is none; LIMIT_REACHED with TOO_MANY_SOURCES where you have 10.
    #[needs(AvailabilityManage)]
    async fn create_busy_source(
        ctx: &Context<'_>,
        /// The source.
        input: CreateBusySourceInput,
    ) -> Result<Loaded<BusySource>> {
        let (columns, services) = (BusySource::COLUMNS, &ctx.request().services);
        let tenant = ctx.tx().identity().tenant;
        let source = Insert::<BusySource>::new().input(ctx, &input)?;
        let zone = tenants::time_zone(ctx, "timeZone", input.time_zone.as_deref())?;
        let name = match &input.time_zone {
            Some(name) => name.clone(),
            None => ctx.actor()?.time_zone.clone(),
        };
        let owner: Id<User> = Id::from_uuid(ctx.actor()?.user);
        let source = source.set(columns.instructor_id, owner).set(columns.time_zone, name);
        let created = |made: Result<Loaded<BusySource>, DbError>| made.on_constraint("busy_source_cap", too_many);
        match (&input.url, &input.content) {
            (Some(url), None) => {
                let url = services.outside.get::<Calendars>()?.check("url", url)?;
                let host = url.host_str().unwrap_or_default().to_owned();
                let sealed = secret::seal_url(&services.sealer, tenant, url.as_str());
                Ok(created(source.set(columns.host, Some(host)).set(columns.url, Some(sealed)).run(ctx).await)?)
            }
            (None, Some(content)) => {
                if content.len() > MOST {
                    return Err(Error::bad_input("content", "must have at most 512 KiB"));
                }
                // What is read is what is kept: it is what will be read again.
                let kept = reduced_apart(content.clone()).await.map_err(unreadable)?;
                let read = read_apart(kept.clone().into_bytes(), zone, ctx.now()).await.map_err(unreadable)?;
                let sealed = secret::seal_content(&services.sealer, tenant, &kept);
                let id = source.id();
                created(source.set(columns.content, Some(sealed)).run(ctx).await)?;
                let warnings = i32::try_from(read.warnings).unwrap_or(i32::MAX);
                let known: Vec<Uuid> = known_bookings(ctx.tx(), &read.bookings()).await?;
                let (starts, ends) = halves(&read.beside(&known));
                ctx.tx().query(sql::FILL, &[&id, &starts, &ends, &warnings]).await?;
                ctx.whole(id).await?.ok_or_else(no_source)
            }
            (Some(_), Some(_)) => Err(Error::bad_input("content", "must be left out where `url` is given")),
            (None, None) => Err(Error::bad_input("url", "must be given, or `content`")),
        }
    }

    /// Reads a busy source now, beside its usual times. It is asked for with this, and read soon after. RATE_LIMITED where that was within the minute;
    /// CONFLICT with INVALID_TRANSITION for a file, which was read when it came.
    #[needs(AvailabilityManage)]
    async fn refresh_busy_source(
        ctx: &Context<'_>,
        /// The source's id.
        id: Id<BusySource>,
    ) -> Result<Loaded<BusySource>> {
        let soon = |error: &DbError| {
            let seconds = error.number("seconds").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(60);
            Error::rate_limited("You have asked for this within the minute.", seconds)
        };
        let asked = ctx.tx().value::<bool>(sql::REFRESH, &[&id]).await;
        let asked = asked.on_constraint("busy_source_wait", soon).on_constraint("busy_source_file", |_| {
            Error::conflict("INVALID_TRANSITION", "A file was read when it came, and is not read anew.").field("id")
        })?;
        let source = if asked == Some(true) { ctx.whole(id).await? } else { None };
        source.ok_or_else(no_source)
    }

    /// Deletes a busy source, yours or with BOOKING_MANAGE anybody's: what it blocked is open again. Answers its id.
    #[needs(AvailabilityManage, BookingManage)]
    async fn delete_busy_source(
        ctx: &Context<'_>,
        /// The source's id.
        id: Id<BusySource>,
    ) -> Result<Id<BusySource>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await?;
        if deleted.is_empty() { Err(no_source()) } else { Ok(id) }
    }
}

/// Which of these ids are bookings of the school.
pub(super) async fn known_bookings(tx: &lectern_kernel::db::Tx, asked: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.query(sql::KNOWN, &[&asked]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(DbError::from)).collect()
}

/// The starts and the ends of spans.
pub(super) fn halves(spans: &[Span]) -> (Vec<Timestamp>, Vec<Timestamp>) {
    spans.iter().map(|span| (span.start, span.end)).unzip()
}

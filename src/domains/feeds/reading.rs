//! A feed, as it is read by whoever knows its address.

use calcard::icalendar::ICalendarMethod;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    clock,
    db::{ColumnReader, DbError, Identity, Tx},
    error::{Error, Result},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    entry::Entry,
    feed::{FeedDetail, FeedScope},
    ics::Calendar,
    sql,
};
use crate::domains::mail::Language;

/// Bookings of a feed at most.
const MOST: usize = 2_000;
/// How far it looks back, in hours.
const BACK: i64 = 30 * 24;
/// How far ahead.
const AHEAD: i64 = 365 * 24;

/// What came of reading a feed.
#[derive(Debug)]
pub enum Feed {
    /// It, as iCalendar.
    Read(String),
    /// There is none of this address, or nobody whose it could be.
    Absent,
    /// The school's subscription does not run.
    Lapsed,
    /// It was read too often; for so many seconds it is not.
    Wait(u64),
}

/// What a feed shows.
struct Shown {
    name: String,
    scope: FeedScope,
    instructor: Option<Uuid>,
    resource: Option<Uuid>,
    detail: FeedDetail,
    school: String,
    language: Language,
}

/// Finds the feed whose address ends with a secret: the statement that a transaction of nobody is opened with; `$2` is the hash of the secret.
pub const FIND: &str = sql::FIND;

/// Reads the feed that was found, as its owner: with what they may do now. The transaction is theirs afterwards; it is to be committed, for the read is
/// counted.
///
/// # Errors
/// When the database can't be asked.
pub async fn read(tx: &Tx, found: Option<&Row>) -> Result<Feed, DbError> {
    let Some(row) = found else { return Ok(Feed::Absent) };
    let mut reader = ColumnReader::new(row);
    let (tenant, feed, user): (Uuid, Uuid, Uuid) = (reader.next()?, reader.next()?, reader.next()?);
    tx.assume(Identity { tenant, user, session: Uuid::nil() }).await?;
    enter(tx, feed, user, clock::now()).await
}

async fn enter(tx: &Tx, feed: Uuid, owner: Uuid, now: Timestamp) -> Result<Feed, DbError> {
    let rows = tx.query(sql::ENTER, &[&feed]).await?;
    let Some(row) = rows.first() else { return Ok(Feed::Absent) };
    let mut reader = ColumnReader::new(row);
    let (name, scope, instructor, resource) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
    let (detail, school): (FeedDetail, String) = (reader.next()?, reader.next()?);
    let (locale, is_subscribed, wait): (Option<String>, bool, Option<i32>) = (reader.next()?, reader.next()?, reader.next()?);
    if !is_subscribed {
        return Ok(Feed::Lapsed);
    }
    if let Some(seconds) = wait {
        return Ok(Feed::Wait(u64::try_from(seconds).unwrap_or(1)));
    }
    let language = Language::of(&locale.unwrap_or_default());
    let shown = Shown { name, scope, instructor, resource, detail, school, language };
    Ok(Feed::Read(write(&shown, entries(tx, &shown, owner, now).await?)))
}

/// Its bookings, in the order of their start.
async fn entries(tx: &Tx, shown: &Shown, owner: Uuid, now: Timestamp) -> Result<Vec<Entry>, DbError> {
    let (condition, subject) = match shown.scope {
        FeedScope::Mine => (sql::MINE, owner),
        FeedScope::Instructor => (sql::OF_INSTRUCTOR, shown.instructor.unwrap_or_default()),
        FeedScope::Resource => (sql::WITH_RESOURCE, shown.resource.unwrap_or_default()),
    };
    let (from, to) = (now - SignedDuration::from_hours(BACK), now + SignedDuration::from_hours(AHEAD));
    let rows = tx.query(&sql::entries(&sql::shown(condition, MOST)), &[&from, &to, &subject]).await?;
    let mut entries = rows.iter().map(Entry::read).collect::<Result<Vec<Entry>, DbError>>()?;
    entries.sort_by_key(|entry| (entry.starts_at, entry.booking.0));
    Ok(entries)
}

fn write(shown: &Shown, entries: Vec<Entry>) -> String {
    let mut calendar = Calendar::new(ICalendarMethod::Publish).named(&format!("{} · {}", shown.name, shown.school));
    for entry in &entries {
        calendar.add(entry, shown.detail, shown.language, Vec::new());
    }
    calendar.write()
}

impl Feed {
    /// What it holds.
    ///
    /// # Errors
    /// `NOT_FOUND`, `SUBSCRIPTION_EXPIRED`, `RATE_LIMITED`.
    pub fn text(self) -> Result<String> {
        match self {
            Feed::Read(text) => Ok(text),
            Feed::Absent => Err(Error::not_found("calendar")),
            Feed::Lapsed => Err(Error::subscription_expired()),
            Feed::Wait(seconds) => Err(Error::rate_limited("This calendar is read too often.", seconds)),
        }
    }
}

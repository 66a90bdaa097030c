//! When an instructor can be booked.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, Record},
    error::Result,
    ids::{Id, Kind},
    resolve::{Ctx, DateTime},
};

use crate::domains::identity::User;

/// A span in which an instructor can be assigned to bookings. Spans of one instructor may overlap or adjoin; together they
/// count as one. The whole school sees them.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Availability {
    /// Its id.
    pub id: Id<Availability>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 31 days later.
    pub ends_at: DateTime,
    #[graphql(skip)]
    pub(super) instructor_id: Id<User>,
    /// Read by the same statement, where the document asks for it.
    #[graphql(skip)]
    pub(super) joined_instructor: Option<Option<User>>,
}

impl Kind for Availability {
    const PREFIX: &'static str = "availability";
    const TYPE: &'static str = "Availability";
}

impl Record for Availability {
    const COLUMNS: &'static [&'static str] = &["id", "starts_at", "ends_at", "instructor_id"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Availability {
            id: reader.next()?,
            starts_at: reader.next()?,
            ends_at: reader.next()?,
            instructor_id: reader.next()?,
            joined_instructor: None,
        })
    }
}

impl Availability {
    /// Reads an availability and its instructor out of one row.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    pub fn read_with_instructor(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        let availability = Availability::read(reader)?;
        Ok(Availability { joined_instructor: Some(User::read_joined(reader)?), ..availability })
    }
}

#[ComplexObject]
impl Availability {
    /// Whose time it is; null when you may not see them.
    async fn instructor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match &self.joined_instructor {
            Some(instructor) => Ok(instructor.clone()),
            None => ctx.load(self.instructor_id).await,
        }
    }
}

lectern_kernel::eager! { Availability { "id": id, "startsAt": starts_at, "endsAt": ends_at } with { "instructor": joined_instructor } }

//! How a booking stands, as far as it says what may become of it.

use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
    ids::Id,
};

use super::{Booking, BookingStatus, span::Span, sql};
use crate::domains::{identity::User, resources::Resource, slots::BookingType};

/// A booking that the actor sees.
pub struct Standing {
    /// Its type; none: without one.
    pub kind: Option<Id<BookingType>>,
    /// Its learner.
    pub learner: Id<User>,
    /// Where it stands.
    pub status: BookingStatus,
    /// When it is.
    pub span: Span,
    /// Whom the learner wished for.
    pub wished: Option<Id<User>>,
    /// Who is assigned.
    pub instructor: Option<Id<User>>,
    /// Whether nobody is to take it.
    pub needs_nobody: bool,
    /// Whether it holds all that it asks for from the request on.
    pub holds: bool,
    /// Whether it is a seat of a group session.
    pub is_seat: bool,
    /// The resources that it takes, in their order.
    pub things: Vec<Id<Resource>>,
}

impl Standing {
    /// A booking as it stands now.
    ///
    /// # Errors
    /// `NOT_FOUND` for one that the actor can't see.
    pub async fn of(tx: &Tx, id: Id<Booking>) -> Result<Standing> {
        let rows = tx.query(sql::STANDING, &[&id]).await?;
        let row = rows.first().ok_or_else(|| Error::not_found("booking").field("id"))?;
        let mut reader = ColumnReader::new(row);
        Ok(Standing {
            kind: reader.next()?,
            learner: reader.next()?,
            status: reader.next()?,
            span: Span { start: reader.next()?, end: reader.next()? },
            wished: reader.next()?,
            instructor: reader.next()?,
            needs_nobody: reader.next::<Option<bool>>()?.unwrap_or_default(),
            holds: reader.next::<Option<bool>>()?.unwrap_or_default(),
            is_seat: reader.next()?,
            things: reader.next()?,
        })
    }

    /// Refuses one that is over, or called off.
    ///
    /// # Errors
    /// `INVALID_TRANSITION`.
    pub fn check_open(&self) -> Result<()> {
        match self.status {
            BookingStatus::Requested | BookingStatus::Approved | BookingStatus::Assigned => Ok(()),
            BookingStatus::Completed | BookingStatus::Cancelled => {
                let message = format!("A booking that is {} stays as it is.", self.status.as_str());
                Err(Error::conflict("INVALID_TRANSITION", message))
            }
        }
    }
}

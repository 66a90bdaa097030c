//! What the mutations of waitlists take.

use async_graphql::{ID, InputObject};
use lectern_kernel::resolve::DateTime;

/// What to wait for: a full group session, or a booking type with a window.
#[derive(InputObject)]
pub struct JoinWaitlistInput {
    /// The booking type; goes with `from` and `to`.
    pub booking_type_id: Option<ID>,
    /// A group session that is full, instead of a booking type.
    pub group_session_id: Option<ID>,
    /// When the window begins, in which you can book nothing.
    pub from: Option<DateTime>,
    /// When it ends: at most 31 days later, and not in the past.
    pub to: Option<DateTime>,
    /// Whom alone you wait for: one of the type's instructors. Left out: whoever is free.
    pub instructor_id: Option<ID>,
}

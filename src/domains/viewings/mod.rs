//! Viewings: seeing what somebody else sees, and changing nothing. Table: `view_as`.
//!
//! Permission: USER_VIEW_AS. Whoever looks is the other person for guards and policies, for 15 minutes, in transactions that the database keeps
//! READ ONLY; what is private to its owner stays so (`app.viewed_by()` in its policy). Each document leaves an entry in the log before its answer
//! goes out, and the person is told. Invariants, kept by the database: one looks in one place at a time; a viewing dies with the sign-in that it
//! was begun from, with the permission, and with the rank (`app.load_viewing`). The engine's part: `execute/viewing.rs`.

mod notice;
mod view_as;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

pub use self::notice::VIEWED_AS;
use crate::domains::identity::User;

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[view_as::ViewAs::object],
    operations: &[view_as::ViewAsMutations::OPERATIONS],
    extensions: &[&view_as::ViewedBy::EXTENSION],
    recorded: &[("ViewAs", "viewas")],
    references: &[("actor_id", User::PREFIX), ("session_id", "session")],
    ..Domain::new("viewings")
};

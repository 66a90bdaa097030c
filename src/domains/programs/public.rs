//! What everybody may know of programs.

use lectern_kernel::{
    db::{Order, SortKey},
    ids::Id,
    resolve::DateTime,
};
use lectern_macros::object;

use super::{Program, program::ProgramKind};
use crate::domains::tenants::Tenant;

/// A program as everybody may know it: one that is ACTIVE and not over, of a listed school in good standing.
// It is listed by a function, and never asked for by an id: no id begins with this prefix.
#[object(table = "app.public_programs", alias = "pb", id = "publicprogram", key = "id")]
#[derive(Clone, Debug)]
pub struct PublicProgram {
    #[hidden]
    pub id: Id<Program>,
    #[hidden]
    pub tenant_id: Id<Tenant>,
    /// Its short name, unique in the school, for addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// What it is.
    pub kind: ProgramKind,
    /// When it begins.
    pub starts_at: Option<DateTime>,
    /// When it is over.
    pub ends_at: Option<DateTime>,
    /// Until when it takes applications; null: until it ends.
    pub applications_close_at: Option<DateTime>,
    /// Whether every place is taken: who applies now waits for one.
    pub is_full: bool,
}

/// By name.
pub const BY_NAME: Order = Order { key: SortKey::name("NAME", "pb.name"), id: "pb.id", descending: false };

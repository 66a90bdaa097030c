//! `node` and `nodes`: anything by its id, through the guards and the rows of the type's own root field.

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;
use lectern_kernel::{
    error::{Error, Result},
    ids::{self, Id, Kind},
    registry::KindInfo,
    resolve::{Ctx, SignedIn},
};
use uuid::Uuid;

use crate::domains::{
    audit::AuditEntry,
    bookings::{Availability, Booking},
    courses::{Course, Section},
    enrollments::Enrollment,
    groups::Group,
    identity::{Role, User},
    registry,
    tenants::Tenant,
};

/// Anything that has an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id, unique across all types."))]
#[allow(clippy::large_enum_variant, reason = "short-lived, one per answered id")]
pub enum Node {
    /// A school.
    Tenant(Tenant),
    /// A person.
    User(User),
    /// A role.
    Role(Role),
    /// A course.
    Course(Course),
    /// A section of a course.
    Section(Section),
    /// An enrollment.
    Enrollment(Enrollment),
    /// A group.
    Group(Group),
    /// An availability.
    Availability(Availability),
    /// A booking.
    Booking(Booking),
    /// An entry of the audit log.
    AuditEntry(AuditEntry),
}

/// Ids at most in one call of `nodes`.
const MAX_NODES: usize = 100;

/// Reads an id of any kind.
pub(super) fn read_id(field: &str, id: &ID) -> Result<(&'static KindInfo, Uuid)> {
    let known = |prefix: &str| registry().kind_with_prefix(prefix).filter(|kind| kind.is_node);
    match ids::decode(id.as_str()).map(|(prefix, uuid)| (prefix, known(prefix), uuid)) {
        Some((_, Some(kind), uuid)) => Ok((kind, uuid)),
        Some((prefix, None, _)) => Err(Error::bad_input(field, format!("begins with `{prefix}_`, which no id of this API does"))),
        None => Err(Error::bad_input(field, "is not an id; an id is a word, `_` and 26 characters")),
    }
}

pub(super) async fn find(ctx: &Context<'_>, field: &str, id: &ID) -> Result<Option<Node>> {
    let (kind, uuid) = read_id(field, id)?;
    // What the type's own root field asks for.
    if !kind.needs.is_empty() {
        ctx.actor()?.require(kind.needs)?;
    }
    Ok(match kind.prefix {
        Tenant::PREFIX => ctx.load(Id::<Tenant>::from_uuid(uuid)).await?.map(Node::Tenant),
        User::PREFIX => ctx.load(Id::<User>::from_uuid(uuid)).await?.map(Node::User),
        Role::PREFIX => ctx.load(Id::<Role>::from_uuid(uuid)).await?.map(Node::Role),
        Course::PREFIX => ctx.load(Id::<Course>::from_uuid(uuid)).await?.map(Node::Course),
        Section::PREFIX => ctx.load(Id::<Section>::from_uuid(uuid)).await?.map(Node::Section),
        Enrollment::PREFIX => ctx.load(Id::<Enrollment>::from_uuid(uuid)).await?.map(Node::Enrollment),
        Group::PREFIX => ctx.load(Id::<Group>::from_uuid(uuid)).await?.map(Node::Group),
        Availability::PREFIX => ctx.load(Id::<Availability>::from_uuid(uuid)).await?.map(Node::Availability),
        Booking::PREFIX => ctx.load(Id::<Booking>::from_uuid(uuid)).await?.map(Node::Booking),
        AuditEntry::PREFIX => ctx.load(Id::<AuditEntry>::from_uuid(uuid)).await?.map(Node::AuditEntry),
        _ => None,
    })
}

/// Anything by its id.
#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// Anything by its id; null when there is no such thing, or none that you may see. What its own root field needs is
    /// needed here as well.
    #[graphql(guard = "SignedIn")]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The id of anything.")] id: ID) -> Result<Option<Node>> {
        find(ctx, "id", &id).await
    }

    /// Several things by their ids, in the order asked for; null for each that you may not see. At most 100.
    #[graphql(guard = "SignedIn", complexity = "ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of anything; at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(Error::bad_input("ids", format!("must hold at most {MAX_NODES} ids")));
        }
        let fields: Vec<String> = (0..ids.len()).map(|index| format!("ids.{index}")).collect();
        try_join_all(ids.iter().zip(&fields).map(|(id, field)| find(ctx, field, id))).await
    }
}

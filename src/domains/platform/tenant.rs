//! A school as the platform sees it: its row, numbers, and its administrators.

use async_graphql::Context;
use lectern_kernel::{
    db::SortKey,
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Orders, registry::OrderValue},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::loaders::{AdminsOf, UsageOf};

text_enum! {
    /// Where a school stands.
    pub enum TenantState {
        /// Its subscription runs.
        Active = "ACTIVE",
        /// Its subscription begins later.
        NotBegun = "NOT_BEGUN",
        /// Its subscription has ended; its data is kept.
        Lapsed = "LAPSED",
        /// The platform has suspended it.
        Suspended = "SUSPENDED",
    }
}

/// A school.
#[object(table = "app.desk_tenants()", alias = "t", id = "tenant", name = "Tenant", node, resolvers)]
#[derive(Clone, Debug)]
pub struct DeskTenant {
    /// Its id, the same as its people see.
    pub id: Id<DeskTenant>,
    /// Its short name, unique and for good.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its time zone, as IANA names it.
    pub time_zone: String,
    /// The language in which it is written to.
    #[wide]
    #[column("app.desk_locale({}.id)")]
    pub locale: String,
    /// Whether it stands in the public list of schools.
    pub is_listed: bool,
    /// Where it stands.
    pub state: TenantState,
    /// When its subscription begins, or began.
    pub subscription_start: DateTime,
    /// When its subscription lapses; null when it doesn't.
    pub subscription_end: Option<DateTime>,
    /// How many people it may have; null for any number.
    pub max_users: Option<i32>,
    /// How many instructors it may have; null for any number.
    pub max_instructors: Option<i32>,
    /// Since when it has been suspended; null where it is not.
    pub suspended_at: Option<DateTime>,
    /// Why it was suspended; null where it is not.
    pub suspend_reason: Option<String>,
    /// When it was founded.
    pub created_at: DateTime,
    /// When its row was last changed.
    pub updated_at: DateTime,
}

/// What a school holds: numbers only.
#[object]
#[derive(Clone, Debug, Default)]
pub struct TenantUsage {
    /// People who were not deleted.
    pub users: i32,
    /// Those of them who teach.
    pub instructors: i32,
    /// Courses that were not deleted.
    pub courses: i32,
    /// Groups that were not deleted.
    pub groups: i32,
    /// Enrollments, whatever their state.
    pub enrollments: i32,
    /// Bookings, whatever their state.
    pub bookings: i32,
    /// When somebody signed in last; null where nobody has, of the sign-ins that are kept.
    pub last_sign_in_at: Option<DateTime>,
}

/// An administrator of a school: nobody else of its people is known here.
#[object]
#[derive(Clone, Debug)]
pub struct TenantAdmin {
    /// Their email address.
    pub email: String,
    /// Their name; null where they are invited and none was given.
    pub name: Option<String>,
    /// Whether they are invited, and have not accepted yet.
    pub is_invited: bool,
}

#[resolvers]
impl DeskTenant {
    /// What it holds.
    #[cost(10)]
    async fn usage(id: Id<DeskTenant>, ctx: &Context<'_>) -> Result<TenantUsage> {
        Ok(ctx.load(UsageOf(id)).await?.unwrap_or_default())
    }

    /// Its administrators, those who are invited after the others.
    #[cost(5)]
    async fn admins(id: Id<DeskTenant>, ctx: &Context<'_>) -> Result<Vec<TenantAdmin>> {
        Ok(ctx.load(AdminsOf(id)).await?.unwrap_or_default())
    }
}

/// What schools are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct TenantOrders;

impl Orders for TenantOrders {
    const OF: &'static str = "Tenant";
    const WHAT: &'static str = "schools";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "t.name")),
        ("CREATED_AT", "By when they were founded.", SortKey::moment("CREATED_AT", "t.created_at")),
        (
            "SUBSCRIPTION_END",
            "By when their subscription lapses; those that never do come last.",
            SortKey::moment("SUBSCRIPTION_END", "coalesce(t.subscription_end, timestamptz '9999-12-01T00:00Z')"),
        ),
    ];
    const ID: &'static str = "t.id";
    const DEFAULT: (usize, bool) = (0, false);
}

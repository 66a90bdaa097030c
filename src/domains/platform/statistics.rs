//! What all schools hold together: the sum of what each does, out of one snapshot.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    resolve::{Ctx, DateTime},
};
use lectern_macros::object;

use super::{sql, tenant::TenantState};

/// What all schools hold together.
#[object]
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Schools.
    pub tenants: i32,
    /// How many of them are in which state; states without schools are left out.
    pub tenants_by_state: Vec<TenantStateCount>,
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
    /// Those of them that are COMPLETED.
    pub completed_enrollments: i32,
    /// Bookings, whatever their state.
    pub bookings: i32,
}

/// How many schools are in a state.
#[object]
#[derive(Clone, Debug)]
pub struct TenantStateCount {
    /// The state.
    pub state: TenantState,
    /// How many.
    pub count: i32,
}

/// A count as GraphQL has it.
pub(super) fn int(count: i64) -> Result<i32> {
    i32::try_from(count).map_err(|_| Error::internal(format!("{count} is more than a count may be")))
}

/// Adds up what was created from one moment to another.
pub(super) async fn add_up(ctx: &Context<'_>, from: Option<DateTime>, to: Option<DateTime>) -> Result<Statistics> {
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Error::bad_input("to", "must be after `from`"));
    }
    let states = ctx.tx().query(sql::STATES, &[&from, &to]).await?;
    let states = states.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        Ok(TenantStateCount { state: reader.next()?, count: int(reader.next()?)? })
    });
    let mut tenants_by_state = states.collect::<Result<Vec<_>>>()?;
    tenants_by_state.sort_unstable_by_key(|count| count.state);
    let rows = ctx.tx().query(sql::STATISTICS, &[&from, &to]).await?;
    let mut reader = ColumnReader::new(rows.first().ok_or_else(|| Error::internal("sums answered nothing"))?);
    Ok(Statistics {
        tenants: tenants_by_state.iter().map(|count| count.count).sum(),
        tenants_by_state,
        users: int(reader.next()?)?,
        instructors: int(reader.next()?)?,
        courses: int(reader.next()?)?,
        groups: int(reader.next()?)?,
        enrollments: int(reader.next()?)?,
        completed_enrollments: int(reader.next()?)?,
        bookings: int(reader.next()?)?,
    })
}

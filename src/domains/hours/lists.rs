//! Lists of hours: filters.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    resolve::{Date, DateTime},
};

use super::inputs::{LONGEST_TIME_OFF, date};
use crate::domains::{bookings::overlap, identity::User, resources::Resource};

/// Which rules.
#[derive(InputObject, Default, Clone)]
pub struct AvailabilityRuleFilter {
    /// Of this instructor.
    pub instructor_id: Option<ID>,
    /// Of this resource.
    pub resource_id: Option<ID>,
    /// That may begin on this date, if it is one of their days.
    pub valid_on: Option<Date>,
}

/// Which times off.
#[derive(InputObject, Default, Clone)]
pub struct TimeOffFilter {
    /// Of this instructor.
    pub instructor_id: Option<ID>,
    /// Of this resource.
    pub resource_id: Option<ID>,
    /// That last beyond this moment.
    pub from: Option<DateTime>,
    /// That begin before this moment; must be later than `from`.
    pub to: Option<DateTime>,
}

/// Narrows a list to what is of an instructor, of a resource.
fn narrow_to_owner(list: &mut List, alias: &str, instructor: Option<&ID>, resource: Option<&ID>) -> Result<()> {
    if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", instructor)? {
        let instructor = list.bind(instructor);
        list.filter(format!("{alias}.instructor_id = {instructor}"));
    }
    if let Some(resource) = Id::<Resource>::parse_opt("filter.resourceId", resource)? {
        let resource = list.bind(resource);
        list.filter(format!("{alias}.resource_id = {resource}"));
    }
    Ok(())
}

impl AvailabilityRuleFilter {
    /// Narrows a list of rules.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        narrow_to_owner(list, "ar", self.instructor_id.as_ref(), self.resource_id.as_ref())?;
        if let Some(on) = self.valid_on {
            let on = list.bind(date("filter.validOn", &on)?);
            list.filter(format!("ar.valid_from <= {on} AND (ar.valid_until IS NULL OR ar.valid_until >= {on})"));
        }
        Ok(())
    }
}

impl TimeOffFilter {
    /// Narrows a list of times off.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        overlap(list, "o", self.from, self.to, LONGEST_TIME_OFF)?;
        narrow_to_owner(list, "o", self.instructor_id.as_ref(), self.resource_id.as_ref())
    }
}

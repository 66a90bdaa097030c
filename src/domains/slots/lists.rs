//! Lists of booking types: filters.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id, resolve::text};

use crate::domains::{courses::Course, identity::User, resources::Resource};

/// Which booking types.
#[derive(InputObject, Default, Clone)]
pub struct BookingTypeFilter {
    /// Beginnings of words in name, description and location, whatever their case and accents.
    pub search: Option<String>,
    /// Whether they take new bookings; true unless given.
    pub is_active: Option<bool>,
    /// Whose bookings belong to this course.
    pub course_id: Option<ID>,
    /// Whose bookings this instructor takes.
    pub instructor_id: Option<ID>,
    /// Whose bookings may take this resource.
    pub resource_id: Option<ID>,
}

impl BookingTypeFilter {
    /// Narrows a list of booking types.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("bt.id", &format!("app.search_booking_type({search})"));
        }
        let is_active = list.bind(self.is_active.unwrap_or(true));
        list.filter(format!("bt.is_active = {is_active}"));
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(format!("bt.course_id = {course}"));
        }
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.filter(format!(
                "bt.id IN (SELECT i.type_id FROM booking_type_instructor i WHERE i.tenant_id = $1 AND i.instructor_id = {instructor})"
            ));
        }
        if let Some(resource) = Id::<Resource>::parse_opt("filter.resourceId", self.resource_id.as_ref())? {
            let resource = list.bind(resource);
            list.filter(format!(
                "bt.id IN (SELECT x.type_id FROM booking_type_resource x WHERE x.tenant_id = $1 AND x.resource_id = {resource})"
            ));
        }
        Ok(())
    }
}

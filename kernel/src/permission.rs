//! The closed list of what a role may grant.

use crate::text_enum;

text_enum! {
    /// What a role may grant. A guard asks for one of these; which rows it then reaches is decided by row security.
    pub enum Permission {
        /// See every person of the school with email, roles and state.
        UserRead = "USER_READ",
        /// Create people, in roles that grant no more than the own one.
        UserCreate = "USER_CREATE",
        /// Change, suspend and reactivate people whom one outranks.
        UserUpdate = "USER_UPDATE",
        /// Delete people whom one outranks.
        UserDelete = "USER_DELETE",
        /// See every role of the school.
        RoleRead = "ROLE_READ",
        /// Create, change, delete and assign roles that grant no more than the own one.
        RoleManage = "ROLE_MANAGE",
        /// See courses: published and archived ones, and the own drafts.
        CourseRead = "COURSE_READ",
        /// Create courses of one's own.
        CourseCreate = "COURSE_CREATE",
        /// Change, publish and archive the own courses.
        CourseUpdate = "COURSE_UPDATE",
        /// See every draft, change every course, and set who instructs it; widens ENROLLMENT_MANAGE to every course.
        CourseUpdateAll = "COURSE_UPDATE_ALL",
        /// Delete the own courses; with COURSE_UPDATE_ALL, any.
        CourseDelete = "COURSE_DELETE",
        /// Enroll oneself, record the own progress, drop out.
        EnrollmentSelf = "ENROLLMENT_SELF",
        /// See every enrollment of the school.
        EnrollmentReadAll = "ENROLLMENT_READ_ALL",
        /// Manage the enrollments of the own courses; with COURSE_UPDATE_ALL, of every course.
        EnrollmentManage = "ENROLLMENT_MANAGE",
        /// See every group of the school.
        GroupRead = "GROUP_READ",
        /// Create groups.
        GroupCreate = "GROUP_CREATE",
        /// Change groups, their members and their courses.
        GroupUpdate = "GROUP_UPDATE",
        /// Delete groups.
        GroupDelete = "GROUP_DELETE",
        /// Request bookings, reschedule and cancel the own ones.
        BookingRequest = "BOOKING_REQUEST",
        /// See every booking of the school.
        BookingReadAll = "BOOKING_READ_ALL",
        /// Approve, assign, reschedule, complete and cancel bookings, and manage others' availability.
        BookingManage = "BOOKING_MANAGE",
        /// Complete bookings that are assigned to oneself.
        BookingComplete = "BOOKING_COMPLETE",
        /// Say when one is available. Whoever holds this through any role is an instructor.
        AvailabilityManage = "AVAILABILITY_MANAGE",
        /// See reports over the rows that one may see.
        ReportRead = "REPORT_READ",
        /// Read the audit log.
        AuditRead = "AUDIT_READ",
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(PermissionSet::default(), PermissionSet::with)
    }
}

/// A set of permissions, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// Reads the database's names; unknown ones are left out.
    pub fn from_texts(texts: &[&str]) -> Self {
        texts.iter().filter_map(|text| Permission::from_text(text)).fold(PermissionSet(0), |set, permission| set.with(permission))
    }

    /// The set and one more.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        PermissionSet(self.0 | 1 << permission as u64)
    }

    /// Whether it is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    /// Whether every permission of `other` is in the set.
    pub fn covers(self, other: PermissionSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Its members, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

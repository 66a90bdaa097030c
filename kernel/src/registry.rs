//! What a mutation is about, out of its name and its arguments: for the entries of refusals, which have no row.

use uuid::Uuid;

/// The prefix of the ids of a type.
fn prefix_of(resource: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 11] = [
        ("Tenant", "tenant"),
        ("User", "user"),
        ("Role", "role"),
        ("Session", "session"),
        ("Course", "course"),
        ("Section", "section"),
        ("Enrollment", "enrollment"),
        ("Group", "group"),
        ("Availability", "availability"),
        ("Booking", "booking"),
        ("AuditEntry", "audit"),
    ];
    PREFIXES.iter().find(|(name, _)| *name == resource).map(|(_, prefix)| *prefix)
}

/// Whether a mutation counts towards how often one person may change bookings.
pub fn is_rate_limited(mutation: &str) -> bool {
    ["requestBooking", "approveBooking", "assignBooking", "completeBooking", "cancelBooking", "rescheduleBooking"].contains(&mutation)
}

/// The GraphQL type that a mutation is about: `addGroupMembers` is about a Group.
pub fn resource_of(operation: &str) -> &'static str {
    const SESSIONS: [&str; 6] = ["login", "refreshSession", "logout", "logoutEverywhere", "changePassword", "switchRole"];
    /// The first that the name holds.
    const PARTS: [(&str, &str); 9] = [
        ("reorderSections", "Course"),
        ("Group", "Group"),
        ("Section", "Section"),
        ("Course", "Course"),
        ("Availability", "Availability"),
        ("Booking", "Booking"),
        ("User", "User"),
        ("Role", "Role"),
        ("Progress", "Enrollment"),
    ];
    if SESSIONS.contains(&operation) {
        return "Session";
    }
    PARTS.iter().find(|(part, _)| operation.contains(part)).map_or("Enrollment", |(_, resource)| resource)
}

/// The id of what a mutation is about, among the ids that its arguments name: `(argument, prefix, uuid)`. It stands as
/// `id`, or as `courseId` where that is the kind of thing; an id of another kind is none.
pub fn subject_of<'a>(resource: &str, ids: impl IntoIterator<Item = (&'a str, &'a str, Uuid)>) -> Option<Uuid> {
    let kind = prefix_of(resource)?;
    let mut ids =
        ids.into_iter().filter(|(argument, prefix, _)| *prefix == kind && (*argument == "id" || *argument == format!("{kind}Id")));
    ids.next().map(|(_, _, uuid)| uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutation_names_what_it_is_about() {
        for (operation, resource) in [
            ("createCourse", "Course"),
            ("reorderSections", "Course"),
            ("createSection", "Section"),
            ("enroll", "Enrollment"),
            ("unenroll", "Enrollment"),
            ("recordProgress", "Enrollment"),
            ("updateEnrollmentStatus", "Enrollment"),
            ("addGroupCourses", "Group"),
            ("addGroupMembers", "Group"),
            ("setUserRoles", "User"),
            ("deleteRole", "Role"),
            ("switchRole", "Session"),
            ("requestBooking", "Booking"),
            ("deleteAvailability", "Availability"),
        ] {
            assert_eq!(resource_of(operation), resource, "{operation}");
        }
    }

    #[test]
    fn only_an_id_of_the_right_kind_says_which() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(subject_of("Course", [("id", "course", one)]), Some(one));
        assert_eq!(subject_of("Course", [("id", "user", one)]), None);
        assert_eq!(subject_of("Group", [("userIds", "user", one), ("groupId", "group", two)]), Some(two));
        assert_eq!(subject_of("User", [("userId", "user", one)]), Some(one));
        // The course that somebody was not let into is not the enrollment that there isn't.
        assert_eq!(subject_of("Enrollment", [("courseId", "course", one), ("userId", "user", two)]), None);
        assert_eq!(subject_of("Booking", [("id", "booking", one), ("instructorId", "user", two)]), Some(one));
    }
}

//! The queries of the tools, as a client would send them.

use lectern_kernel::ids;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Tool;

const SEARCH_COURSES: &str =
    "query($query: String!) { courses(first: 20, filter: { search: $query }) { nodes { id title description status } } }";
const COURSE_OUTLINE: &str =
    "query($courseId: ID!) { course(id: $courseId) { id title description sections { title lessons { id title kind durationMinutes } } } }";
const MY_PROGRESS: &str = "{ dashboard { enrollments(first: 50) { nodes { status progress lessonsCompleted lessonsTotal completedAt expiresAt course { id title } resumeLesson { id title } } } } }";
const NEXT_BOOKINGS: &str = "{ dashboard { upcomingBookings(first: 20) { nodes { id startsAt endsAt status course { id title } bookingType { name } instructor { id name } student { id name } } } } }";
const MY_BOOKINGS: &str = "query($me: ID!, $from: DateTime, $to: DateTime) { \
       learning: bookings(first: 50, filter: { studentId: $me, from: $from, to: $to }) { nodes { ...Shown } } \
       teaching: bookings(first: 50, filter: { instructorId: $me, from: $from, to: $to }) { nodes { ...Shown } } } \
     fragment Shown on Booking { id startsAt endsAt status course { id title } bookingType { name } instructor { id name } student { id name } }";
const FREE_SLOTS: &str = "query($from: DateTime!, $to: DateTime!, $instructorId: ID) { \
       calendar(from: $from, to: $to, instructorId: $instructorId) { days { free { startsAt endsAt instructor { id name } } } } }";
const SEARCH_DOCUMENTS: &str =
    "query($query: String!) { documentSearch(query: $query, first: 6) { document { id title } page heading text } }";
/// The outline of the course that a conversation is about.
pub const OUTLINE: &str = COURSE_OUTLINE;

/// The query of a call, and its variables.
pub(super) fn of(tool: Tool, mut given: Map<String, Value>, person: Uuid) -> (&'static str, Map<String, Value>) {
    let query = match tool {
        Tool::SearchCourses => SEARCH_COURSES,
        Tool::CourseOutline => COURSE_OUTLINE,
        Tool::MyProgress => MY_PROGRESS,
        Tool::MyBookings if given.is_empty() => NEXT_BOOKINGS,
        Tool::MyBookings => {
            given.insert("me".to_owned(), json!(ids::encode("user", person)));
            MY_BOOKINGS
        }
        Tool::FreeSlots => FREE_SLOTS,
        Tool::SearchDocuments => SEARCH_DOCUMENTS,
    };
    (query, given)
}

/// What is shown of the data.
pub(super) fn shaped(tool: Tool, data: Value) -> Value {
    let list = |place: &str| data.pointer(place).and_then(Value::as_array).cloned().unwrap_or_default();
    match tool {
        Tool::SearchCourses => Value::Array(list("/courses/nodes")),
        Tool::CourseOutline => data.get("course").cloned().unwrap_or(Value::Null),
        Tool::MyProgress => Value::Array(list("/dashboard/enrollments/nodes")),
        Tool::MyBookings => {
            let mut bookings = list("/dashboard/upcomingBookings/nodes");
            bookings.extend(list("/learning/nodes"));
            for booking in list("/teaching/nodes") {
                if !bookings.iter().any(|known| known.get("id") == booking.get("id")) {
                    bookings.push(booking);
                }
            }
            bookings.sort_by_key(|booking| booking.get("startsAt").and_then(Value::as_str).unwrap_or_default().to_owned());
            Value::Array(bookings)
        }
        Tool::FreeSlots => {
            let days = list("/calendar/days");
            Value::Array(days.iter().filter_map(|day| day.get("free")?.as_array()).flatten().cloned().collect())
        }
        Tool::SearchDocuments => Value::Array(list("/documentSearch")),
    }
}

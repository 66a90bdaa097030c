//! Bookings: nobody is in two places, nobody moves what is not theirs, and no school sees another's.

mod availability;
mod begun;
mod calendar;
mod confirming;
mod costs;
mod limits;
mod lists;
mod moves;
mod moving;
mod outcomes;
mod passing;
mod places;
mod races;
mod requests;
mod terms;
mod transitions;

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, School, TestApp, Who};

const REQUEST: &str = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id status } }";
const APPROVE: &str = "mutation($id: ID!) { approveBooking(id: $id) { id status instructor { id } } }";
const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id status instructor { id } } }";
const COMPLETE: &str = "mutation($id: ID!) { completeBooking(id: $id) { id status } }";
const CANCEL: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id status cancelReason } }";
const RESCHEDULE: &str =
    "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id status startsAt endsAt instructor { id } } }";
const AVAILABLE: &str = "mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id startsAt endsAt instructor { id } } }";
const UNAVAILABLE: &str = "mutation($id: ID!) { deleteAvailability(id: $id) }";

const STATES: [&str; 5] = ["REQUESTED", "APPROVED", "ASSIGNED", "COMPLETED", "CANCELLED"];

/// The permissions of a default role, as the policies know them.
fn permissions(who: Who) -> &'static str {
    match who {
        Who::Admin => {
            "BOOKING_REQUEST,BOOKING_READ_ALL,BOOKING_MANAGE,BOOKING_COMPLETE,AVAILABILITY_MANAGE,USER_READ,COURSE_READ,COURSE_UPDATE_ALL"
        }
        Who::Instructor => "USER_READ,COURSE_READ,BOOKING_COMPLETE,AVAILABILITY_MANAGE",
        Who::Learner => "COURSE_READ,BOOKING_REQUEST",
        Who::Viewer => "USER_READ,COURSE_READ,BOOKING_READ_ALL",
    }
}

#[allow(clippy::disallowed_methods, reason = "a test stands outside of every request")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A moment on a day next week, the same day for the whole run, at whatever hour it ends: so many minutes after its midnight in UTC.
fn moment(minutes: i64) -> Timestamp {
    static MIDNIGHT: LazyLock<i64> = LazyLock::new(|| now().as_second() / 86_400 * 86_400 + 7 * 86_400);
    Timestamp::from_second(*MIDNIGHT).unwrap() + SignedDuration::from_mins(minutes)
}

/// The same as text: `hour(9)` is nine o'clock.
fn hour(hours: i64) -> String {
    minute(hours * 60)
}

fn minute(minutes: i64) -> String {
    moment(minutes).to_string()
}

/// An id of a kind that nobody has.
fn nobody(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    ids::encode(prefix, Uuid::from_u128(0x0190_dead_0000_7000_8000_0000_0000_0000 + u128::from(NEXT.fetch_add(1, Ordering::Relaxed))))
}

/// The UUID behind a TypeID.
fn uuid(id: &Value) -> Uuid {
    ids::decode(id.as_str().unwrap()).unwrap().1
}

fn uuid_of(client: &Client) -> Uuid {
    ids::decode(&client.user_id).unwrap().1
}

/// A booking, put into the database as it is to be.
struct Row<'a> {
    student: &'a Client,
    instructor: Option<&'a Client>,
    wished: Option<&'a Client>,
    status: &'static str,
    /// Minutes, see [`moment`].
    span: (i64, i64),
}

impl Row<'_> {
    /// Its TypeID.
    async fn put(self, app: &TestApp, school: &School) -> Value {
        let id = Uuid::now_v7();
        let person = |client: Option<&Client>| client.map_or_else(|| "NULL".to_owned(), |client| format!("'{}'", uuid_of(client)));
        app.sql(&format!(
            "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, instructor_id, requested_instructor_id, status, starts_at, ends_at) \
             VALUES ('{}', '{id}', {}, {}, {}, '{}', '{}', '{}')",
            school.tenant,
            person(Some(self.student)),
            person(self.instructor),
            person(self.wished),
            self.status,
            minute(self.span.0),
            minute(self.span.1)
        ))
        .await;
        json!(ids::encode("booking", id))
    }
}

/// A booking in a state that `instructor` was wished for, and is assigned to where the state wants one.
async fn booking_in(
    app: &TestApp,
    school: &School,
    status: &'static str,
    student: &Client,
    instructor: &Client,
    span: (i64, i64),
) -> Value {
    let assigned = matches!(status, "ASSIGNED" | "COMPLETED").then_some(instructor);
    Row { student, instructor: assigned, wished: Some(instructor), status, span }.put(app, school).await
}

/// As if the time of a booking had come: it began a moment ago.
async fn begin(app: &TestApp, id: &Value) {
    app.sql(&format!(
        "SET app.audit = 'off'; UPDATE booking SET starts_at = now() - interval '1 second', ends_at = now() + interval '1 hour' WHERE id = '{}'; \
         RESET app.audit",
        uuid(id)
    ))
    .await;
}

/// Puts availability into the database.
async fn available(app: &TestApp, school: &School, instructor: &Client, span: (i64, i64)) -> Value {
    let id = Uuid::now_v7();
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at) VALUES ('{}', '{id}', '{}', '{}', '{}')",
        school.tenant,
        uuid_of(instructor),
        minute(span.0),
        minute(span.1)
    ))
    .await;
    json!(ids::encode("availability", id))
}

/// Puts `count` further people with a default role into a school; they can't sign in.
async fn people(app: &TestApp, school: &School, role: &str, count: usize) {
    app.sql(&format!(
        "SET app.audit = 'off'; \
         WITH made AS (INSERT INTO app_user (tenant_id, id, name, email) \
             SELECT '{tenant}', app.uuid_v7(), '{role} ' || n, lower('{role}') || n || '@more.example' FROM generate_series(1, {count}) AS n RETURNING id) \
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{tenant}', made.id, r.id FROM made, role r WHERE r.tenant_id = '{tenant}' AND r.key = '{role}'",
        tenant = school.tenant
    ))
    .await;
}

/// A person in a role of its own, with these permissions.
async fn person_with(app: &TestApp, school: &School, word: &str, permissions: &[&str]) -> Client {
    app.sql(&format!(
        "SET app.audit = 'off'; \
         INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ('{tenant}', app.uuid_v7(), upper('{word}'), '{word}', '{{{list}}}'); \
         INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{tenant}', app.uuid_v7(), '{word}', '{word}@custom.example'); \
         INSERT INTO credential (tenant_id, user_id, password_hash) SELECT '{tenant}', u.id, c.password_hash FROM app_user u, credential c \
             WHERE u.tenant_id = '{tenant}' AND u.name = '{word}' AND c.tenant_id = '{tenant}' LIMIT 1; \
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{tenant}', u.id, r.id FROM app_user u, role r \
             WHERE u.tenant_id = '{tenant}' AND u.name = '{word}' AND r.tenant_id = '{tenant}' AND r.key = upper('{word}')",
        tenant = school.tenant,
        list = permissions.join(",")
    ))
    .await;
    app.sign_in_as(school, &format!("{word}@custom.example"), crate::app::PASSWORD).await
}

/// What every table of the domain holds, to be compared before and after a refusal.
async fn contents(app: &TestApp) -> Option<String> {
    app.text(
        "SELECT md5(coalesce((SELECT string_agg(b::text, '|' ORDER BY b.id) FROM booking b), '') \
         || coalesce((SELECT string_agg(a::text, '|' ORDER BY a.id) FROM availability a), '') \
         || coalesce((SELECT string_agg(c::text, '|' ORDER BY c.id) FROM time_claim c), '') \
         || coalesce((SELECT string_agg(l::text, '|' ORDER BY l.booking_id, l.resource_id) FROM booking_resource l), '') \
         || coalesce((SELECT string_agg(r::text, '|' ORDER BY r.id) FROM availability_rule r), '') \
         || coalesce((SELECT string_agg(o::text, '|' ORDER BY o.id) FROM time_off o), '') \
         || coalesce((SELECT string_agg(r::text, '|' ORDER BY r.id) FROM resource r), '') \
         || (SELECT count(*) FROM audit_entry WHERE outcome = 'CHANGED' \
             AND resource IN ('Booking', 'Availability', 'AvailabilityRule', 'TimeOff', 'Resource')))",
    )
    .await
}

/// The answer to a request under a fixed correlation id, to the byte, with `id` blanked out.
async fn answer_about(client: &Client, query: &str, variables: Value, id: &str) -> String {
    let answer = client.post(query, variables).header("x-correlation-id", "the-same").send().await.unwrap();
    format!("{} {}", answer.status(), answer.text().await.unwrap().replace(id, "<id>"))
}

/// A booking type of an hour, with these columns beside, and with these instructors; put into the database.
async fn booking_type(app: &TestApp, school: &School, columns: &[(&str, &str)], instructors: &[&Client]) -> Value {
    let id = Uuid::now_v7();
    let names: String = columns.iter().map(|(name, _)| format!(", {name}")).collect();
    let values: String = columns.iter().map(|(_, value)| format!(", {value}")).collect();
    let tenant = school.tenant;
    let mut sql = format!(
        "SET app.audit = 'off'; INSERT INTO booking_type (tenant_id, id, name, durations{names}) VALUES ('{tenant}', '{id}', 'Lesson', '{{60}}'{values}); "
    );
    for (place, instructor) in instructors.iter().enumerate() {
        sql.push_str(&format!(
            "INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place) VALUES ('{tenant}', '{id}', '{}', {}); ",
            uuid_of(instructor),
            place + 1
        ));
    }
    app.sql(&format!("{sql} RESET app.audit")).await;
    json!(ids::encode("bookingtype", id))
}

/// Makes a booking one of a type, as if it had been booked as such.
async fn make_of(app: &TestApp, booking: &Value, kind: &Value) {
    app.sql(&format!(
        "SET session_replication_role = replica; UPDATE booking SET booking_type_id = '{}' WHERE id = '{}'; RESET session_replication_role",
        uuid(kind),
        uuid(booking)
    ))
    .await;
}

/// Moves a booking in time, whatever anybody thinks of it: to begin in so many minutes, for an hour.
async fn begin_in(app: &TestApp, booking: &Value, minutes: i64) {
    app.sql(&format!(
        "SET session_replication_role = replica; UPDATE booking SET starts_at = now() + interval '{minutes} minutes', \
         ends_at = now() + interval '{minutes} minutes' + interval '1 hour', created_at = created_at - interval '60 days' WHERE id = '{}'; \
         RESET session_replication_role",
        uuid(booking)
    ))
    .await;
}

/// Refused in this way, and nothing has changed.
async fn refused(app: &TestApp, client: &Client, mutation: &str, variables: Value, line: &str) {
    let before = contents(app).await;
    assert_eq!(client.refused(mutation, variables).await, line, "{mutation}");
    assert_eq!(contents(app).await, before, "{mutation}: {line} changed something");
}

//! People who were in two places before the database refused it: a migrate names them, and stops until they are moved.

use lectern::ops::sources;
use lectern_kernel::ids;
use uuid::Uuid;

use super::{apply, fingerprint, refused};
use crate::app::{TestApp, Who};

const FILE: &str = "sql/data/0001_claim_time_of_bookings.sql";

#[tokio::test]
async fn a_migrate_names_who_is_in_two_places_and_goes_on_once_they_are_moved() {
    let app = TestApp::start().await;
    let [ada, learner, viewer] =
        [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await];
    let uuid_of = |id: &str| ids::decode(id).unwrap().1;
    let (ada_id, learner_id, viewer_id) = (uuid_of(&ada.user_id), uuid_of(&learner.user_id), uuid_of(&viewer.user_id));
    let bookings: Vec<Uuid> = (0..5).map(|n| Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0c00 + n)).collect();
    let row = |n: usize, student: Uuid, instructor: Option<Uuid>, status: &str, from: &str, to: &str| {
        let instructor = instructor.map_or_else(|| "NULL".to_owned(), |id| format!("'{id}'"));
        format!(
            "('{}', '{}', '{student}', {instructor}, '{status}', '2030-05-06T{from}Z', '2030-05-06T{to}Z')",
            app.oak.tenant, bookings[n]
        )
    };
    let rows = [
        row(0, ada_id, None, "APPROVED", "08:00", "09:00"),
        row(1, learner_id, Some(ada_id), "ASSIGNED", "08:30", "09:30"),
        row(2, viewer_id, Some(viewer_id), "COMPLETED", "10:00", "11:00"),
        row(3, learner_id, Some(ada_id), "ASSIGNED", "09:30", "10:00"),
        row(4, ada_id, None, "REQUESTED", "08:00", "18:00"),
    ]
    .join(", ");
    // As an older version left it; and more than one batch of what clashes with nothing.
    app.sql(&format!(
        "SET app.audit = 'off'; SET session_replication_role = replica;
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at) VALUES {rows};
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at)
             SELECT '{}', gen_random_uuid(), '{learner_id}', '{ada_id}', 'COMPLETED', at, at + interval '1 hour'
             FROM generate_series(timestamptz '2020-01-01', '2020-03-01', '1 hour') AS at;
         RESET session_replication_role; RESET app.audit;
         DELETE FROM lectern_applied WHERE file = '{FILE}'; UPDATE lectern_applied SET digest = '' WHERE file = 'fingerprint'",
        app.oak.tenant
    ))
    .await;
    let source = sources::embedded().unwrap();
    let said = refused(&app, source).await;
    let [a, b, c] = [0, 1, 2].map(|n| ids::encode("booking", bookings[n]));
    let pairs = format!(
        "oak: {ada} is learner of {a} (2030-05-06T08:00Z) and instructor of {b} (2030-05-06T08:30Z); \
         oak: {viewer} is instructor of {c} (2030-05-06T10:00Z) and learner of {c} (2030-05-06T10:00Z)",
        ada = ada.user_id,
        viewer = viewer.user_id
    );
    assert!(
        said.contains(&format!("2 pairs of bookings say that somebody is: move or cancel one of each, then migrate again. {pairs}")),
        "{said}"
    );
    assert!(said.contains(FILE), "{said}");
    // What clashes with nothing has claimed its time; so has the first of each pair, and the learner of the second.
    assert_eq!(app.count("time_claim").await, 2 * (31 + 29) * 24 + 2 + 1 + 1 + 1 + 2);
    assert_eq!(app.count(&format!("lectern_applied WHERE file = '{FILE}' AND NOT finished")).await, 1);
    // Said again until it is done; moving one of a pair by its learner's own hand is enough.
    assert_eq!(refused(&app, source).await.matches("oak: ").count(), 2);
    learner.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { status } }", serde_json::json!({ "i": { "id": b } })).await;
    let said = refused(&app, source).await;
    assert!(said.contains("1 pair of bookings") && !said.contains(&a) && said.contains(&c), "{said}");
    app.sql(&format!("SET app.audit = 'off'; UPDATE booking SET instructor_id = '{ada_id}' WHERE id = '{}'; RESET app.audit", bookings[2]))
        .await;
    apply(&app, source).await.unwrap();
    let held = "SELECT count(*)::text FROM booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, b.instructor_id)";
    assert_eq!(app.text(held).await, app.text("SELECT count(*)::text FROM time_claim").await);
    assert!(apply(&app, source).await.unwrap().rows.is_empty());
    assert_eq!(fingerprint(&app).await, source.fingerprint());
}

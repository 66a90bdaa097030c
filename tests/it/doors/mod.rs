//! Doors: what is scanned, who is let in, and what a door without network knows.

mod races;
mod rosters;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Client, School, TestApp, Who},
    classroom::{nothing, refused, uuid},
};

pub const SCAN: &str = "mutation($i: CheckInInput!) { checkIn(input: $i) { id clientId outcome attendeeName productName station scannedAt receivedAt firstScannedAt ticket { id checkedInAt } by { name } } }";
pub const LOG: &str =
    "query($f: CheckInFilter) { checkIns(first: 100, filter: $f) { totalCount nodes { id clientId outcome scannedAt } } }";

/// A program that runs, with an accepted application of the school's learner: its TypeID. Past every rule, as if it had been sold through the API.
pub async fn program(app: &TestApp, school: &School, slug: &str) -> String {
    let lea = app.sign_in(school, Who::Learner).await;
    let (tenant, id, applicant) = (school.tenant, Uuid::now_v7(), uuid(&lea.user_id));
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO program (tenant_id, id, slug, name, status, currencies, enroll_when) VALUES ('{tenant}', '{id}', '{slug}', '{slug}', 'ACTIVE', '{{EUR}}', 'PAID');
         INSERT INTO program_currency (tenant_id, program_id, currency, position) VALUES ('{tenant}', '{id}', 'EUR', 1);
         INSERT INTO program_places (tenant_id, program_id) VALUES ('{tenant}', '{id}');
         INSERT INTO application (tenant_id, id, program_id, user_id, status, submitted_at, accepted_at) VALUES ('{tenant}', gen_random_uuid(), '{id}', '{applicant}', 'ACCEPTED', now(), now());
         SET session_replication_role = DEFAULT;"
    ))
    .await;
    ids::encode("program", id)
}

/// What a ticket is to be like, beside what all are.
#[derive(Clone, Copy)]
pub struct Kind {
    pub status: &'static str,
    pub admission: &'static str,
    pub valid_from: &'static str,
    pub valid_until: &'static str,
}

impl Default for Kind {
    fn default() -> Self {
        Kind { status: "ISSUED", admission: "ONCE", valid_from: "NULL", valid_until: "NULL" }
    }
}

/// A ticket with this code, for an attendee called like it: its TypeID.
pub async fn ticket(app: &TestApp, program: &str, code: &str, Kind { status, admission, valid_from, valid_until }: Kind) -> String {
    let (program, id) = (uuid(program), Uuid::now_v7());
    let hash = hash(code);
    let reference = hash[..8].to_uppercase().replace(['0', '1'], "G");
    let order_status = match status {
        "HELD" => "PENDING",
        _ => "PAID",
    };
    app.sql(&format!(
        "SET session_replication_role = replica;
         CREATE TEMPORARY TABLE new_ids AS SELECT a.tenant_id, a.id AS application_id, a.user_id, gen_random_uuid() AS product_id, gen_random_uuid() AS attendee_id,
             gen_random_uuid() AS order_id, gen_random_uuid() AS line_id FROM application a WHERE a.program_id = '{program}';
         INSERT INTO product (tenant_id, id, program_id, name, kind, duration) SELECT tenant_id, product_id, '{program}', 'Entry', 'TICKET', 'FULL' FROM new_ids;
         INSERT INTO product_stock (tenant_id, product_id, held) SELECT tenant_id, product_id, 1 FROM new_ids;
         INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, user_id, issued_tickets)
             SELECT tenant_id, attendee_id, application_id, '{program}', 'MEMBER', '{code}', user_id, CASE WHEN '{status}' = 'ISSUED' THEN 1 ELSE 0 END FROM new_ids;
         INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, total, paid_at)
             SELECT tenant_id, order_id, '{reference}', 'PURCHASE', '{program}', application_id, user_id, '{order_status}', 'EUR', 0, 0, now() FROM new_ids;
         INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, total)
             SELECT tenant_id, line_id, order_id, 1, product_id, attendee_id, 'Entry', 'TICKET', 1, 0, 0, 0 FROM new_ids;
         INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, admission, valid_from, valid_until, code_hash)
             SELECT tenant_id, '{id}', order_id, line_id, '{program}', application_id, product_id, attendee_id, '{status}', 0, 'EUR', 'TICKET', '{admission}', {valid_from}, {valid_until},
                 decode('{hash}', 'hex') FROM new_ids;
         DROP TABLE new_ids;
         SET session_replication_role = DEFAULT;"
    ))
    .await;
    ids::encode("ticket", id)
}

/// The hash of a code, as it is kept.
pub fn hash(code: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, code.as_bytes()).as_ref())
}

/// A moment so many minutes ago.
pub fn ago(minutes: i64) -> String {
    (crate::app::now() - jiff::SignedDuration::from_mins(minutes)).round(jiff::Unit::Second).unwrap().to_string()
}

/// One scan, now.
pub fn scan(program: &str, client: &str, code: &str) -> Value {
    json!({ "i": { "programId": program, "scans": [{ "clientId": client, "code": code }] } })
}

/// What became of scans: `client OUTCOME`, in the order of the answers.
pub async fn outcomes(door: &Client, program: &str, scans: Value) -> Vec<String> {
    let answers = door.ok(SCAN, json!({ "i": { "programId": program, "scans": scans } })).await["checkIn"].take();
    let say = |answer: &Value| format!("{} {}", answer["clientId"].as_str().unwrap(), answer["outcome"].as_str().unwrap());
    answers.as_array().unwrap().iter().map(say).collect()
}

#[tokio::test]
async fn a_ticket_lets_in_once_and_every_scan_is_kept() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let fair = program(&app, &app.oak, "fair").await;
    let entry = ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind::default()).await;
    let mut first = ada.ok(SCAN, scan(&fair, "s1", "aaaa-bbbb cccc-dddd")).await["checkIn"][0].take();
    assert_eq!(
        (&first["outcome"], &first["attendeeName"], &first["productName"]),
        (&json!("ADMITTED"), &json!("AAAABBBBCCCCDDDD"), &json!("Entry"))
    );
    assert_eq!((&first["ticket"]["id"], &first["ticket"]["checkedInAt"]), (&json!(entry), &first["scannedAt"]));
    assert_eq!(first["firstScannedAt"], first["scannedAt"]);
    // The same scan again, by a device that got no answer, is the same row; another of the same ticket is none that lets in.
    let again = ada.ok(SCAN, scan(&fair, "s1", "aaaa-bbbb cccc-dddd")).await["checkIn"][0].take();
    assert_eq!(again, first);
    let second = ada.ok(SCAN, scan(&fair, "s2", "AAAABBBBCCCCDDDD")).await["checkIn"][0].take();
    assert_eq!((&second["outcome"], &second["firstScannedAt"]), (&json!("DUPLICATE"), &first["scannedAt"].take()));
    // What is not let in is kept as well.
    let other = program(&app, &app.oak, "other").await;
    for (code, status) in [("CANCELLEDAAAAAAA", "CANCELLED"), ("UNPAIDAAAAAAAAAA", "HELD")] {
        ticket(&app, &fair, code, Kind { status, ..Kind::default() }).await;
    }
    ticket(&app, &other, "EXOTHERAAAAAAAAA", Kind::default()).await;
    ticket(&app, &fair, "EXLATERAAAAAAAAA", Kind { valid_from: "now() + interval '1 hour'", ..Kind::default() }).await;
    ticket(&app, &fair, "EXENDEDAAAAAAAAA", Kind { valid_until: "now() - interval '1 hour'", ..Kind::default() }).await;
    let scans = json!([
        { "clientId": "a", "code": "CANCELLEDAAAAAAA" },
        { "clientId": "b", "code": "UNPAIDAAAAAAAAAA" },
        { "clientId": "c", "code": "EXOTHERAAAAAAAAA" },
        { "clientId": "d", "code": "EXLATERAAAAAAAAA" },
        { "clientId": "e", "code": "EXENDEDAAAAAAAAA" },
        // It was valid then.
        { "clientId": "f", "code": "EXENDEDAAAAAAAAA", "scannedAt": ago(90), "station": "Gate 2" },
        { "clientId": "g", "code": "" },
        { "clientId": "h", "code": "AAAABBBBCCCCDDDE" },
    ]);
    let expected =
        ["a CANCELLED", "b UNPAID", "c WRONG_PROGRAM", "d NOT_VALID_NOW", "e NOT_VALID_NOW", "f ADMITTED", "g UNKNOWN", "h UNKNOWN"];
    assert_eq!(outcomes(&ada, &fair, scans).await, expected);
    let kept = ada.ok(LOG, json!({ "f": { "programId": fair } })).await["checkIns"].take();
    assert_eq!((&kept["totalCount"], kept["nodes"].as_array().unwrap().last().unwrap()["clientId"].as_str()), (&json!(10), Some("f")));
    for (filter, count) in [
        (json!({ "outcomes": ["UNKNOWN", "UNPAID"] }), 3),
        (json!({ "ticketId": entry }), 2),
        (json!({ "programId": other }), 0),
        (json!({ "to": ago(60) }), 1),
        (json!({ "from": ago(60), "programId": fair }), 9),
    ] {
        assert_eq!(ada.ok(LOG, json!({ "f": filter })).await["checkIns"]["totalCount"], count, "{filter}");
    }
    assert_eq!(ada.refused(LOG, json!({ "f": { "from": ago(1), "to": ago(2) } })).await, "BAD_USER_INPUT @filter.to");
}

#[tokio::test]
async fn who_came_is_found_by_whoever_sees_them_with_or_without_their_tickets() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (fair, other) = (program(&app, &app.oak, "fair").await, program(&app, &app.oak, "other").await);
    for (program, code) in [(&fair, "AAAABBBBCCCCDDDD"), (&fair, "EEEEFFFFGGGGHHHH"), (&other, "JJJJKKKKMMMMNNNN")] {
        ticket(&app, program, code, Kind::default()).await;
    }
    ada.ok(SCAN, scan(&fair, "s1", "AAAABBBBCCCCDDDD")).await;
    app.sql("INSERT INTO role (tenant_id, id, key, name, permissions) SELECT tenant_id, gen_random_uuid(), 'JURY', 'Jury', '{APPLICATION_REVIEW}' FROM tenant WHERE slug = 'oak'").await;
    let rex = app.person(&app.oak, "rex@oak.example", &["JURY"]).await;
    for program in [&fair, &other] {
        crate::applications::reviewers(&admin, program, &[(&rex, false)]).await;
    }
    let list = "query($f: AttendeeFilter) { attendees(filter: $f) { totalCount nodes { name checkedInAt } } }";
    for client in [&admin, &ada, &rex] {
        for (filter, names) in [
            (json!({ "checkedIn": true }), vec!["AAAABBBBCCCCDDDD"]),
            (json!({ "checkedIn": false }), vec!["EEEEFFFFGGGGHHHH", "JJJJKKKKMMMMNNNN"]),
            (json!({ "checkedIn": true, "programId": fair }), vec!["AAAABBBBCCCCDDDD"]),
            (json!({ "checkedIn": false, "programId": fair }), vec!["EEEEFFFFGGGGHHHH"]),
            (json!({ "checkedIn": true, "programId": other }), vec![]),
        ] {
            let seen = client.ok(list, json!({ "f": filter })).await["attendees"].take();
            let nodes = seen["nodes"].as_array().unwrap();
            let found: Vec<&str> = nodes.iter().map(|attendee| attendee["name"].as_str().unwrap()).collect();
            assert_eq!((found, &seen["totalCount"]), (names.clone(), &json!(names.len())), "{filter}");
            assert!(nodes.iter().all(|attendee| json!(attendee["checkedInAt"].is_string()) == filter["checkedIn"]), "{filter}: {seen}");
        }
    }
}

#[tokio::test]
async fn what_arrives_late_counts_by_when_it_was_scanned() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let fair = program(&app, &app.oak, "fair").await;
    ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind::default()).await;
    let (early, late) = (ago(300), ago(30));
    let batch = |client: &str, at: &str| json!([{ "clientId": client, "code": "AAAABBBBCCCCDDDD", "scannedAt": at }]);
    assert_eq!(outcomes(&ada, &fair, batch("online", &late)).await, ["online ADMITTED"]);
    // A door without network had let them in before.
    let mut offline = ada.ok(SCAN, json!({ "i": { "programId": fair, "scans": batch("offline", &early) } })).await["checkIn"][0].take();
    assert_eq!((&offline["outcome"], &offline["firstScannedAt"]), (&json!("DUPLICATE"), &json!(early)));
    assert_eq!(offline["ticket"]["checkedInAt"].take(), json!(early));
    let read = "query($id: ID!) { node(id: $id) { ... on CheckIn { outcome firstScannedAt } } }";
    let online = ada.ok(LOG, json!({})).await["checkIns"]["nodes"][0].take();
    assert_eq!(ada.ok(read, json!({ "id": online["id"] })).await["node"], json!({ "outcome": "ADMITTED", "firstScannedAt": early }));
    // In one batch the earliest scan is let in, wherever it stands; and the same scan twice is one.
    ticket(&app, &fair, "EEEEFFFFGGGGHHHH", Kind::default()).await;
    let scans = json!([
        { "clientId": "x", "code": "EEEEFFFFGGGGHHHH", "scannedAt": ago(10) },
        { "clientId": "y", "code": "EEEEFFFFGGGGHHHH", "scannedAt": ago(20) },
        { "clientId": "x", "code": "EEEEFFFFGGGGHHHH", "scannedAt": ago(10) },
    ]);
    assert_eq!(outcomes(&ada, &fair, scans).await, ["x DUPLICATE", "y ADMITTED", "x DUPLICATE"]);
}

#[tokio::test]
async fn a_daily_ticket_lets_in_on_each_day_of_the_schools_clock() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    app.sql(&format!("UPDATE tenant SET time_zone = 'Pacific/Auckland' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    let fair = program(&app, &app.oak, "fair").await;
    ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind { admission: "DAILY", ..Kind::default() }).await;
    let midnight = app
        .text("SELECT to_char(date_trunc('day', now() AT TIME ZONE 'Pacific/Auckland') - interval '3 days', 'YYYY-MM-DD HH24:MI')")
        .await
        .unwrap();
    let at = |shift: &str| {
        format!(
            "SELECT to_char((timestamp '{midnight}' + interval '{shift}') AT TIME ZONE 'Pacific/Auckland' AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        )
    };
    let mut scans = Vec::new();
    for (client, shift) in [("evening", "-1 minute"), ("midnight", "0 minutes"), ("morning", "7 hours"), ("next", "25 hours")] {
        scans.push(json!({ "clientId": client, "code": "AAAABBBBCCCCDDDD", "scannedAt": app.text(&at(shift)).await }));
    }
    assert_eq!(outcomes(&ada, &fair, json!(scans)).await, ["evening ADMITTED", "midnight ADMITTED", "morning DUPLICATE", "next ADMITTED"]);
}

#[tokio::test]
async fn a_wrong_batch_changes_nothing_and_doors_are_for_who_checks_people_in() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let fair = program(&app, &app.oak, "fair").await;
    ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind::default()).await;
    let good = json!({ "clientId": "good", "code": "AAAABBBBCCCCDDDD" });
    let many: Vec<Value> = (0..101).map(|n| json!({ "clientId": n.to_string(), "code": "A" })).collect();
    for (scans, line) in [
        (json!([]), "BAD_USER_INPUT @scans"),
        (json!(many), "BAD_USER_INPUT @scans"),
        (json!([good, { "clientId": " ", "code": "A" }]), "BAD_USER_INPUT @scans.1.clientId"),
        (json!([good, { "clientId": "a", "code": "A".repeat(101) }]), "BAD_USER_INPUT @scans.1.code"),
        (json!([good, { "clientId": "a", "code": "A", "scannedAt": ago(-6) }]), "BAD_USER_INPUT @scans.1.scannedAt"),
        (json!([good, { "clientId": "a", "code": "A", "scannedAt": ago(30 * 24 * 60 + 1) }]), "BAD_USER_INPUT @scans.1.scannedAt"),
        (json!([good, { "clientId": "a", "code": "A", "station": "x".repeat(101) }]), "BAD_USER_INPUT @scans.1.station"),
    ] {
        refused(&app, &ada, SCAN, json!({ "i": { "programId": fair, "scans": scans } }), line).await;
    }
    for strange in [nothing("program"), program(&app, &app.elm, "fair").await] {
        refused(&app, &ada, SCAN, scan(&strange, "a", "AAAABBBBCCCCDDDD"), "NOT_FOUND @programId").await;
    }
    for client in [&lea, &viewer] {
        refused(&app, client, SCAN, scan(&fair, "a", "AAAABBBBCCCCDDDD"), "FORBIDDEN [ATTENDEE_CHECK_IN]").await;
    }
    ada.ok(SCAN, scan(&fair, "a", "AAAABBBBCCCCDDDD")).await;
    assert_eq!(viewer.ok(LOG, json!({})).await["checkIns"]["totalCount"], 1);
    let stranger = app.sign_in(&app.elm, Who::Instructor).await;
    assert_eq!(stranger.ok(LOG, json!({})).await["checkIns"]["totalCount"], 0);
    assert_eq!(lea.refused(LOG, json!({})).await, "FORBIDDEN [ATTENDEE_CHECK_IN APPLICATION_READ_ALL]");
}

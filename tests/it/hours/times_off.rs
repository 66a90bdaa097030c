//! Times off: who sees them, why somebody is away, and what is booked in them all the same.

use serde_json::{Value, json};

use super::*;
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

const LIST: &str = "query($f: TimeOffFilter) { timeOffs(filter: $f) { totalCount nodes { id reason } } }";

fn off(extra: Value) -> Value {
    let mut input = json!({ "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-04T08:00:00Z" });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "i": input })
}

#[tokio::test]
async fn why_somebody_is_away_is_for_them_and_for_managers_and_stands_in_no_log() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let made = ada.ok(OFF, off(json!({ "reason": " In hospital " }))).await["createTimeOff"].take();
    let own = made["id"].clone();
    assert_eq!(
        made,
        json!({ "id": own, "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-04T08:00:00Z", "reason": "In hospital",
                "instructor": { "id": ada.user_id }, "resource": null })
    );
    let of_room = admin.ok(OFF, off(json!({ "resourceId": room, "reason": "Painted", "startsAt": "2099-03-03T00:00:00Z" }))).await["createTimeOff"]["id"].take();
    let mine = json!({ "id": own, "reason": "In hospital" });
    let hidden = json!({ "id": own, "reason": null });
    let painted = json!({ "id": of_room, "reason": "Painted" });
    for (who, expected) in [
        (Who::Admin, vec![&mine, &painted]),
        (Who::Instructor, vec![&mine, &painted]),
        (Who::Viewer, vec![&hidden, &painted]),
        (Who::Learner, vec![&painted]),
    ] {
        let client = app.sign_in(&app.oak, who).await;
        let seen = client.ok(LIST, json!({})).await["timeOffs"].take();
        assert_eq!(
            (&seen["totalCount"], seen["nodes"].as_array().unwrap().iter().collect::<Vec<_>>()),
            (&json!(expected.len()), expected),
            "{who:?}"
        );
        assert_eq!(app.sign_in(&app.elm, who).await.ok(LIST, json!({})).await["timeOffs"]["totalCount"], 0, "{who:?}");
    }
    // By its id, as any other thing that is not seen.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for id in [own.clone(), json!(nothing("timeoff"))] {
        assert_eq!(learner.ok("query($id: ID!) { timeOff(id: $id) { id } }", json!({ "id": id })).await["timeOff"], Value::Null);
    }
    assert_eq!(app.count("audit_entry WHERE (before::text || after::text) LIKE '%hospital%' OR after::text LIKE '%hospital%'").await, 0);
    assert_eq!(app.count("audit_entry WHERE operation = 'createTimeOff' AND after ->> 'has_reason' = 'true'").await, 2);
    // What overlaps a range, half open; whose.
    for (filter, expected) in [
        (json!({ "from": "2099-03-04T08:00:00Z" }), 0),
        (json!({ "to": "2099-03-03T00:00:00Z" }), 1),
        (json!({ "resourceId": room }), 1),
        (json!({ "instructorId": ada.user_id }), 1),
    ] {
        assert_eq!(admin.ok(LIST, json!({ "f": filter })).await["timeOffs"]["totalCount"], expected, "{filter}");
    }
    assert_eq!(
        admin.refused(LIST, json!({ "f": { "from": "2099-03-04T08:00:00Z", "to": "2099-03-04T08:00:00Z" } })).await,
        "BAD_USER_INPUT @filter.to"
    );

    assert_eq!(ada.ok(DROP_OFF, json!({ "id": own })).await["deleteTimeOff"], own);
    assert_eq!(app.changes("deleteTimeOff").await, 1);
}

#[tokio::test]
async fn each_wrong_time_off_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let foreign = app.sign_in(&app.elm, Who::Instructor).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    for (client, extra, line) in [
        (&ada, json!({ "endsAt": "2099-03-02T08:00:00Z" }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "endsAt": "2099-03-02T08:04:59Z" }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "endsAt": "2100-03-04T08:00:00Z" }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "startsAt": "2001-01-01T00:00:00Z", "endsAt": "2001-01-02T00:00:00Z" }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "reason": "x".repeat(1001) }), "BAD_USER_INPUT @reason"),
        (&ada, json!({ "instructorId": admin.user_id }), "FORBIDDEN [BOOKING_MANAGE] @instructorId"),
        (&ada, json!({ "resourceId": room }), "FORBIDDEN [SCHEDULE_MANAGE] @resourceId"),
        (&admin, json!({ "resourceId": room, "instructorId": ada.user_id }), "BAD_USER_INPUT @resourceId"),
        (&admin, json!({ "instructorId": learner.user_id }), "BAD_USER_INPUT @instructorId"),
        (&admin, json!({ "instructorId": foreign.user_id }), "NOT_FOUND @instructorId"),
        (&learner, json!({}), "FORBIDDEN [AVAILABILITY_MANAGE BOOKING_MANAGE SCHEDULE_MANAGE]"),
    ] {
        refused(&app, client, OFF, off(extra), line).await;
    }
    let of_ada = ada.ok(OFF, off(json!({}))).await["createTimeOff"]["id"].take();
    let of_room = admin.ok(OFF, off(json!({ "resourceId": room }))).await["createTimeOff"]["id"].take();
    let of_admin = admin.ok(OFF, off(json!({}))).await["createTimeOff"]["id"].take();
    for (client, id, line) in [
        (&ada, &of_room, "FORBIDDEN NOT_YOURS @id"),
        // She does not see it.
        (&ada, &of_admin, "NOT_FOUND @id"),
        (&foreign, &of_ada, "NOT_FOUND @id"),
        (&ada, &json!(nothing("timeoff")), "NOT_FOUND @id"),
    ] {
        refused(&app, client, DROP_OFF, json!({ "id": id }), line).await;
    }
    admin.ok(DROP_OFF, json!({ "id": of_ada })).await;
}

#[tokio::test]
async fn what_is_booked_in_a_time_off_is_listed_as_far_as_one_sees_it() {
    let app = TestApp::start().await;
    let [admin, ada, viewer] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await];
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at) \
         SELECT s.tenant_id, app.uuid_v7(), s.id, CASE WHEN b.status <> 'APPROVED' THEN i.id END, b.status, b.at::timestamptz, b.at::timestamptz + interval '1 hour' \
         FROM app_user s, app_user i, (VALUES ('2099-03-02T07:00Z', 'ASSIGNED'), ('2099-03-02T07:30Z', 'CANCELLED'), ('2099-03-02T09:00Z', 'ASSIGNED'), \
             ('2099-03-03T09:00Z', 'APPROVED'), ('2099-03-04T07:30Z', 'ASSIGNED')) AS b(at, status) \
         WHERE s.tenant_id = '{0}' AND s.name LIKE 'LEARNER%' AND i.tenant_id = '{0}' AND i.name LIKE 'INSTRUCTOR%'; \
         INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes) \
             SELECT b.tenant_id, b.id, r.id, 1, 0, 0 FROM booking b, resource r WHERE b.starts_at >= '2099-03-03' AND r.tenant_id = b.tenant_id; RESET app.audit",
        app.oak.tenant
    ))
    .await;
    ada.ok(OFF, off(json!({}))).await;
    admin.ok(OFF, off(json!({ "resourceId": room }))).await;
    let query = "{ timeOffs { nodes { resource { name } bookings { totalCount nodes { startsAt status } } } } }";
    let booked = async |client: &Client| {
        let answer = client.ok(query, json!({})).await;
        let nodes = answer["timeOffs"]["nodes"].as_array().unwrap().clone();
        let line = |node: &Value| {
            let bookings = node["bookings"]["nodes"].as_array().unwrap();
            let starts: Vec<&str> = bookings.iter().map(|booking| &booking["startsAt"].as_str().unwrap()[5..13]).collect();
            assert_eq!(node["bookings"]["totalCount"], starts.len());
            format!("{}: {}", node["resource"]["name"].as_str().unwrap_or("ada"), starts.join(" "))
        };
        let mut lines: Vec<String> = nodes.iter().map(line).collect();
        lines.sort();
        lines
    };
    for client in [&admin, &viewer] {
        assert_eq!(booked(client).await, ["Room: 03-03T09 03-04T07", "ada: 03-02T09 03-04T07"]);
    }
    // She is not assigned to what is only approved.
    assert_eq!(booked(&ada).await, ["Room: 03-04T07", "ada: 03-02T09 03-04T07"]);
    assert_eq!(booked(&app.sign_in(&app.oak, Who::Learner).await).await, ["Room: 03-03T09 03-04T07"]);
    // However many there are, their bookings cost one statement.
    let one = app.statements(&admin, "{ timeOffs(first: 1) { nodes { bookings { nodes { id } } } } }", json!({})).await;
    assert_eq!(app.statements(&admin, "{ timeOffs { nodes { bookings { nodes { id } } } } }", json!({})).await, one);
}

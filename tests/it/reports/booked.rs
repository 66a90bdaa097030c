//! What is booked: by type, resource, hour, outcome and lead.

use serde_json::{Value, json};

use super::march;
use crate::app::{School, TestApp, Who};

const BOOKED: &str = "query($from: DateTime, $to: DateTime, $z: String) { reports(from: $from, to: $to) {
    overview { bookings }
    bookingTypeStats { bookingType { name } bookings completed cancelled lateCancels noShows noShowRate medianLeadHours }
    bookingHeatMap(timeZone: $z) { weekday hour bookings }
    bookingOutcomes { outcome count }
    leadTimes { bookings medianHours p90Hours } } }";

/// A type of two of the bookings of March, with outcomes, each made two days before its start; and one that its learner has cancelled late.
async fn typed(app: &TestApp, school: &School) {
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO booking_type (tenant_id, id, name, durations, reminder_minutes) VALUES ('{t}', '00000000-0000-7000-8000-000000000021', 'Lesson', '{{60}}', '{{1440}}');
         UPDATE booking SET created_at = starts_at - interval '48 hours' WHERE tenant_id = '{t}';
         UPDATE booking SET booking_type_id = '00000000-0000-7000-8000-000000000021' WHERE tenant_id = '{t}' AND status IN ('COMPLETED', 'CANCELLED');
         UPDATE booking SET outcome = 'ATTENDED' WHERE tenant_id = '{t}' AND status = 'COMPLETED' AND starts_at < '2026-03-03T00:00Z';
         UPDATE booking SET outcome = 'NO_SHOW', created_at = starts_at - interval '6 hours' WHERE tenant_id = '{t}' AND status = 'COMPLETED' AND starts_at > '2026-03-03T00:00Z';
         UPDATE booking SET is_late_cancel = true WHERE tenant_id = '{t}' AND status = 'CANCELLED';
         SET session_replication_role = origin",
        t = school.tenant
    ))
    .await;
}

fn stats(report: &Value) -> Value {
    let line = |stats: &Value| {
        json!([
            stats["bookingType"]["name"],
            stats["bookings"],
            stats["completed"],
            stats["cancelled"],
            stats["lateCancels"],
            stats["noShows"],
            stats["noShowRate"],
            stats["medianLeadHours"]
        ])
    };
    report["bookingTypeStats"].as_array().unwrap().iter().map(line).collect()
}

fn sum(list: &Value, name: &str) -> i64 {
    list.as_array().unwrap().iter().map(|item| item[name].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn types_outcomes_and_leads_are_counted_of_what_begins_in_the_range_and_is_seen() {
    let app = TestApp::start().await;
    for school in [&app.oak, &app.elm] {
        march(&app, school).await;
        typed(&app, school).await;
    }
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let report = admin.ok(BOOKED, json!({})).await["reports"].take();
    assert_eq!(
        stats(&report),
        json!([[null, 4, 0, 0, 0, 0, null, 48.0], ["Lesson", 3, 2, 1, 1, 1, 0.5, 27.0]]),
        "those with most bookings first"
    );
    assert_eq!(sum(&report["bookingTypeStats"], "bookings"), report["overview"]["bookings"]);
    let outcomes: Vec<String> = report["bookingOutcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["outcome"].as_str().unwrap(), one["count"]))
        .collect();
    assert_eq!(outcomes, ["ATTENDED 1", "LATE 0", "NO_SHOW 1", "INSTRUCTOR_NO_SHOW 0"]);
    assert_eq!(report["leadTimes"], json!({ "bookings": 6, "medianHours": 48.0, "p90Hours": 48.0 }));

    // The second of March alone.
    let day = json!({ "from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z" });
    let report = admin.ok(BOOKED, day).await["reports"].take();
    assert_eq!(stats(&report), json!([["Lesson", 1, 1, 0, 0, 0, 0.0, 48.0], [null, 1, 0, 0, 0, 0, null, 48.0]]));

    // An instructor counts the own ones.
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let report = instructor.ok(BOOKED, json!({})).await["reports"].take();
    assert_eq!(sum(&report["bookingTypeStats"], "bookings"), report["overview"]["bookings"]);
    assert_eq!(sum(&report["bookingHeatMap"], "bookings"), report["overview"]["bookings"]);
    assert_eq!(report["overview"]["bookings"], 4);

    // Nothing is nothing.
    let none = json!({ "from": "2030-01-01T00:00:00Z", "to": "2030-02-01T00:00:00Z" });
    let report = admin.ok(BOOKED, none).await["reports"].take();
    assert_eq!((stats(&report), &report["leadTimes"]), (json!([]), &json!({ "bookings": 0, "medianHours": null, "p90Hours": null })));
    assert_eq!((report["bookingHeatMap"].as_array().unwrap().len(), sum(&report["bookingHeatMap"], "bookings")), (168, 0));
}

#[tokio::test]
async fn the_heat_map_has_every_hour_of_the_week_by_the_zones_clock() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let map = async |zone: Value| {
        let report = admin.ok(BOOKED, json!({ "z": zone })).await["reports"].take();
        let cells = report["bookingHeatMap"].as_array().unwrap().clone();
        assert_eq!(cells.len(), 168);
        assert_eq!(
            (&cells[0]["weekday"], &cells[0]["hour"], &cells[167]["weekday"], &cells[167]["hour"]),
            (&json!("MONDAY"), &json!(0), &json!("SUNDAY"), &json!(23))
        );
        assert_eq!(sum(&report["bookingHeatMap"], "bookings"), report["overview"]["bookings"]);
        let shown = |cell: &Value| format!("{} {} {}", cell["weekday"].as_str().unwrap(), cell["hour"], cell["bookings"]);
        cells.iter().filter(|cell| cell["bookings"] != 0).map(shown).collect::<Vec<_>>()
    };
    // The second of March 2026 is a Monday; the clocks of Auckland are 13 hours ahead.
    assert_eq!(map(json!("UTC")).await, ["MONDAY 9 1", "MONDAY 11 1", "TUESDAY 9 1", "WEDNESDAY 0 1", "WEDNESDAY 9 2", "THURSDAY 9 1"]);
    assert_eq!(
        map(json!("Pacific/Auckland")).await,
        ["MONDAY 22 1", "TUESDAY 0 1", "TUESDAY 22 1", "WEDNESDAY 13 1", "WEDNESDAY 22 2", "THURSDAY 22 1"]
    );
    assert_eq!(map(Value::Null).await, map(json!("Europe/Berlin")).await, "the school's own");
    let bad = "{ reports { bookingHeatMap(timeZone: \"Atlantis/Here\") { hour } } }";
    assert_eq!(admin.refused(bad, json!({})).await, "BAD_USER_INPUT @timeZone");
}

#[tokio::test]
async fn resources_are_open_by_their_rules_and_booked_without_setup() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let create = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
    let mut ids = Vec::new();
    for name in ["Always", "Mornings", "Idle"] {
        let input = json!({ "i": { "name": name, "kind": "ROOM", "setupMinutes": 30, "timeZone": "UTC" } });
        ids.push(admin.ok(create, input).await["createResource"]["id"].take());
    }
    let rule = "mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id } }";
    let mornings = json!({ "i": { "resourceId": ids[1], "weekdays": ["MONDAY"], "from": "08:00", "until": "12:00", "timeZone": "UTC", "validFrom": "2026-01-01" } });
    admin.ok(rule, mornings).await;
    march(&app, &app.oak).await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
             SELECT b.tenant_id, b.id, '{}', 1, 30, 0 FROM booking b WHERE b.status IN ('ASSIGNED', 'COMPLETED', 'CANCELLED');
         SET session_replication_role = origin",
        lectern_kernel::ids::decode(ids[1].as_str().unwrap()).unwrap().1
    ))
    .await;
    let query = "query($f: DateTime, $t: DateTime) { reports(from: $f, to: $t) { resourceUtilisation { resource { name } openHours bookedHours } } }";
    let used = async |from: &str, to: &str| -> Value {
        let list = admin.ok(query, json!({ "f": from, "t": to })).await["reports"]["resourceUtilisation"].take();
        list.as_array().unwrap().iter().map(|item| json!([item["resource"]["name"], item["openHours"], item["bookedHours"]])).collect()
    };
    assert_eq!(
        used("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z").await,
        json!([["Mornings", 4.0, 2.5], ["Always", 24.0, 0.0], ["Idle", 24.0, 0.0]])
    );
    assert_eq!(
        used("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z").await,
        json!([["Mornings", 0.0, 0.33], ["Always", 24.0, 0.0], ["Idle", 24.0, 0.0]])
    );
}

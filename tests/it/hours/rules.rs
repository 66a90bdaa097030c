//! Weekly rules: what is said, who may say it, and what follows from it.

use serde_json::{Value, json};

use super::*;
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

const LIST: &str = "query($f: AvailabilityRuleFilter) { availabilityRules(filter: $f) { totalCount nodes { id } } }";
const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id status } }";

fn mondays(extra: Value) -> Value {
    let mut input = json!({ "weekdays": ["WEDNESDAY", "MONDAY"], "from": "09:00", "until": "12:30", "validFrom": "2099-03-01" });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "i": input })
}

#[tokio::test]
async fn a_rule_is_made_changed_and_deleted_and_opens_its_days() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let made = ada.ok(RULE, mondays(json!({}))).await["createAvailabilityRule"].take();
    let id = made["id"].clone();
    assert!(id.as_str().unwrap().starts_with("hours_"), "{made}");
    assert_eq!(
        made,
        json!({ "id": id, "weekdays": ["MONDAY", "WEDNESDAY"], "from": "09:00", "until": "12:30", "timeZone": "Europe/Berlin", "validFrom": "2099-03-01",
                "validUntil": null, "instructor": { "id": ada.user_id }, "resource": null })
    );
    // The second of March 2099 is a Monday. A learner sees the same.
    let week = ("2099-03-02T00:00:00Z", "2099-03-09T00:00:00Z");
    assert_eq!(free(&learner, &ada.user_id, "UTC", week.0, week.1).await, "03-02T08:00/03-02T11:30 03-04T08:00/03-04T11:30");

    // What is left out stays; a null clears, where there may be none.
    let change = json!({ "i": { "id": id, "weekdays": ["TUESDAY"], "until": "24:00", "validUntil": "2099-03-03" } });
    let changed = ada.ok(CHANGE_RULE, change).await["updateAvailabilityRule"].take();
    assert_eq!(
        changed,
        json!({ "id": id, "weekdays": ["TUESDAY"], "from": "09:00", "until": "24:00", "timeZone": "Europe/Berlin", "validFrom": "2099-03-01",
                "validUntil": "2099-03-03" })
    );
    assert_eq!(free(&ada, &ada.user_id, "UTC", week.0, "2099-03-30T00:00:00Z").await, "03-03T08:00/03-03T23:00");
    ada.ok(CHANGE_RULE, json!({ "i": { "id": id, "validUntil": null, "timeZone": "UTC", "from": "22:00", "until": "02:00" } })).await;
    // Through midnight, in each day of the calendar as much as lies in it; the date is that on which it begins.
    assert_eq!(
        free(&ada, &ada.user_id, "UTC", week.0, "2099-03-12T00:00:00Z").await,
        "03-03T22:00/03-04T00:00 03-04T00:00/03-04T02:00 03-10T22:00/03-11T00:00 03-11T00:00/03-11T02:00"
    );
    assert_eq!(ada.ok(DROP_RULE, json!({ "id": id })).await["deleteAvailabilityRule"], id);
    assert_eq!(free(&ada, &ada.user_id, "UTC", week.0, week.1).await, "");
    for (operation, count) in [("createAvailabilityRule", 1), ("updateAvailabilityRule", 2), ("deleteAvailabilityRule", 1)] {
        assert_eq!(app.changes(operation).await, count, "{operation}");
    }
}

#[tokio::test]
async fn rules_and_availability_add_up_and_time_off_takes_away() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    let utc = |from: &str, until: &str| mondays(json!({ "weekdays": ["MONDAY"], "from": from, "until": until, "timeZone": "UTC" }));
    ada.ok(RULE, utc("08:00", "12:00")).await;
    ada.ok(RULE, utc("11:00", "14:00")).await;
    let extra = json!({ "i": { "startsAt": "2099-03-02T14:00:00Z", "endsAt": "2099-03-02T15:00:00Z" } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", extra).await;
    let day = ("2099-03-02T00:00:00Z", "2099-03-03T00:00:00Z");
    assert_eq!(free(&ada, &ada.user_id, "UTC", day.0, day.1).await, "03-02T08:00/03-02T15:00");
    ada.ok(OFF, json!({ "i": { "startsAt": "2099-03-02T10:00:00Z", "endsAt": "2099-03-02T10:30:00Z" } })).await;
    assert_eq!(
        free_and_busy(&ada, &ada.user_id, "UTC", day.0, day.1).await,
        ("03-02T08:00/03-02T10:00 03-02T10:30/03-02T15:00".into(), String::new())
    );

    // Assigning asks the same: in pieces that adjoin, and not through the time off.
    let booking = async |from: &str, to: &str| {
        app.sql(&format!(
            "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, status, starts_at, ends_at) \
             SELECT u.tenant_id, app.uuid_v7(), u.id, 'APPROVED', '2099-03-02T{from}Z', '2099-03-02T{to}Z' FROM app_user u \
             WHERE u.tenant_id = '{}' AND u.name LIKE 'LEARNER%'; RESET app.audit",
            app.oak.tenant
        ))
        .await;
        let id = app.text(&format!("SELECT app.type_id('booking', id) FROM booking WHERE starts_at = '2099-03-02T{from}Z'")).await.unwrap();
        json!({ "i": { "id": id, "instructorId": ada.user_id } })
    };
    let over = booking("09:30", "10:30").await;
    refused(&app, &admin, ASSIGN, over, "CONFLICT OUTSIDE_AVAILABILITY @instructorId").await;
    let long = booking("11:30", "14:30").await;
    assert_eq!(admin.ok(ASSIGN, long).await["assignBooking"]["status"], "ASSIGNED");
    // What can't be had of open time is busy, and only that.
    assert_eq!(
        free_and_busy(&ada, &ada.user_id, "UTC", day.0, day.1).await,
        ("03-02T08:00/03-02T10:00 03-02T10:30/03-02T11:30 03-02T14:30/03-02T15:00".into(), "03-02T11:30/03-02T14:30".into())
    );
    // Reports count open hours by the same rules: 7 less a half.
    let report = "query($f: DateTime, $t: DateTime) { reports(from: $f, to: $t) { instructorUtilisation { instructor { id } availableHours bookedHours } } }";
    let hours = admin.ok(report, json!({ "f": day.0, "t": day.1 })).await["reports"]["instructorUtilisation"][0].take();
    assert_eq!(hours, json!({ "instructor": { "id": ada.user_id }, "availableHours": 6.5, "bookedHours": 3.0 }));
    // Rules without an end are not counted for centuries.
    let centuries = json!({ "f": "1900-01-01T00:00:00Z", "t": "2999-01-01T00:00:00Z" });
    assert_eq!(admin.refused(report, centuries).await, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn each_wrong_rule_is_refused_with_its_field_and_changes_nothing() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let foreign = app.sign_in(&app.elm, Who::Instructor).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let elsewhere = resource(&app.sign_in(&app.elm, Who::Admin).await, json!({ "name": "Room", "kind": "ROOM" })).await;
    for (client, extra, line) in [
        (&ada, json!({ "weekdays": [] }), "BAD_USER_INPUT @weekdays"),
        (&ada, json!({ "weekdays": ["MONDAY", "MONDAY"] }), "BAD_USER_INPUT @weekdays"),
        (&ada, json!({ "from": "24:00" }), "BAD_USER_INPUT @from"),
        (&ada, json!({ "until": "09:00" }), "BAD_USER_INPUT @until"),
        (&ada, json!({ "timeZone": "Europe/Nowhere" }), "BAD_USER_INPUT @timeZone"),
        (&ada, json!({ "validUntil": "2099-02-28" }), "BAD_USER_INPUT @validUntil"),
        (&ada, json!({ "validFrom": "1066-10-14" }), "BAD_USER_INPUT @validFrom"),
        (&ada, json!({ "instructorId": admin.user_id }), "FORBIDDEN [BOOKING_MANAGE] @instructorId"),
        (&ada, json!({ "resourceId": room }), "FORBIDDEN [SCHEDULE_MANAGE] @resourceId"),
        (&admin, json!({ "resourceId": room, "instructorId": ada.user_id }), "BAD_USER_INPUT @resourceId"),
        (&admin, json!({ "instructorId": learner.user_id }), "BAD_USER_INPUT @instructorId"),
        (&admin, json!({ "instructorId": foreign.user_id }), "NOT_FOUND @instructorId"),
        (&admin, json!({ "resourceId": elsewhere }), "NOT_FOUND @resourceId"),
        (&admin, json!({ "resourceId": nothing("resource") }), "NOT_FOUND @resourceId"),
        (&learner, json!({}), "FORBIDDEN [AVAILABILITY_MANAGE BOOKING_MANAGE SCHEDULE_MANAGE]"),
    ] {
        refused(&app, client, RULE, mondays(extra), line).await;
    }
    let unread = |text: &str| mondays(json!({ "from": text }));
    for text in ["9:00", "09:60", "25:00", "noon"] {
        assert!(ada.refused(RULE, unread(text)).await.starts_with("BAD_USER_INPUT"), "{text}");
    }

    let of_ada = ada.ok(RULE, mondays(json!({}))).await["createAvailabilityRule"]["id"].take();
    let of_admin = admin.ok(RULE, mondays(json!({}))).await["createAvailabilityRule"]["id"].take();
    let of_room = admin.ok(RULE, mondays(json!({ "resourceId": room }))).await["createAvailabilityRule"]["id"].take();
    let change = |id: &Value, extra: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (client, variables, line) in [
        (&ada, change(&of_ada, json!({ "until": "09:00" })), "BAD_USER_INPUT @until"),
        (&ada, change(&of_ada, json!({ "from": "24:00" })), "BAD_USER_INPUT @from"),
        (&ada, change(&of_ada, json!({ "from": null })), "BAD_USER_INPUT @from"),
        (&ada, change(&of_ada, json!({ "weekdays": null })), "BAD_USER_INPUT @weekdays"),
        (&ada, change(&of_ada, json!({ "timeZone": null })), "BAD_USER_INPUT @timeZone"),
        (&ada, change(&of_ada, json!({ "validUntil": "2000-01-01" })), "BAD_USER_INPUT @validUntil"),
        (&ada, change(&of_admin, json!({ "until": "10:00" })), "FORBIDDEN NOT_YOURS @id"),
        (&ada, change(&of_room, json!({ "until": "10:00" })), "FORBIDDEN NOT_YOURS @id"),
        (&foreign, change(&of_ada, json!({ "until": "10:00" })), "NOT_FOUND @id"),
        (&ada, change(&json!(nothing("hours")), json!({ "until": "10:00" })), "NOT_FOUND @id"),
    ] {
        refused(&app, client, CHANGE_RULE, variables, line).await;
    }
    refused(&app, &ada, DROP_RULE, json!({ "id": of_admin }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &foreign, DROP_RULE, json!({ "id": of_ada }), "NOT_FOUND @id").await;

    // A manager says when others are open; who reads all of the school's bookings does not.
    admin.ok(CHANGE_RULE, change(&of_ada, json!({ "until": "10:00" }))).await;
    for who in Who::ALL {
        let here = app.sign_in(&app.oak, who).await;
        assert_eq!(here.ok(LIST, json!({})).await["availabilityRules"]["totalCount"], 3, "{who:?}");
        assert_eq!(app.sign_in(&app.elm, who).await.ok(LIST, json!({})).await["availabilityRules"]["totalCount"], 0, "{who:?}");
    }
    for (filter, expected) in [
        (json!({ "instructorId": ada.user_id }), vec![&of_ada]),
        (json!({ "resourceId": room }), vec![&of_room]),
        (json!({ "validOn": "2099-02-28" }), vec![]),
        (json!({ "validOn": "2199-01-01" }), vec![&of_ada, &of_admin, &of_room]),
    ] {
        let found = learner.ok(LIST, json!({ "f": filter })).await;
        let ids: Vec<&Value> = found["availabilityRules"]["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
        assert_eq!(ids, expected, "{filter}");
    }
}

#[tokio::test]
async fn nobody_has_more_than_a_hundred_rules_however_many_are_made_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from) \
         SELECT u.tenant_id, app.uuid_v7(), u.id, '{{MONDAY}}', '08:00', '09:00', 'UTC', '2099-01-01' FROM app_user u, generate_series(1, 97) \
         WHERE u.tenant_id = '{}' AND u.name LIKE 'INSTRUCTOR%'; RESET app.audit",
        app.oak.tenant
    ))
    .await;
    let tries = (0..8).map(|_| ada.ask(RULE, mondays(json!({}))));
    let answers = futures_util::future::join_all(tries).await;
    let made = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    let refusals: Vec<&Value> =
        answers.iter().filter(|answer| answer.get("errors").is_some()).map(|answer| &answer["errors"][0]["extensions"]).collect();
    assert_eq!(made, 3, "{answers:?}");
    for refusal in refusals {
        assert_eq!(
            (&refusal["code"], &refusal["reason"], &refusal["limit"], &refusal["used"]),
            (&json!("LIMIT_REACHED"), &json!("TOO_MANY_RULES"), &json!(100), &json!(100))
        );
    }
    assert_eq!(app.count("availability_rule").await, 100);
}

#[tokio::test]
async fn a_deleted_person_leaves_no_hours() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    ada.ok(RULE, mondays(json!({}))).await;
    ada.ok(OFF, json!({ "i": { "startsAt": "2099-03-02T10:00:00Z", "endsAt": "2099-03-02T10:30:00Z" } })).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": ada.user_id })).await;
    assert_eq!((app.count("availability_rule").await, app.count("time_off").await), (0, 0));
}

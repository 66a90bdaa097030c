//! Booking series, and looking at what one would meet.

use serde_json::{Value, json};

use super::*;
use crate::{
    classroom::{nothing, refused},
    hours::resource,
};

#[tokio::test]
async fn a_series_keeps_the_wall_clock_of_its_zone_and_leaves_out_what_is_excluded() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({})).await;
    // The clocks of Berlin go forward on the 29th.
    let berlin = json!({ "timeZone": "Europe/Berlin", "excludedDates": ["2099-03-23"], "notes": "Weekly" });
    let booked = stage.lea.ok(SERIES, series(&kind, &at(16, 9), "FREQ=WEEKLY;BYDAY=MO;COUNT=4", berlin)).await["bookSeries"].take();
    assert_eq!(starts(&booked), "03-16T09 03-30T08 04-06T08");
    assert_eq!((&booked["recurrence"], &booked["excludedDates"]), (&json!("FREQ=WEEKLY;BYDAY=MO;COUNT=4"), &json!(["2099-03-23"])));
    assert_eq!(
        (&booked["learner"]["id"], &booked["skipped"], &booked["bookingType"]["name"]),
        (&json!(stage.lea.user_id), &json!([]), &json!("Class"))
    );
    for booking in booked["bookings"]["nodes"].as_array().unwrap() {
        assert_eq!((&booking["instructor"]["id"], &booking["series"]["id"]), (&json!(stage.ada.user_id), &booked["id"]));
    }
    let filtered = stage.lea.ok("query($s: ID!) { bookings(filter: { seriesId: $s }) { totalCount } }", json!({ "s": booked["id"] })).await;
    assert_eq!(filtered["bookings"]["totalCount"], 3);
    // Whoever sees one of its bookings sees it.
    let one = "query($id: ID!) { bookingSeries(id: $id) { id } }";
    for (person, sees) in [(&stage.lea, true), (&stage.ada, true), (&stage.admin, true), (&stage.learner("bob").await, false)] {
        assert_eq!(person.ok(one, json!({ "id": booked["id"] })).await["bookingSeries"].is_object(), sees);
    }
    // It is told as one.
    stage.app.work().await;
    let told = stage.ada.ok("{ notifications(first: 10) { nodes { kind count subject { __typename } } } }", json!({})).await;
    assert_eq!(
        told["notifications"]["nodes"],
        json!([{ "kind": "BOOKING_ASSIGNED", "count": 1, "subject": { "__typename": "BookingSeries" } }])
    );
}

#[tokio::test]
async fn clashes_refuse_a_series_by_name_or_are_skipped() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({})).await;
    stage.lea.ok(BOOK, slot(&kind, &at(3, 9))).await;
    stage.learner("bob").await.ok(BOOK, slot(&kind, &at(4, 9))).await;
    let daily = |extra: Value| series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=4", extra);
    let looked = json!({ "t": kind, "s": at(2, 9), "r": "FREQ=DAILY;COUNT=4" });
    let preview = stage.lea.ok(PREVIEW, looked.clone()).await["seriesPreview"].take();
    assert_eq!((&preview["clashCount"], &preview["instructor"]["id"]), (&json!(2), &json!(stage.ada.user_id)));
    let reasons: Vec<&Value> = preview["occurrences"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert_eq!(json!(reasons), json!([null, "BOOKING_CONFLICT", "BOOKING_CONFLICT", null]));
    let answer = stage.lea.ask(SERIES, daily(json!({}))).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!((&said["code"], &said["reason"]), (&json!("CONFLICT"), &json!("SERIES_CLASH")));
    let clashes: Vec<&str> = said["clashes"].as_array().unwrap().iter().map(|clash| clash["startsAt"].as_str().unwrap()).collect();
    assert_eq!(clashes, [at(3, 9), at(4, 9)]);
    assert_eq!((stage.app.count("booking_series").await, stage.app.count("booking").await), (0, 2));
    let booked = stage.lea.ok(SERIES, daily(json!({ "onClash": "SKIP" }))).await["bookSeries"].take();
    assert_eq!(starts(&booked), "03-02T09 03-05T09");
    let skipped: Vec<&Value> = booked["skipped"].as_array().unwrap().iter().map(|clash| &clash["reason"]).collect();
    assert_eq!(json!(skipped), json!(["BOOKING_CONFLICT", "BOOKING_CONFLICT"]));
    // What a preview says books: now nothing of it can be had.
    assert_eq!(stage.lea.ok(PREVIEW, looked).await["seriesPreview"]["clashCount"], 4);
    refused(&stage.app, &stage.lea, SERIES, daily(json!({ "onClash": "SKIP" })), "CONFLICT SERIES_CLASH @startsAt").await;
}

#[tokio::test]
async fn a_series_does_not_wait_for_the_school_because_of_what_is_skipped() {
    let stage = Stage::start().await;
    let [cessna, jet] = [
        resource(&stage.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await,
        resource(&stage.admin, json!({ "name": "Jet", "kind": "AIRCRAFT", "mode": "APPROVAL_REQUIRED" })).await,
    ];
    let [carl, tom] = [stage.instructor("carl").await, stage.instructor("tom").await];
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let needs = json!([{ "name": "Aircraft", "resourceIds": [cessna, jet] }]);
    let kind = stage.kind(json!({ "strategy": "FIXED", "instructors": both, "requirements": needs })).await;
    let lesson = stage.kind(json!({ "name": "Lesson", "instructors": [{ "instructorId": tom.user_id }] })).await;
    // On the 9th the jet is left, and Lea is elsewhere.
    let mut flown = slot(&kind, &at(9, 9));
    flown["i"]["instructorId"] = json!(carl.user_id);
    let flown = stage.learner("bob").await.ok(BOOK, flown).await["bookSlot"].take();
    assert_eq!((&flown["status"], &flown["resources"]), (&json!("ASSIGNED"), &json!([{ "name": "Cessna" }])));
    stage.lea.ok(BOOK, slot(&lesson, &at(9, 9))).await;
    let skip = json!({ "onClash": "SKIP" });
    let booked = stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=DAILY;INTERVAL=7;COUNT=2", skip)).await["bookSeries"].take();
    assert_eq!((starts(&booked).as_str(), &booked["skipped"][0]["reason"]), ("03-02T09", &json!("BOOKING_CONFLICT")));
    assert_eq!(booked["bookings"]["nodes"][0]["resources"], json!([{ "name": "Cessna" }]));
    // One that is had, with the jet, lets all of them wait.
    let eve = stage.learner("eve").await;
    let booked = eve.ok(SERIES, series(&kind, &at(9, 9), "FREQ=DAILY;COUNT=2", json!({}))).await["bookSeries"].take();
    assert_eq!(starts(&booked), "03-09T09:REQUESTED 03-10T09:REQUESTED");
}

#[tokio::test]
async fn one_instructor_takes_a_series_who_is_free_for_all_of_it_or_else_for_most() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let kind = stage.kind(json!({ "strategy": "FIXED", "instructors": both })).await;
    let bob = stage.learner("bob").await;
    let with = |who: &str, starts_at: String| json!({ "i": { "bookingTypeId": kind, "startsAt": starts_at, "instructorId": who } });
    bob.ok(BOOK, with(&stage.ada.user_id, at(3, 9))).await;
    let booked = stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=3", json!({}))).await["bookSeries"].take();
    assert_eq!(booked["bookings"]["nodes"][0]["instructor"]["id"], json!(carl.user_id), "free for all");
    bob.ok(BOOK, with(&carl.user_id, at(10, 12))).await;
    bob.ok(BOOK, with(&carl.user_id, at(11, 12))).await;
    bob.ok(BOOK, with(&stage.ada.user_id, at(12, 12))).await;
    let most = json!({ "onClash": "SKIP" });
    let eve = stage.learner("eve").await;
    let booked = eve.ok(SERIES, series(&kind, &at(9, 12), "FREQ=DAILY;COUNT=4", most)).await["bookSeries"].take();
    assert_eq!(
        (starts(&booked).as_str(), &booked["bookings"]["nodes"][0]["instructor"]["id"]),
        ("03-09T12 03-10T12 03-11T12", &json!(stage.ada.user_id))
    );
}

#[tokio::test]
async fn each_occurrence_counts_for_limits_as_if_those_before_it_were_booked() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "limits": { "perLearnerPerWeek": 2 } })).await;
    let skip = json!({ "onClash": "SKIP" });
    let booked = stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=9", skip)).await["bookSeries"].take();
    assert_eq!(starts(&booked), "03-02T09 03-03T09 03-09T09 03-10T09");
    let limited = stage.kind(json!({ "name": "Three", "limits": { "openPerLearner": 3 } })).await;
    let skip = json!({ "onClash": "SKIP" });
    let booked = stage.lea.ok(SERIES, series(&limited, &at(16, 9), "FREQ=DAILY;COUNT=5", skip)).await["bookSeries"].take();
    assert_eq!(booked["skipped"][0]["reason"], "BOOKING_LIMIT");
    assert_eq!(starts(&booked), "03-16T09 03-17T09 03-18T09");
    // Of sessions that there are, those count of which somebody has a seat.
    let class = stage.kind(json!({ "name": "Two", "seats": 2, "limits": { "perInstructorPerWeek": 2 } })).await;
    for day in 23..26 {
        stage.ada.ok(OPEN, slot(&class, &at(day, 14))).await;
    }
    stage.learner("bob").await.ok(BOOK, slot(&class, &at(23, 14))).await;
    let skip = json!({ "onClash": "SKIP" });
    let booked = stage.lea.ok(SERIES, series(&class, &at(23, 14), "FREQ=DAILY;COUNT=3", skip)).await["bookSeries"].take();
    assert_eq!((starts(&booked).as_str(), &booked["skipped"][0]["reason"]), ("03-23T14 03-24T14", &json!("BOOKING_LIMIT")));
}

#[tokio::test]
async fn a_series_of_a_class_is_a_seat_in_each_session() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let opened = stage.ada.ok(OPEN, slot(&kind, &at(3, 9))).await["openGroupSessions"][0]["id"].take();
    let booked = stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=3", json!({}))).await["bookSeries"].take();
    let sessions: Vec<&Value> =
        booked["bookings"]["nodes"].as_array().unwrap().iter().map(|booking| &booking["groupSession"]["id"]).collect();
    assert!(sessions[1] == &opened && sessions[0].is_string() && sessions[0] != sessions[2]);
    assert_eq!(stage.app.count("group_session").await, 3);
}

#[tokio::test]
async fn a_rule_that_is_no_such_or_goes_on_for_too_long_is_refused_and_changes_nothing() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({})).await;
    for (recurrence, extra, line) in [
        ("FREQ=WEEKLY", json!({}), "BAD_USER_INPUT BAD_RECURRENCE @recurrence"),
        ("FREQ=YEARLY;COUNT=2", json!({}), "BAD_USER_INPUT BAD_RECURRENCE @recurrence"),
        ("FREQ=WEEKLY;BYDAY=1MO;COUNT=2", json!({}), "BAD_USER_INPUT BAD_RECURRENCE @recurrence"),
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=2", json!({}), "BAD_USER_INPUT BAD_RECURRENCE @recurrence"),
        ("FREQ=DAILY;UNTIL=20990301", json!({}), "BAD_USER_INPUT BAD_RECURRENCE @recurrence"),
        ("FREQ=DAILY;COUNT=53", json!({}), "BAD_USER_INPUT TOO_MANY_OCCURRENCES @recurrence"),
        ("FREQ=DAILY;COUNT=1000000", json!({}), "BAD_USER_INPUT TOO_MANY_OCCURRENCES @recurrence"),
        ("FREQ=MONTHLY;COUNT=14", json!({}), "BAD_USER_INPUT TOO_MANY_OCCURRENCES @recurrence"),
        ("FREQ=DAILY;COUNT=2", json!({ "excludedDates": ["2099-03-02", "2099-03-04"] }), "BAD_USER_INPUT @excludedDates.1"),
        ("FREQ=DAILY;COUNT=2", json!({ "excludedDates": ["2099-03-02", "2099-03-02"] }), "BAD_USER_INPUT @excludedDates.1"),
        ("FREQ=DAILY;COUNT=2", json!({ "timeZone": "Mars/Olympus" }), "BAD_USER_INPUT @timeZone"),
        ("FREQ=DAILY;COUNT=2", json!({ "startsAt": "2020-03-02T09:00:00Z" }), "BAD_USER_INPUT @startsAt"),
        ("FREQ=DAILY;COUNT=2", json!({ "bookingTypeId": nothing("bookingtype") }), "NOT_FOUND @bookingTypeId"),
        ("FREQ=DAILY;COUNT=2", json!({ "learnerId": stage.ada.user_id }), "FORBIDDEN [BOOKING_MANAGE] @learnerId"),
        ("FREQ=DAILY;COUNT=2", json!({ "override": ["NOTICE"] }), "FORBIDDEN [BOOKING_MANAGE] @override"),
    ] {
        refused(&stage.app, &stage.lea, SERIES, series(&kind, &at(2, 9), recurrence, extra), line).await;
    }
    let nothing = json!({ "t": nothing("bookingtype"), "s": at(2, 9), "r": "FREQ=DAILY;COUNT=2" });
    assert_eq!(stage.lea.ok(PREVIEW, nothing).await["seriesPreview"], Value::Null);
    refused(
        &stage.app,
        &stage.ada,
        SERIES,
        series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=2", json!({})),
        "FORBIDDEN [BOOKING_REQUEST BOOKING_MANAGE]",
    )
    .await;
}

#[tokio::test]
async fn a_series_of_fifty_two_costs_no_more_statements_than_one_of_two() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({})).await;
    let two = stage.app.statements(&stage.lea, SERIES, series(&kind, &at(2, 9), "FREQ=DAILY;COUNT=2", json!({}))).await;
    let many = stage.app.statements(&stage.lea, SERIES, series(&kind, &at(9, 12), "FREQ=DAILY;COUNT=52", json!({}))).await;
    assert!(many <= two && many <= 20, "{two} {many}");
}

//! What is offered, and why the rest is not.

use super::*;
use crate::{
    classroom::nothing,
    hours::{OFF, RULE, resource},
};

#[tokio::test]
async fn starts_lie_on_the_grid_of_open_time_and_go_with_whatever_takes_them() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "slotStepMinutes": 120 })).await;
    assert_eq!(offered(&cast.lea, &flight).await, "08:00 10:00 12:00 14:00 16:00");
    // Neither a booking nor an hour off shifts the grid.
    let away = json!({ "i": { "startsAt": at("10:30"), "endsAt": at("11:15") } });
    cast.ada.ok(OFF, away).await;
    assert_eq!(offered(&cast.lea, &flight).await, "08:00 12:00 14:00 16:00");
    book(&cast.lea, &flight, "14:00", json!({})).await;
    assert_eq!(offered(&cast.lea, &flight).await, "08:00 12:00 16:00");
    let mary = cast.learner("mary").await;
    assert_eq!(offered(&mary, &flight).await, "08:00 12:00 16:00");
    refused(&cast, &mary, &flight, "10:00", "OUTSIDE_AVAILABILITY", "startsAt").await;
    refused(&cast, &mary, &flight, "09:00", "NOT_ON_GRID", "startsAt").await;
    let busy = refused(&cast, &mary, &flight, "14:00", "BOOKING_CONFLICT", "startsAt").await;
    assert_eq!(busy["busy"], json!({ "startsAt": at("14:00"), "endsAt": at("15:00") }));
    refused(&cast, &mary, &flight, "18:00", "OUTSIDE_AVAILABILITY", "startsAt").await;
    // Managers are not bound to it.
    assert_eq!(book(&cast.admin, &flight, "09:00", json!({ "learnerId": mary.user_id })).await["startsAt"], at("09:00"));
    // Another length is another grid no more than another end.
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "durations": [60, 180], "slotStepMinutes": 60 } })).await;
    assert_eq!(offered_with(&mary, &flight, json!({ "d": 180 })).await, "15:00");
    assert_eq!(offered(&cast.ada, &flight).await, "08:00 12:00 13:00 15:00 16:00 17:00");
}

#[tokio::test]
async fn buffers_widen_what_is_claimed_and_are_not_shared() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "bufferBeforeMinutes": 15, "bufferAfterMinutes": 10, "slotStepMinutes": 5 })).await;
    book(&cast.lea, &flight, "12:00", json!({})).await;
    let mary = cast.learner("mary").await;
    // 10 after the first and 15 before the second are 25 between them; they need no open time.
    refused(&cast, &mary, &flight, "13:20", "BOOKING_CONFLICT", "startsAt").await;
    refused(&cast, &mary, &flight, "10:40", "BOOKING_CONFLICT", "startsAt").await;
    let offers = offered(&mary, &flight).await;
    let offers: Vec<&str> = offers.split(' ').collect();
    assert_eq!((offers.first(), offers.last()), (Some(&"08:00"), Some(&"17:00")));
    assert!(
        offers.contains(&"10:35") && offers.contains(&"13:25") && !offers.contains(&"10:40") && !offers.contains(&"13:20"),
        "{offers:?}"
    );
    book(&mary, &flight, "13:25", json!({})).await;
    // The learner's own time has none: a booking of another type that follows at once fits.
    let talk = cast.kind(json!({ "name": "Talk", "instructors": [{ "instructorId": cast.instructor("tom").await.user_id }] })).await;
    assert_eq!(book(&cast.lea, &talk, "13:00", json!({})).await["status"], "ASSIGNED");
}

#[tokio::test]
async fn the_first_rule_that_leaves_nothing_of_a_day_says_why_it_is_empty() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "slotStepMinutes": 300 })).await;
    let (from, to) = ("2099-03-01T12:00:00Z", "2099-03-03T12:00:00Z");
    let shown = |days: &[(String, String)]| days.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    assert_eq!(
        shown(&days(&cast.lea, &flight, from, to, json!({})).await),
        ["OUTSIDE_AVAILABILITY", "08:00 13:00", "OUTSIDE_AVAILABILITY"]
    );
    book(&cast.lea, &flight, "08:00", json!({})).await;
    book(&cast.lea, &flight, "13:00", json!({})).await;
    assert_eq!(offered(&cast.lea, &flight).await, "BOOKING_CONFLICT");
    let change = |extra: Value| {
        let mut input = json!({ "id": flight });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        cast.admin.ok(CHANGE_TYPE, json!({ "i": input }))
    };
    change(json!({ "limits": { "openPerLearner": 2 } })).await;
    assert_eq!(offered(&cast.lea, &flight).await, "BOOKING_LIMIT");
    change(json!({ "maxHorizonDays": 30 })).await;
    assert_eq!(shown(&days(&cast.lea, &flight, from, to, json!({})).await), ["TOO_FAR", "TOO_FAR", "TOO_FAR"]);
    change(json!({ "isActive": false })).await;
    assert_eq!(shown(&days(&cast.lea, &flight, from, to, json!({})).await), ["TYPE_INACTIVE", "TYPE_INACTIVE", "TYPE_INACTIVE"]);
    refused(&cast, &cast.lea, &flight, "08:00", "TYPE_INACTIVE", "bookingTypeId").await;
    // Days that are over, or too soon as a whole.
    change(json!({ "isActive": true, "maxHorizonDays": null, "limits": null, "minNoticeMinutes": 525_600 })).await;
    let soon = (jiff_now() + jiff::SignedDuration::from_hours(48)).to_string();
    let end = (jiff_now() + jiff::SignedDuration::from_hours(49)).to_string();
    let soon = days(&cast.lea, &flight, &soon, &end, json!({})).await;
    assert!(soon.iter().all(|(_, text)| text == "TOO_SOON"), "{soon:?}");
}

#[allow(clippy::disallowed_methods, reason = "a test stands outside of every request")]
fn jiff_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test]
async fn what_needs_no_instructor_begins_where_its_first_resource_does() {
    let cast = Cast::start().await;
    let sim = resource(&cast.admin, json!({ "name": "Simulator", "kind": "DEVICE", "timeZone": "Asia/Kolkata", "setupMinutes": 30 })).await;
    let alone = json!({ "name": "Simulator", "durations": [600], "needsInstructor": false, "instructors": [], "slotStepMinutes": 600,
                        "requirements": [{ "name": "Device", "resourceIds": [sim] }] });
    let alone = kind(&cast.admin, alone).await;
    // Always open: from midnight in Kolkata, half past six in the evening of UTC.
    assert_eq!(offered(&cast.lea, &alone).await, "04:30 14:30 18:30");
    let booking = book(&cast.lea, &alone, "04:30", json!({})).await;
    assert_eq!(
        (&booking["status"], &booking["instructor"], &booking["resources"]),
        (&json!("ASSIGNED"), &Value::Null, &json!([{ "name": "Simulator" }]))
    );
    // Half an hour before it is prepared: what ends at half past two is too late for that.
    let mary = cast.learner("mary").await;
    assert_eq!(offered(&mary, &alone).await, "18:30");
    refused(&cast, &mary, &alone, "14:30", "BOOKING_CONFLICT", "startsAt").await;
    let rule = json!({ "i": { "resourceId": sim, "weekdays": ["MONDAY"], "from": "07:00", "until": "20:00", "timeZone": "UTC", "validFrom": "2099-01-01" } });
    cast.admin.ok(RULE, rule).await;
    assert_eq!(offered(&mary, &alone).await, "BOOKING_CONFLICT");
    refused(&cast, &mary, &alone, "18:30", "RESOURCE_CLOSED", "startsAt").await;
    let change = "mutation($i: UpdateResourceInput!) { updateResource(input: $i) { id } }";
    cast.admin.ok(change, json!({ "i": { "id": sim, "mode": "UNBOOKABLE" } })).await;
    refused(&cast, &mary, &alone, "07:00", "RESOURCE_UNBOOKABLE", "startsAt").await;
    assert_eq!(offered(&mary, &alone).await, "RESOURCE_UNBOOKABLE");
}

#[tokio::test]
async fn offers_keep_the_walls_clock_where_it_changes() {
    let cast = Cast::start().await;
    let rule = json!({ "i": { "weekdays": ["SATURDAY", "SUNDAY", "MONDAY"], "from": "01:00", "until": "04:00", "timeZone": "Europe/Berlin", "validFrom": "2099-01-01" } });
    cast.ada.ok(RULE, rule).await;
    let flight = cast.kind(json!({ "slotStepMinutes": 60 })).await;
    // On the last Sunday of March the clocks of Berlin go from two to three, in October back from three to two.
    let spring = days(&cast.lea, &flight, "2099-03-27T23:00:00Z", "2099-03-30T22:00:00Z", json!({ "z": "Europe/Berlin" })).await;
    let texts: Vec<&str> = spring.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["00:00 01:00 02:00", "00:00 01:00", "23:00 00:00 01:00"]);
    let autumn = days(&cast.lea, &flight, "2099-10-23T22:00:00Z", "2099-10-26T23:00:00Z", json!({ "z": "Europe/Berlin" })).await;
    let texts: Vec<&str> = autumn.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["23:00 00:00 01:00", "23:00 00:00 01:00 02:00", "00:00 01:00 02:00"]);
    for (date, _) in spring.iter().chain(&autumn) {
        assert!(date.starts_with("2099-"), "{date}");
    }
}

#[tokio::test]
async fn a_wrong_question_is_refused_and_what_cant_be_seen_is_nothing() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({})).await;
    let tom = cast.instructor("tom").await;
    let ask = |extra: Value| {
        let mut variables = json!({ "t": flight, "f": at("00:00"), "to": at("23:00") });
        variables.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        variables
    };
    for (extra, line) in [
        (json!({ "to": at("00:00") }), "BAD_USER_INPUT @to"),
        (json!({ "to": "2099-05-04T00:00:00Z" }), "BAD_USER_INPUT @to"),
        (json!({ "z": "Nowhere" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "d": 61 }), "BAD_USER_INPUT @durationMinutes"),
        (json!({ "i": tom.user_id }), "BAD_USER_INPUT @instructorId"),
        (json!({ "l": tom.user_id }), "FORBIDDEN [BOOKING_MANAGE] @learnerId"),
    ] {
        assert_eq!(cast.lea.refused(SLOTS, ask(extra.clone())).await, line, "{extra}");
    }
    let elm = cast.app.sign_in(&cast.app.elm, Who::Instructor).await;
    for extra in [
        json!({ "t": nothing("bookingtype") }),
        json!({ "i": elm.user_id }),
        json!({ "r": [nothing("resource")] }),
        json!({ "b": nothing("booking") }),
    ] {
        assert_eq!(cast.lea.ok(SLOTS, ask(extra.clone())).await["slots"], Value::Null, "{extra}");
    }
    assert_eq!(cast.admin.ok(SLOTS, ask(json!({ "l": elm.user_id }))).await["slots"], Value::Null);
    assert_eq!(elm.ok(SLOTS, ask(json!({}))).await["slots"], Value::Null);
    assert_eq!(elm.ok(EXPLAIN, json!({ "t": flight, "s": at("08:00") })).await["explainSlot"], Value::Null);
    // Five minutes apart for 62 days are more than anybody reads.
    let sim = resource(&cast.admin, json!({ "name": "Simulator", "kind": "DEVICE" })).await;
    let many = json!({ "name": "Simulator", "durations": [5], "needsInstructor": false, "instructors": [], "slotStepMinutes": 5,
                       "requirements": [{ "name": "Device", "resourceIds": [sim] }] });
    let many = kind(&cast.admin, many).await;
    let whole = json!({ "t": many, "f": "2099-03-01T00:00:00Z", "to": "2099-04-30T00:00:00Z" });
    let answer = cast.lea.ask(SLOTS, whole).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{answer}");
}

#[tokio::test]
async fn a_start_is_explained_rule_by_rule_and_candidate_by_candidate() {
    let cast = Cast::start().await;
    let tom = cast.instructor("tom").await;
    let [plane, other] = [
        resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await,
        resource(&cast.admin, json!({ "name": "Piper", "kind": "AIRCRAFT", "mode": "UNBOOKABLE" })).await,
    ];
    let both = json!([{ "instructorId": cast.ada.user_id }, { "instructorId": tom.user_id }]);
    let flight = cast.kind(json!({ "instructors": both, "requirements": [{ "name": "Aircraft", "resourceIds": [other, plane] }] })).await;
    book(&cast.lea, &flight, "09:00", json!({ "instructorId": cast.ada.user_id })).await;
    let mary = cast.learner("mary").await;
    let explained = mary.ok(EXPLAIN, json!({ "t": flight, "s": at("09:00") })).await["explainSlot"].take();
    assert_eq!((&explained["isBookable"], &explained["reason"]), (&json!(false), &json!("BOOKING_CONFLICT")));
    let checks: Vec<String> = explained["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| format!("{} {}", check["reason"].as_str().unwrap(), check["isMet"]))
        .collect();
    assert_eq!(
        checks,
        [
            "TYPE_INACTIVE true",
            "NOT_ELIGIBLE true",
            "TOO_SOON true",
            "TOO_FAR true",
            "BOOKING_LIMIT true",
            "RESOURCE_UNBOOKABLE true",
            "RESOURCE_CLOSED true",
            "OUTSIDE_AVAILABILITY true",
            "NOT_ON_GRID true",
            "BOOKING_CONFLICT false"
        ]
    );
    assert_eq!(
        explained["candidates"],
        json!([
            { "instructor": { "id": cast.ada.user_id }, "resource": null, "isFree": false, "reason": "BOOKING_CONFLICT" },
            { "instructor": { "id": tom.user_id }, "resource": null, "isFree": true, "reason": null },
            { "instructor": null, "resource": { "name": "Piper" }, "isFree": false, "reason": "RESOURCE_UNBOOKABLE" },
            { "instructor": null, "resource": { "name": "Cessna" }, "isFree": false, "reason": "BOOKING_CONFLICT" }
        ])
    );
    // As if the own booking were not there.
    let mine = cast.lea.ok("{ bookings { nodes { id } } }", json!({})).await["bookings"]["nodes"][0]["id"].take();
    let moved = json!({ "t": flight, "s": at("09:30"), "b": mine });
    assert_eq!(cast.lea.ok(EXPLAIN, moved.clone()).await["explainSlot"]["isBookable"], true);
    assert_eq!(cast.ada.refused(EXPLAIN, moved).await, "FORBIDDEN NOT_YOURS @reschedulingId");
    let offers =
        cast.lea.ok(SLOTS, json!({ "t": flight, "f": at("09:30"), "to": at("09:31"), "b": mine })).await["slots"]["days"][0].take();
    assert_eq!(offers["slots"][0]["instructorCount"], 2);
    assert_eq!(offers["slots"][0]["resources"], json!([{ "name": "Cessna" }]));
}

#[tokio::test]
async fn slots_of_many_cost_the_same_few_statements() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({})).await;
    let query = "query($t: ID!, $f: DateTime!, $to: DateTime!) { slots(bookingTypeId: $t, from: $f, to: $to) { eligibility { isMet } \
        days { emptyBecause slots { startsAt instructors { name } resources { name } } } } }";
    let week = json!({ "t": flight, "f": "2099-03-01T00:00:00Z", "to": "2099-03-15T00:00:00Z" });
    let few = cast.app.statements(&cast.lea, query, week.clone()).await;
    let mut instructors = vec![json!({ "instructorId": cast.ada.user_id })];
    for n in 0..5 {
        instructors.push(json!({ "instructorId": cast.instructor(&format!("i{n}")).await.user_id }));
    }
    let plane = resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let change = json!({ "i": { "id": flight, "instructors": instructors, "requirements": [{ "name": "Aircraft", "resourceIds": [plane] }],
                                "eligibility": [{ "kind": "MAX_NO_SHOWS", "maxCount": 3 }], "strategy": "LEAST_BUSY", "limits": { "perInstructorPerDay": 3 } } });
    cast.admin.ok(CHANGE_TYPE, change).await;
    let many = cast.app.statements(&cast.lea, query, week).await;
    assert!(few <= 6 && many <= 6, "{few} {many}");
}

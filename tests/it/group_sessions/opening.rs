//! Opening sessions, changing them and calling them off.

use serde_json::{Value, json};

use super::*;
use crate::classroom::{nothing, refused};

fn opening(kind: &Value, day: u32, hour: u32, extra: Value) -> Value {
    let mut input = json!({ "bookingTypeId": kind, "startsAt": at(day, hour) });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "i": input })
}

#[tokio::test]
async fn an_instructor_opens_their_own_sessions_and_a_manager_anybodys() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": carl.user_id }, { "instructorId": stage.ada.user_id }]);
    let room = stage.room("Blue", 8).await;
    let kind = stage
        .kind(json!({ "seats": 6, "strategy": "FIXED", "instructors": both, "learnerChoosesInstructor": false, "minNoticeMinutes": 525_600,
                      "requirements": [{ "name": "Room", "resourceIds": [room] }] }))
        .await;
    // Neither notice nor grid holds for them.
    let start = "2099-03-02T09:07:00Z";
    let own = stage.ada.ok(OPEN, slot(&kind, start)).await["openGroupSessions"].take();
    assert_eq!(own[0]["instructor"]["id"], json!(stage.ada.user_id), "oneself, not whoever is first");
    assert_eq!((&own[0]["startsAt"], &own[0]["seats"], &own[0]["resources"][0]["name"]), (&json!(start), &json!(6), &json!("Blue")));
    stage.ada.ok(OPEN, opening(&kind, 3, 9, json!({ "instructorId": stage.ada.user_id, "seats": 8 }))).await;
    let of_carl = opening(&kind, 3, 12, json!({ "instructorId": carl.user_id }));
    refused(&stage.app, &stage.ada, OPEN, of_carl.clone(), "FORBIDDEN [BOOKING_MANAGE] @instructorId").await;
    assert_eq!(stage.admin.ok(OPEN, of_carl).await["openGroupSessions"][0]["instructor"]["id"], json!(carl.user_id));
    assert_eq!(
        stage.admin.ok(OPEN, opening(&kind, 4, 12, json!({}))).await["openGroupSessions"][0]["instructor"]["id"],
        json!(carl.user_id)
    );
    refused(&stage.app, &stage.lea, OPEN, slot(&kind, &at(5, 9)), "FORBIDDEN [AVAILABILITY_MANAGE BOOKING_MANAGE]").await;
    for (extra, line) in [
        (json!({ "seats": 9 }), "CONFLICT RESOURCE_TOO_SMALL @seats"),
        (json!({ "seats": 0 }), "BAD_USER_INPUT @seats"),
        (json!({ "seats": 1001 }), "BAD_USER_INPUT @seats"),
        (json!({ "durationMinutes": 45 }), "BAD_USER_INPUT @durationMinutes"),
        (json!({ "excludedDates": ["2099-03-05"] }), "BAD_USER_INPUT @excludedDates"),
        (json!({ "bookingTypeId": nothing("bookingtype") }), "NOT_FOUND @bookingTypeId"),
        (json!({ "startsAt": "2020-03-05T09:00:00Z" }), "BAD_USER_INPUT @startsAt"),
        (json!({ "startsAt": at(5, 20) }), "CONFLICT OUTSIDE_AVAILABILITY @instructorId"),
        (json!({ "startsAt": at(3, 9) }), "CONFLICT BOOKING_CONFLICT @instructorId"),
    ] {
        refused(&stage.app, &stage.ada, OPEN, opening(&kind, 5, 9, extra), line).await;
    }
    let alone = stage.kind(json!({ "name": "Alone" })).await;
    refused(&stage.app, &stage.ada, OPEN, slot(&alone, &at(5, 9)), "BAD_USER_INPUT @bookingTypeId").await;
}

#[tokio::test]
async fn sessions_are_opened_by_a_recurrence_all_or_those_that_can_be_had() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 4 })).await;
    stage.ada.ok(OPEN, opening(&kind, 3, 9, json!({}))).await;
    let weekly = |on_clash: &str| opening(&kind, 2, 9, json!({ "recurrence": "FREQ=DAILY;COUNT=3", "onClash": on_clash }));
    let answer = stage.ada.ask(OPEN, weekly("REFUSE")).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!(said["reason"], "SERIES_CLASH");
    assert_eq!(said["clashes"], json!([{ "startsAt": at(3, 9), "endsAt": at(3, 10), "reason": "BOOKING_CONFLICT" }]));
    assert_eq!(stage.app.count("group_session").await, 1);
    let opened = stage.ada.ok(OPEN, weekly("SKIP")).await["openGroupSessions"].take();
    let starts: Vec<&str> = opened.as_array().unwrap().iter().map(|session| session["startsAt"].as_str().unwrap()).collect();
    assert_eq!(starts, [at(2, 9), at(4, 9)]);
    let list = "query($f: GroupSessionFilter) { groupSessions(filter: $f) { totalCount nodes { startsAt } } }";
    for (filter, count) in [
        (json!({}), 3),
        (json!({ "from": at(3, 0), "to": at(4, 0) }), 1),
        (json!({ "hasSeats": true, "bookingTypeId": kind }), 3),
        (json!({ "hasSeats": false }), 0),
        (json!({ "instructorId": stage.admin.user_id }), 0),
        (json!({ "statuses": ["CANCELLED"] }), 0),
    ] {
        assert_eq!(stage.lea.ok(list, json!({ "f": filter })).await["groupSessions"]["totalCount"], count, "{filter}");
    }
}

#[tokio::test]
async fn a_change_of_a_session_moves_all_its_seats_or_none() {
    let stage = Stage::start().await;
    let [red, blue, green] = [stage.room("Red", 3).await, stage.room("Blue", 9).await, stage.room("Green", 9).await];
    let kind = stage.kind(json!({ "seats": 3, "requirements": [{ "name": "Room", "resourceIds": [red, blue] }] })).await;
    let bob = stage.learner("bob").await;
    let session = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["groupSession"]["id"].take();
    bob.ok(BOOK, slot(&kind, &at(2, 9))).await;
    let change = |extra: Value| {
        let mut input = json!({ "id": session });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    // Bob is elsewhere at eleven.
    let alone = stage.instructor("carl").await;
    let other = stage.kind(json!({ "name": "Other", "instructors": [{ "instructorId": alone.user_id }] })).await;
    bob.ok(BOOK, slot(&other, &at(2, 11))).await;
    refused(&stage.app, &stage.ada, CHANGE, change(json!({ "startsAt": at(2, 11) })), "CONFLICT BOOKING_CONFLICT @startsAt").await;
    for (extra, line) in [
        (json!({ "seats": 1 }), "CONFLICT SESSION_FULL @seats"),
        (json!({ "seats": 4 }), "CONFLICT RESOURCE_TOO_SMALL @seats"),
        (json!({ "startsAt": at(2, 20) }), "CONFLICT OUTSIDE_AVAILABILITY @startsAt"),
        (json!({ "instructorId": stage.lea.user_id }), "BAD_USER_INPUT @instructorId"),
        (json!({ "instructorId": nothing("user") }), "NOT_FOUND @instructorId"),
        (json!({ "resourceIds": [nothing("resource")] }), "NOT_FOUND @resourceIds"),
        (json!({ "resourceIds": [green] }), "BAD_USER_INPUT @resourceIds"),
        (json!({ "startsAt": "2020-03-05T09:00:00Z" }), "BAD_USER_INPUT @startsAt"),
        (json!({ "id": nothing("groupsession") }), "NOT_FOUND @id"),
    ] {
        refused(&stage.app, &stage.ada, CHANGE, change(extra), line).await;
    }
    // Nothing that it needs can be cleared.
    for field in ["startsAt", "instructorId", "seats"] {
        refused(&stage.app, &stage.ada, CHANGE, change(json!({ field: null })), &format!("BAD_USER_INPUT @{field}")).await;
    }
    for wrong in [Value::Null, json!([]), json!([red, blue])] {
        refused(&stage.app, &stage.ada, CHANGE, change(json!({ "resourceIds": wrong })), "BAD_USER_INPUT @resourceIds").await;
    }
    refused(&stage.app, &alone, CHANGE, change(json!({ "seats": 2 })), "FORBIDDEN NOT_YOURS").await;
    let changed =
        stage.ada.ok(CHANGE, change(json!({ "startsAt": at(2, 13), "resourceIds": [blue], "seats": 5 }))).await["updateGroupSession"]
            .take();
    assert_eq!(
        (&changed["startsAt"], &changed["seats"], &changed["resources"]),
        (&json!(at(2, 13)), &json!(5), &json!([{ "name": "Blue" }]))
    );
    let seats = "SELECT string_agg(DISTINCT to_char(b.starts_at AT TIME ZONE 'UTC', 'HH24') || r.name, ' ') FROM booking b JOIN booking_resource l ON l.booking_id = b.id \
                 JOIN resource r ON r.id = l.resource_id WHERE b.group_session_id IS NOT NULL";
    assert_eq!(stage.app.text(seats).await.as_deref(), Some("13Blue"));
    // By half an hour: its own time does not stand in its way.
    stage.ada.ok(CHANGE, change(json!({ "startsAt": "2099-03-02T13:30:00Z" }))).await;
    // The learners are told of their seats, by the school's hand the instructor of the session.
    stage.app.work().await;
    stage.admin.ok(CHANGE, change(json!({ "startsAt": at(2, 15) }))).await;
    stage.app.work().await;
    for person in [&stage.lea, &stage.ada] {
        let told = person.ok("{ notifications(first: 1) { nodes { kind } } }", json!({})).await;
        assert_eq!(told["notifications"]["nodes"][0]["kind"], "BOOKING_RESCHEDULED");
    }
}

/// What of the input a refusal by a claim is about, and when what is in the way begins.
async fn in_the_way(client: &Client, mutation: &str, variables: Value) -> (String, Value) {
    let answer = client.ask(mutation, variables).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!((&said["code"], &said["reason"]), (&json!("CONFLICT"), &json!("BOOKING_CONFLICT")), "{answer}");
    (said["field"].as_str().unwrap().to_owned(), said["busy"]["startsAt"].clone())
}

#[tokio::test]
async fn a_session_that_is_refused_by_a_claim_says_what_is_taken_and_when() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let [red, blue] = [stage.room("Red", 9).await, stage.room("Blue", 9).await];
    let rooms = json!([{ "name": "Room", "resourceIds": [red, blue] }]);
    let kind = stage
        .kind(json!({ "seats": 3, "strategy": "FIXED", "instructors": both, "requirements": rooms, "bufferBeforeMinutes": 15, "bufferAfterMinutes": 15 }))
        .await;
    let first = opening(&kind, 2, 9, json!({ "instructorId": stage.ada.user_id, "resourceIds": [red] }));
    stage.admin.ok(OPEN, first).await;
    let taken = json!(at(2, 9));
    for (extra, field) in [
        (json!({ "instructorId": carl.user_id, "resourceIds": [red] }), "resourceIds"),
        (json!({ "instructorId": stage.ada.user_id, "resourceIds": [blue] }), "instructorId"),
        (json!({ "resourceIds": [red] }), "resourceIds"),
    ] {
        let mut input = opening(&kind, 2, 9, extra);
        input["i"]["startsAt"] = json!("2099-03-02T09:30:00Z");
        assert_eq!(in_the_way(&stage.admin, OPEN, input).await, (field.to_owned(), taken.clone()));
    }
    // A change says the same, of whom it takes anew; its own time is in nobody's way.
    let second = opening(&kind, 2, 9, json!({ "instructorId": carl.user_id, "resourceIds": [blue] }));
    let session = stage.admin.ok(OPEN, second).await["openGroupSessions"][0]["id"].take();
    let change = |extra: Value| {
        let mut input = json!({ "id": session });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (extra, field) in [
        (json!({ "instructorId": stage.ada.user_id }), "instructorId"),
        (json!({ "resourceIds": [red] }), "resourceIds"),
        (json!({ "startsAt": "2099-03-02T09:30:00Z", "resourceIds": [red] }), "resourceIds"),
    ] {
        assert_eq!(in_the_way(&stage.admin, CHANGE, change(extra)).await, (field.to_owned(), taken.clone()));
    }
    // Somebody who has a seat is elsewhere.
    let talk = stage.kind(json!({ "name": "Talk" })).await;
    stage.lea.ok(BOOK, slot(&talk, &at(2, 12))).await;
    let mut seat = slot(&kind, &at(2, 9));
    seat["i"]["instructorId"] = json!(carl.user_id);
    stage.lea.ok(BOOK, seat).await;
    let moved = change(json!({ "startsAt": "2099-03-02T11:30:00Z" }));
    assert_eq!(in_the_way(&stage.admin, CHANGE, moved).await, ("startsAt".to_owned(), json!(at(2, 12))));
}

#[tokio::test]
async fn a_session_takes_a_resource_that_is_large_enough_before_one_that_is_not() {
    let stage = Stage::start().await;
    let [small, large] = [stage.room("Small", 2).await, stage.room("Large", 5).await];
    let rooms = json!([{ "name": "Room", "resourceIds": [small, large] }]);
    let kind = stage.kind(json!({ "seats": 3, "requirements": rooms })).await;
    let resources = |seats: i32| json!({ "seats": seats });
    let of = |opened: &Value| opened["openGroupSessions"][0]["resources"][0]["name"].clone();
    assert_eq!(of(&stage.ada.ok(OPEN, opening(&kind, 2, 9, json!({}))).await), "Large");
    assert_eq!(of(&stage.ada.ok(OPEN, opening(&kind, 3, 9, resources(2))).await), "Small");
    refused(&stage.app, &stage.ada, OPEN, opening(&kind, 4, 9, resources(6)), "CONFLICT RESOURCE_TOO_SMALL @seats").await;
    // Likewise where a booking makes it.
    let booked = stage.lea.ok(BOOK, slot(&kind, &at(5, 9))).await["bookSlot"].take();
    assert_eq!(booked["resources"], json!([{ "name": "Large" }]));
    assert_eq!(stage.app.count("group_session WHERE seats = 3").await, 2);
}

#[tokio::test]
async fn what_was_held_and_is_over_keeps_no_session_away() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 3 })).await;
    let talk = stage.kind(json!({ "name": "Talk" })).await;
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id } }";
    stage.lea.ok(hold, slot(&talk, &at(2, 9))).await;
    stage.learner("bob").await.ok(hold, slot(&talk, &at(2, 12))).await;
    refused(&stage.app, &stage.ada, OPEN, opening(&kind, 2, 9, json!({})), "CONFLICT BOOKING_CONFLICT @instructorId").await;
    stage.app.sql("UPDATE slot_hold SET created_at = now() - interval '1 hour', expires_at = now()").await;
    let session = stage.ada.ok(OPEN, opening(&kind, 2, 9, json!({}))).await["openGroupSessions"][0]["id"].take();
    stage.ada.ok(CHANGE, json!({ "i": { "id": session, "startsAt": at(2, 12) } })).await;
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER LEARNER");
}

#[tokio::test]
async fn a_session_that_is_called_off_cancels_its_seats_and_tells_everybody_once() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 3 })).await;
    let bob = stage.learner("bob").await;
    let session = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["groupSession"]["id"].take();
    bob.ok(BOOK, slot(&kind, &at(2, 9))).await;
    stage.app.work().await;
    let off = json!({ "i": { "id": session, "reason": "Fog" } });
    refused(&stage.app, &stage.instructor("carl").await, CANCEL, off.clone(), "FORBIDDEN NOT_YOURS").await;
    let cancelled = stage.ada.ok(CANCEL, off.clone()).await["cancelGroupSession"].take();
    assert_eq!(cancelled, json!({ "id": session, "status": "CANCELLED", "cancelReason": "Fog", "seatsTaken": 0 }));
    assert_eq!(stage.claims().await, "");
    refused(&stage.app, &stage.ada, CANCEL, off, "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &stage.ada, CANCEL, json!({ "i": { "id": nothing("groupsession") } }), "NOT_FOUND @id").await;
    stage.app.work().await;
    for learner in [&stage.lea, &bob] {
        let told = learner.ok("{ notifications(first: 5) { nodes { kind subject { __typename } } } }", json!({})).await;
        let nodes = told["notifications"]["nodes"].as_array().unwrap();
        let kinds: Vec<&str> = nodes.iter().map(|note| note["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "GROUP_SESSION_CANCELLED").count(), 1, "{kinds:?}");
        assert!(!kinds.contains(&"BOOKING_CANCELLED"), "{kinds:?}");
    }
    // Each mail takes its reader's own seat out of their calendar.
    let taken_out = "mail m JOIN booking b ON b.student_id = m.user_id AND app.type_id('booking', b.id) = m.attachments #>> '{0,event,booking}' \
                     AND b.status = m.attachments #>> '{0,event,status}' AND b.revision::text = m.attachments #>> '{0,event,revision}' \
                     WHERE m.template = 'group_session_cancelled' AND b.status = 'CANCELLED' AND jsonb_array_length(m.attachments) = 1";
    assert_eq!(stage.app.count(taken_out).await, 2);
    // Its instructor also of one that nobody has a seat in.
    let opened = stage.ada.ok(OPEN, slot(&kind, &at(3, 9))).await["openGroupSessions"][0]["id"].take();
    stage.admin.ok(CANCEL, json!({ "i": { "id": opened } })).await;
    stage.app.work().await;
    let told = stage.ada.ok("{ notifications(first: 1) { nodes { kind } } }", json!({})).await;
    assert_eq!(told["notifications"]["nodes"][0]["kind"], "GROUP_SESSION_CANCELLED");
}

#[tokio::test]
async fn a_session_that_is_moved_within_its_day_does_not_count_against_its_instructors_limits() {
    let stage = Stage::start().await;
    let limits = json!({ "i": { "userId": stage.ada.user_id, "maxMinutesPerDay": 60 } });
    stage.admin.ok("mutation($i: SetInstructorLimitsInput!) { setInstructorLimits(input: $i) { id } }", limits).await;
    let kind = stage.kind(json!({ "seats": 3, "limits": { "perInstructorPerDay": 1, "perInstructorPerWeek": 1 } })).await;
    let session = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["groupSession"]["id"].take();
    stage.learner("bob").await.ok(BOOK, slot(&kind, &at(2, 9))).await;
    let to = |hour: u32| json!({ "i": { "id": session, "startsAt": at(2, hour) } });
    assert_eq!(stage.ada.ok(CHANGE, to(13)).await["updateGroupSession"]["startsAt"], json!(at(2, 13)));
    // What else they have does.
    let other = stage.kind(json!({ "name": "Lesson", "durations": [60] })).await;
    let eve = stage.learner("eve").await;
    refused(&stage.app, &eve, BOOK, slot(&other, &at(2, 9)), "CONFLICT BOOKING_LIMIT @startsAt").await;
    eve.ok(BOOK, slot(&other, &at(3, 9))).await;
    let next_day = json!({ "i": { "id": session, "startsAt": at(3, 13) } });
    refused(&stage.app, &stage.ada, CHANGE, next_day, "CONFLICT BOOKING_LIMIT @startsAt").await;
}

//! How many there may be: of a learner, of an instructor, by dates and weeks of the school's clock.

use super::*;

/// The limit that a refusal names, and what is used of it.
async fn limited(cast: &Cast, client: &Client, kind: &Value, time: &str) -> (Value, Value) {
    let mut extensions = refused(cast, client, kind, time, "BOOKING_LIMIT", "startsAt").await;
    (extensions["limit"].take(), extensions["used"].take())
}

#[tokio::test]
async fn a_trial_is_one_ever_and_what_was_called_off_does_not_count() {
    let cast = Cast::start().await;
    let trial = cast.kind(json!({ "limits": { "perLearner": 1 } })).await;
    let talk = cast.kind(json!({ "name": "Talk" })).await;
    book(&cast.lea, &talk, "08:00", json!({})).await;
    let first = book(&cast.lea, &trial, "10:00", json!({})).await;
    assert_eq!(limited(&cast, &cast.lea, &trial, "12:00").await, (json!(1), json!(1)));
    assert_eq!(offered(&cast.lea, &trial).await, "BOOKING_LIMIT");
    cast.lea.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": first["id"] } })).await;
    book(&cast.lea, &trial, "12:00", json!({})).await;
    // The same instants in the other school are no matter here.
    assert_eq!(book(&cast.learner("mary").await, &trial, "10:00", json!({})).await["status"], "ASSIGNED");
}

#[tokio::test]
async fn dates_and_weeks_are_those_of_the_start_by_the_schools_clock() {
    let cast = Cast::start().await;
    // From Sunday to Tuesday in Berlin, whose week begins on the Monday.
    let span = json!({ "i": { "startsAt": "2099-03-01T08:00:00Z", "endsAt": "2099-03-02T08:00:00Z" } });
    cast.ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    let daily = cast.kind(json!({ "limits": { "perLearnerPerDay": 1, "perLearnerPerWeek": 2 }, "slotStepMinutes": 60 })).await;
    let at_moment = |moment: &str| json!({ "i": { "bookingTypeId": daily, "startsAt": moment } });
    // Eleven at night in Berlin is Sunday, an hour later Monday.
    cast.lea.ok(BOOK, at_moment("2099-03-01T22:00:00Z")).await;
    let same_day = cast.lea.ask(BOOK, at_moment("2099-03-01T10:00:00Z")).await;
    assert_eq!(refusal(&same_day["errors"][0]), "CONFLICT BOOKING_LIMIT @startsAt");
    cast.lea.ok(BOOK, at_moment("2099-03-01T23:00:00Z")).await;
    let monday = cast.lea.ask(BOOK, at_moment("2099-03-02T10:00:00Z")).await;
    assert_eq!(refusal(&monday["errors"][0]), "CONFLICT BOOKING_LIMIT @startsAt");
    let shown = days(&cast.lea, &daily, "2099-02-28T23:00:00Z", "2099-03-02T23:00:00Z", json!({ "z": "Europe/Berlin" })).await;
    assert_eq!(shown.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["BOOKING_LIMIT", "BOOKING_LIMIT"]);
    // The week before has room for one more, on another day than the Sunday.
    let week = cast.kind(json!({ "name": "Weekly", "limits": { "perLearnerPerWeek": 1 }, "slotStepMinutes": 60 })).await;
    let at_moment = |moment: &str| json!({ "i": { "bookingTypeId": week, "startsAt": moment } });
    cast.lea.ok(BOOK, at_moment("2099-03-01T12:00:00Z")).await;
    cast.lea.ok(BOOK, at_moment("2099-03-02T12:00:00Z")).await;
    let again = cast.lea.ask(BOOK, at_moment("2099-03-02T14:00:00Z")).await;
    assert_eq!(refusal(&again["errors"][0]), "CONFLICT BOOKING_LIMIT @startsAt");
}

#[tokio::test]
async fn an_instructor_takes_no_more_than_they_may_of_a_type_and_in_all() {
    let cast = Cast::start().await;
    let tom = cast.instructor("tom").await;
    let both = json!([{ "instructorId": cast.ada.user_id }, { "instructorId": tom.user_id }]);
    let flight = cast.kind(json!({ "strategy": "FIXED", "instructors": both, "limits": { "perInstructorPerDay": 1 } })).await;
    let [mary, eve] = [cast.learner("mary").await, cast.learner("eve").await];
    assert_eq!(book(&cast.lea, &flight, "08:00", json!({})).await["instructor"]["id"], cast.ada.user_id);
    assert_eq!(book(&mary, &flight, "10:00", json!({})).await["instructor"]["id"], tom.user_id);
    assert_eq!(limited(&cast, &eve, &flight, "12:00").await, (json!(1), json!(1)));
    // Over all types: minutes of the day and of the week.
    cast.app
        .sql(&format!(
            "INSERT INTO instructor_limit (tenant_id, user_id, max_minutes_per_day, max_minutes_per_week) VALUES ('{}', '{}', 140, 600)",
            cast.app.oak.tenant,
            crate::classroom::uuid(&cast.ada.user_id)
        ))
        .await;
    let talk = cast.kind(json!({ "name": "Talk", "durations": [60, 90] })).await;
    let answer = eve.ask(BOOK, wish(&talk, "12:00", json!({ "durationMinutes": 90 }))).await;
    assert_eq!(refusal(&answer["errors"][0]), "CONFLICT BOOKING_LIMIT @startsAt", "{answer}");
    assert_eq!((&answer["errors"][0]["extensions"]["limit"], &answer["errors"][0]["extensions"]["used"]), (&json!(140), &json!(60)));
    book(&eve, &talk, "12:00", json!({})).await;
    assert_eq!(limited(&cast, &eve, &talk, "14:00").await, (json!(140), json!(120)));
    // A manager skips the type's limits, and nobody what an instructor may be booked for in all.
    let answer = cast.admin.ask(BOOK, wish(&talk, "14:00", json!({ "learnerId": eve.user_id, "override": ["LIMITS"] }))).await;
    assert_eq!(refusal(&answer["errors"][0]), "CONFLICT BOOKING_LIMIT @startsAt");
    let strict = json!({ "learnerId": eve.user_id, "override": ["LIMITS"], "instructorId": tom.user_id });
    book(&cast.admin, &flight, "14:00", strict).await;
}

#[tokio::test]
async fn notice_and_horizon_bound_when_it_is_booked() {
    let cast = Cast::start().await;
    #[allow(clippy::disallowed_methods, reason = "a test stands outside of every request")]
    let now = jiff::Timestamp::now();
    let hour = jiff::Timestamp::from_second(now.as_second() / 3600 * 3600).unwrap();
    let later = |hours: i64| (hour + jiff::SignedDuration::from_hours(hours)).to_string();
    let span = json!({ "i": { "startsAt": later(1), "endsAt": later(24 * 20) } });
    cast.ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    let flight = cast.kind(json!({ "minNoticeMinutes": 600, "maxHorizonDays": 7, "slotStepMinutes": 60 })).await;
    for (hours, expected) in [(3, "TOO_SOON"), (9, "TOO_SOON"), (24, ""), (24 * 6, ""), (24 * 9, "TOO_FAR")] {
        let explained = cast.lea.ok(EXPLAIN, json!({ "t": flight, "s": later(hours) })).await["explainSlot"]["reason"].take();
        assert_eq!(explained.as_str().unwrap_or_default(), expected, "{hours}");
        let booked = cast.lea.ask(BOOK, json!({ "i": { "bookingTypeId": flight, "startsAt": later(hours) } })).await;
        let refused = booked.get("errors").map(|errors| errors[0]["extensions"]["reason"].clone()).unwrap_or_default();
        assert_eq!(refused.as_str().unwrap_or_default(), expected, "{hours}: {booked}");
    }
}

//! What a learner learns of another from what is offered, explained and refused: that time is taken, and nothing else.

use super::*;

#[tokio::test]
async fn a_learner_learns_of_others_that_time_is_taken_and_nothing_else() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "slotStepMinutes": 60, "limits": { "perLearner": 1 } })).await;
    let mary = cast.learner("mary").await;
    let secret = "Her notes are nobody's";
    let booked = book(&mary, &flight, "10:00", json!({ "notes": secret })).await;
    hold(&cast.learner("eve").await, &flight, "12:00", json!({})).await;
    let week = json!({ "t": flight, "f": at("00:00"), "to": at("23:00") });
    let mut told = vec![
        cast.lea.ask(SLOTS, week).await,
        cast.lea.ask(EXPLAIN, json!({ "t": flight, "s": at("10:00") })).await,
        cast.lea.ask(EXPLAIN, json!({ "t": flight, "s": at("12:00") })).await,
        cast.lea.ask(BOOK, wish(&flight, "10:00", json!({}))).await,
        cast.lea.ask(HOLD, wish(&flight, "12:00", json!({}))).await,
        cast.lea.ask("{ slotHolds { id } }", json!({})).await,
    ];
    told.push(
        cast.lea
            .ask("query($id: ID!) { booking(id: $id) { id bookingType { name } assignment { reason } } }", json!({ "id": booked["id"] }))
            .await,
    );
    let told = told.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    for word in [secret, &mary.user_id, "mary@", "eve@", "MARY"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
    assert!(!told.contains(booked["id"].as_str().unwrap()), "{told}");
    // Booked or held: it looks the same.
    let of = |answer: Value| {
        let mut extensions = answer["errors"][0]["extensions"].clone();
        let object = extensions.as_object_mut().unwrap();
        object.remove("correlationId");
        object.remove("busy");
        (answer["errors"][0]["message"].clone(), extensions)
    };
    let booked = of(cast.lea.ask(BOOK, wish(&flight, "10:00", json!({}))).await);
    assert_eq!(booked, of(cast.lea.ask(BOOK, wish(&flight, "12:00", json!({}))).await));
    // The other school's bookings are none here, and its people get nothing.
    let elm = cast.app.sign_in(&cast.app.elm, Who::Admin).await;
    let theirs = kind(&elm, json!({ "name": "Theirs", "durations": [60], "instructors": [{ "instructorId": elm.user_id }] })).await;
    open(&elm, "08:00", "18:00").await;
    let learner = cast.app.sign_in(&cast.app.elm, Who::Learner).await;
    assert_eq!(book(&learner, &theirs, "10:00", json!({})).await["status"], "ASSIGNED");
    assert_eq!(offered(&cast.lea, &flight).await, "08:00 09:00 11:00 13:00 14:00 15:00 16:00 17:00");
}

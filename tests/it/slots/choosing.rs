//! Who takes a booking for which nobody is named, and why.

use super::*;

const WHY: &str = "query($id: ID!) { booking(id: $id) { assignment { strategy reason at candidates { isChosen reason assignedCount bookedMinutes instructor { id } } } } }";
const CANDIDATES: &str =
    "query($id: ID!) { assignmentCandidates(bookingId: $id) { isChosen reason assignedCount bookedMinutes instructor { id } } }";
const CANCEL: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }";

/// Three instructors and a type of theirs.
async fn three(cast: &Cast, extra: Value) -> (Value, [String; 3]) {
    let (bob, tom) = (cast.instructor("bob").await, cast.instructor("tom").await);
    let ids = [cast.ada.user_id.clone(), bob.user_id, tom.user_id];
    let mut input = json!({ "instructors": ids.iter().map(|id| json!({ "instructorId": id })).collect::<Vec<_>>() });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    (cast.kind(input).await, ids)
}

/// The places of those who were chosen, one booking after the other.
async fn chosen(cast: &Cast, flight: &Value, ids: &[String; 3], times: &[&str]) -> String {
    let mut places = Vec::new();
    for time in times {
        let learner = json!({ "learnerId": cast.lea.user_id, "override": ["LIMITS"] });
        let booking = book(&cast.admin, flight, time, learner).await;
        places.push(ids.iter().position(|id| booking["instructor"]["id"] == json!(id)).unwrap().to_string());
    }
    places.join("")
}

#[tokio::test]
async fn fixed_takes_the_first_who_is_free() {
    let cast = Cast::start().await;
    let (flight, ids) = three(&cast, json!({ "strategy": "FIXED" })).await;
    assert_eq!(chosen(&cast, &flight, &ids, &["08:00", "10:00"]).await, "00");
    let mary = cast.learner("mary").await;
    assert_eq!(book(&mary, &flight, "08:00", json!({})).await["instructor"]["id"], json!(ids[1]));
    let last = book(&cast.learner("eve").await, &flight, "08:00", json!({})).await;
    let why = cast.admin.ok(WHY, json!({ "id": last["id"] })).await["booking"]["assignment"].take();
    assert_eq!(why["strategy"], "FIXED");
    let candidates: Vec<(bool, Value)> =
        why["candidates"].as_array().unwrap().iter().map(|one| (one["isChosen"] == json!(true), one["reason"].clone())).collect();
    assert_eq!(candidates, [(true, json!(null)), (false, json!("BOOKING_CONFLICT")), (false, json!("BOOKING_CONFLICT"))]);
    let sentence = why["reason"].as_str().unwrap();
    assert!(!sentence.contains("tom") && sentence.contains("1 who could take it"), "{sentence}");
    // Only who sees all bookings is told; and where a person chose there is nothing to tell.
    assert_eq!(mary.ok("{ bookings { nodes { id } } }", json!({})).await["bookings"]["nodes"].as_array().unwrap().len(), 1);
    let own = mary.ok("{ bookings { nodes { id } } }", json!({})).await["bookings"]["nodes"][0]["id"].take();
    let asked = mary.ask(WHY, json!({ "id": own })).await;
    assert_eq!((&asked["data"]["booking"]["assignment"], &asked["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("FORBIDDEN")));
    let named = book(&mary, &flight, "12:00", json!({ "instructorId": ids[2] })).await;
    assert_eq!(cast.admin.ok(WHY, json!({ "id": named["id"] })).await["booking"]["assignment"], Value::Null);
}

#[tokio::test]
async fn in_turn_by_weight_with_newcomers_and_what_is_called_off() {
    let cast = Cast::start().await;
    let (flight, ids) = three(&cast, json!({})).await;
    let times = ["08:00", "09:00", "10:00", "11:00", "12:00", "13:00"];
    let turns = chosen(&cast, &flight, &ids, &times).await;
    let mut first: Vec<char> = turns[..3].chars().collect();
    first.sort_unstable();
    assert_eq!((String::from_iter(first), &turns[..3]), ("012".to_owned(), &turns[3..]));
    let counts = "SELECT string_agg(assigned_count::text, ' ' ORDER BY place) FROM booking_type_instructor";
    assert_eq!(cast.app.text(counts).await.unwrap(), "2 2 2");
    // Whoever loses one is next.
    let nodes = cast.admin.ok("{ bookings { nodes { id instructor { id } } } }", json!({})).await["bookings"]["nodes"].take();
    let of_bob = nodes.as_array().unwrap().iter().find(|booking| booking["instructor"]["id"] == json!(ids[1])).unwrap();
    cast.admin.ok(CANCEL, json!({ "i": { "id": of_bob["id"] } })).await;
    assert_eq!(cast.app.text(counts).await.unwrap(), "2 1 2");
    assert_eq!(chosen(&cast, &flight, &ids, &["14:00"]).await, "1");
    // A newcomer begins at the smallest share, and no later change of weight makes up for the past.
    let eve = cast.instructor("eve").await;
    let mut instructors: Vec<Value> = ids.iter().map(|id| json!({ "instructorId": id })).collect();
    instructors.push(json!({ "instructorId": eve.user_id, "weight": 3 }));
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "instructors": instructors } })).await;
    assert_eq!(cast.app.text(counts).await.unwrap(), "2 2 2 6");
    // At three times the weight they are given three of six.
    cast.app.sql("SET app.audit = 'off'; UPDATE booking SET status = 'CANCELLED'; RESET app.audit").await;
    cast.app.sql("UPDATE booking_type_instructor SET assigned_count = 0, last_assigned_at = NULL").await;
    for time in times {
        book(&cast.admin, &flight, time, json!({ "learnerId": cast.lea.user_id })).await;
    }
    assert_eq!(cast.app.text(counts).await.unwrap(), "1 1 1 3");
}

#[tokio::test]
async fn the_least_busy_is_who_has_the_fewest_claimed_minutes_in_the_week_of_any_type() {
    let cast = Cast::start().await;
    let (flight, ids) = three(&cast, json!({ "strategy": "LEAST_BUSY", "bufferAfterMinutes": 30 })).await;
    // Ada has a booking of another type on that day, and Bob a longer one a week earlier.
    let talk = cast.kind(json!({ "name": "Talk", "durations": [120] })).await;
    book(&cast.learner("mary").await, &talk, "16:00", json!({})).await;
    let first = chosen(&cast, &flight, &ids, &["08:00", "10:00"]).await;
    assert!(first == "12" || first == "21", "{first}");
    // Ninety minutes each for two of them, two hours for Ada.
    let third = book(&cast.admin, &flight, "12:00", json!({ "learnerId": cast.lea.user_id })).await;
    assert_ne!(third["instructor"]["id"], json!(ids[0]));
    let why = cast.admin.ok(WHY, json!({ "id": third["id"] })).await["booking"]["assignment"].take();
    let minutes: Vec<i64> = why["candidates"].as_array().unwrap().iter().map(|one| one["bookedMinutes"].as_i64().unwrap()).collect();
    assert_eq!(minutes, [90, 90, 120]);
    assert_eq!(chosen(&cast, &flight, &ids, &["14:00"]).await.len(), 1);
}

#[tokio::test]
async fn candidates_of_a_booking_are_the_types_or_with_no_type_everybody_who_teaches() {
    let cast = Cast::start().await;
    let (flight, ids) = three(&cast, json!({ "strategy": "FIXED", "needsApproval": true })).await;
    let asked = book(&cast.lea, &flight, "10:00", json!({})).await;
    let mary = cast.learner("mary").await;
    book(&cast.admin, &flight, "10:00", json!({ "learnerId": mary.user_id, "instructorId": ids[0] })).await;
    let candidates = cast.admin.ok(CANDIDATES, json!({ "id": asked["id"] })).await["assignmentCandidates"].take();
    let shown: Vec<String> = candidates
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {}", ids.iter().position(|id| one["instructor"]["id"] == json!(id)).unwrap(), one["isChosen"], one["reason"])
        })
        .collect();
    assert_eq!(shown, ["1 true null", "2 false null", "0 false \"BOOKING_CONFLICT\""]);
    let request = json!({ "i": { "startsAt": at("10:00"), "endsAt": at("11:00") } });
    let untyped =
        cast.lea.ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", request).await["requestBooking"]["id"]
            .take();
    let candidates = cast.admin.ok(CANDIDATES, json!({ "id": untyped })).await["assignmentCandidates"].take();
    // The admin teaches as well, and is not open on that day.
    assert_eq!(candidates.as_array().unwrap().len(), 4);
    let of_admin = candidates.as_array().unwrap().iter().find(|one| one["instructor"]["id"] == json!(cast.admin.user_id)).unwrap();
    assert_eq!((&candidates[0]["isChosen"], &of_admin["reason"]), (&json!(true), &json!("OUTSIDE_AVAILABILITY")));
    assert_eq!(cast.lea.refused(CANDIDATES, json!({ "id": asked["id"] })).await, "FORBIDDEN [BOOKING_MANAGE]");
    let elm = cast.app.sign_in(&cast.app.elm, Who::Admin).await;
    assert_eq!(elm.ok(CANDIDATES, json!({ "id": asked["id"] })).await["assignmentCandidates"], Value::Null);
}

#[tokio::test]
async fn nobody_takes_their_own_booking_nor_teaches_while_they_learn() {
    let cast = Cast::start().await;
    let (flight, ids) = three(&cast, json!({ "strategy": "FIXED" })).await;
    let own = book(&cast.admin, &flight, "08:00", json!({ "learnerId": ids[0] })).await;
    assert_eq!(own["instructor"]["id"], json!(ids[1]));
    // Ada learns now, and so she is not offered.
    let mary = cast.learner("mary").await;
    assert_eq!(book(&mary, &flight, "08:00", json!({})).await["instructor"]["id"], json!(ids[2]));
    cast.app
        .sql(&format!(
            "SET app.audit = 'off'; UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'; RESET app.audit",
            crate::classroom::uuid(&ids[0])
        ))
        .await;
    assert_eq!(book(&mary, &flight, "10:00", json!({})).await["instructor"]["id"], json!(ids[1]));
}

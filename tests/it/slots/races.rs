//! Many at once: exactly one has what only one can have, and nobody is shot.

use lectern_kernel::ids;
use tokio::task::JoinSet;

use super::*;
use crate::{classroom, hours::resource};

/// Sends all of these at once; the answers, in their order.
async fn at_once(requests: Vec<(Client, &'static str, Value)>) -> Vec<Value> {
    let mut running = JoinSet::new();
    for (place, (client, query, variables)) in requests.into_iter().enumerate() {
        running.spawn(async move { (place, client.ask(query, variables).await) });
    }
    let mut answers = running.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// How many were done; the others lost with this line, but for its field.
fn winners(answers: &[Value], line: &str) -> usize {
    let refused: Vec<String> =
        answers.iter().filter(|answer| answer.get("errors").is_some()).map(|answer| refusal(&answer["errors"][0])).collect();
    assert!(refused.iter().all(|said| said.starts_with(line)), "{refused:?}");
    answers.len() - refused.len()
}

/// So many learners who are signed in.
async fn crowd(cast: &Cast, count: usize) -> Vec<Client> {
    classroom::learners(&cast.app, &cast.app.oak, count).await;
    let mut clients = Vec::new();
    for n in 1..=count {
        clients.push(cast.app.sign_in_as(&cast.app.oak, &format!("person{n}@oak.example"), crate::app::PASSWORD).await);
    }
    clients
}

#[tokio::test]
async fn of_many_who_hold_or_book_one_slot_one_has_it() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({})).await;
    let people = crowd(&cast, 8).await;
    let requests = |time: &str, query: fn(usize) -> &'static str| {
        people.iter().enumerate().map(|(n, client)| (client.clone(), query(n), wish(&flight, time, json!({})))).collect::<Vec<_>>()
    };
    assert_eq!(winners(&at_once(requests("08:00", |_| BOOK)).await, "CONFLICT BOOKING_CONFLICT"), 1);
    assert_eq!(winners(&at_once(requests("10:00", |_| HOLD)).await, "CONFLICT BOOKING_CONFLICT"), 1);
    assert_eq!(winners(&at_once(requests("12:00", |n| if n % 2 == 0 { HOLD } else { BOOK })).await, "CONFLICT BOOKING_CONFLICT"), 1);
    // Only by buffers, and only by a resource.
    let wide = cast.kind(json!({ "name": "Wide", "bufferBeforeMinutes": 30, "bufferAfterMinutes": 30 })).await;
    let pair = |kind: &Value, one: &str, two: &str| {
        vec![(people[0].clone(), BOOK, wish(kind, one, json!({}))), (people[1].clone(), BOOK, wish(kind, two, json!({})))]
    };
    assert_eq!(winners(&at_once(pair(&wide, "14:00", "15:15")).await, "CONFLICT BOOKING_CONFLICT"), 1);
    let room = resource(&cast.admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let both = json!([{ "instructorId": cast.instructor("tom").await.user_id }, { "instructorId": cast.instructor("eve").await.user_id }]);
    let talk = cast.kind(json!({ "name": "Talk", "instructors": both, "requirements": [{ "name": "Room", "resourceIds": [room] }] })).await;
    assert_eq!(winners(&at_once(pair(&talk, "16:00", "16:00")).await, "CONFLICT BOOKING_CONFLICT"), 1);
    let double =
        "time_claim a JOIN time_claim b ON a.party_id = b.party_id AND a.id < b.id AND a.starts_at < b.ends_at AND a.ends_at > b.starts_at";
    assert_eq!(cast.app.count(double).await, 0);
}

#[tokio::test]
async fn a_hold_against_the_cores_assigning_and_against_its_own_redemption() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({})).await;
    let people = crowd(&cast, 2).await;
    let assign = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }";
    for time in ["08:00", "09:00", "10:00", "11:00"] {
        let end = format!("{:02}:00", time[..2].parse::<u32>().unwrap() + 1);
        let request = json!({ "i": { "startsAt": at(time), "endsAt": at(&end) } });
        let asked =
            people[0].ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", request).await["requestBooking"]["id"]
                .take();
        cast.admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": asked })).await;
        let assigned = (cast.admin.clone(), assign, json!({ "i": { "id": asked, "instructorId": cast.ada.user_id } }));
        let held = (people[1].clone(), HOLD, wish(&flight, time, json!({})));
        assert_eq!(winners(&at_once(vec![assigned, held]).await, "CONFLICT BOOKING_CONFLICT"), 1, "{time}");
    }
    // Redeemed several times at once, it is one booking.
    let held = hold(&people[1], &flight, "14:00", json!({})).await["id"].take();
    let redeem = wish(&flight, "14:00", json!({ "holdId": held }));
    let answers = at_once((0..6).map(|_| (people[1].clone(), BOOK, redeem.clone())).collect()).await;
    let booked: std::collections::BTreeSet<String> = answers.iter().map(|answer| answer["data"]["bookSlot"]["id"].to_string()).collect();
    assert_eq!(booked.len(), 1, "{answers:?}");
    assert_eq!(cast.app.count("booking WHERE booking_type_id IS NOT NULL").await, 1);
    // Expired, it is taken by another while its owner redeems it: one of them has it.
    let held = hold(&people[1], &flight, "16:00", json!({})).await["id"].take();
    cast.app.sql(&format!("UPDATE slot_hold SET expires_at = now() WHERE id = '{}'", ids::decode(held.as_str().unwrap()).unwrap().1)).await;
    let both = vec![
        (people[0].clone(), BOOK, wish(&flight, "16:00", json!({}))),
        (people[1].clone(), BOOK, wish(&flight, "16:00", json!({ "holdId": held }))),
    ];
    let answers = at_once(both).await;
    assert!(answers[0].get("errors").is_none(), "{answers:?}");
    assert_eq!(refusal(&answers[1]["errors"][0]), "CONFLICT HOLD_EXPIRED @holdId");
}

#[tokio::test]
async fn a_limit_of_one_is_one_however_many_ask_at_once() {
    let cast = Cast::start().await;
    let trial = cast.kind(json!({ "limits": { "perLearner": 1 } })).await;
    let times = ["08:00", "09:00", "10:00", "11:00", "12:00", "13:00"];
    let requests = times.iter().map(|time| (cast.lea.clone(), BOOK, wish(&trial, time, json!({})))).collect();
    assert_eq!(winners(&at_once(requests).await, "CONFLICT BOOKING_LIMIT"), 1);
    // One of an instructor a day, whoever books.
    let daily = cast.kind(json!({ "name": "Daily", "limits": { "perInstructorPerDay": 1 } })).await;
    let people = crowd(&cast, 4).await;
    let requests = people
        .iter()
        .zip(["14:00", "15:00", "16:00", "17:00"])
        .map(|(client, time)| (client.clone(), BOOK, wish(&daily, time, json!({}))))
        .collect();
    assert_eq!(winners(&at_once(requests).await, "CONFLICT BOOKING_LIMIT"), 1);
}

#[tokio::test]
async fn twelve_at_once_among_three_are_four_each() {
    let cast = Cast::start().await;
    let mut instructors = vec![json!({ "instructorId": cast.ada.user_id })];
    for name in ["tom", "bob"] {
        instructors.push(json!({ "instructorId": cast.instructor(name).await.user_id }));
    }
    let flight = cast.kind(json!({ "instructors": instructors, "durations": [30] })).await;
    let people = crowd(&cast, 12).await;
    let requests = people
        .iter()
        .enumerate()
        .map(|(n, client)| (client.clone(), BOOK, wish(&flight, &format!("{:02}:{:02}", 8 + n / 2, 30 * (n % 2)), json!({}))))
        .collect();
    assert_eq!(winners(&at_once(requests).await, "CONFLICT"), 12);
    let counts = "SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n FROM booking GROUP BY instructor_id) AS c";
    assert_eq!(cast.app.text(counts).await.unwrap(), "4 4 4");
    assert_eq!(cast.app.text("SELECT string_agg(assigned_count::text, ' ') FROM booking_type_instructor").await.unwrap(), "4 4 4");
}

//! Offers that several want, or one takes twice.

use futures_util::future::join_all;
use serde_json::json;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_is_accepted_several_times_at_once_is_one_booking() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let bob = stage.learner("bob").await;
    for day in 2..7 {
        let (session, seat) = full(&stage, &kind, &bob, day).await;
        let entry = wait(&stage.lea, json!({ "groupSessionId": session })).await;
        bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
        stage.app.work().await;
        let answers = join_all((0..4).map(|_| stage.lea.ask(ACCEPT, json!({ "id": entry })))).await;
        let booked: Vec<&serde_json::Value> = answers.iter().map(|answer| &answer["data"]["acceptOffer"]["id"]).collect();
        assert!(booked.iter().all(|id| id.is_string() && *id == booked[0]), "{answers:?}");
    }
    assert_eq!(stage.app.count("booking WHERE status = 'ASSIGNED'").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workers_offer_each_seat_once() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let bob = stage.learner("bob").await;
    let (session, seat) = full(&stage, &kind, &bob, 2).await;
    for n in 0..4 {
        wait(&stage.learner(&format!("w{n}")).await, json!({ "groupSessionId": session })).await;
    }
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
    join_all((0..3).map(|_| stage.app.work())).await;
    assert_eq!(stage.app.count("waitlist_entry WHERE status = 'OFFERED'").await, 1);
    assert_eq!(stage.app.count("slot_hold WHERE is_offer").await, 1);
}

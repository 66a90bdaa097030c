//! What time does to applications: offers and places that are not taken in time lapse once, go to whoever waits next, and each is told once.

use uuid::Uuid;

use super::*;
use crate::{
    classroom::is_due,
    orders::{self, Shop, cart_for},
    payments::{PLACE, assert_balanced, books, read},
};

/// A job of the school is asked for, by nobody, and run by two workers at once with all others that wait.
async fn run(app: &TestApp, kind: &str) {
    let tenant = app.oak.tenant;
    app.sql(&format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SELECT app.enqueue('{kind}', '{}', '{{}}'); COMMIT", Uuid::now_v7()))
        .await;
    let (stop, working) = app.keep_working();
    app.work().await;
    stop.cancel();
    working.await.unwrap();
    app.work().await;
}

/// Past every rule, as time does.
async fn pass(app: &TestApp, change: &str) {
    app.sql(&format!("BEGIN; SET LOCAL app.audit = 'off'; UPDATE application SET {change}; COMMIT")).await;
}

/// Whether an application is offered a place, and how often its applicant was told of one: by a notification and by a mail.
async fn offers(app: &TestApp, client: &Client, id: &str) -> (bool, i64, i64) {
    let offer = client.ok(READ, json!({ "id": id })).await["application"]["offerExpiresAt"].take();
    // What is told of one thing within an hour is one notification, which counts.
    let told = "SELECT coalesce(sum(count), 0)::text FROM notification WHERE kind = 'PLACE_OFFERED' AND recipient_id =";
    let told = app.text(&format!("{told} '{}'", uuid(&client.user_id))).await.unwrap().parse().unwrap();
    let mailed = "mail m JOIN app_user u ON u.tenant_id = m.tenant_id AND u.id = m.user_id WHERE m.template = 'place_offered'";
    let mailed = format!("{mailed} AND u.id = '{}'", uuid(&client.user_id));
    (offer.is_string(), told, app.count(&mailed).await)
}

/// The states that an application came to, in their order.
async fn steps(admin: &Client, id: &str) -> Vec<String> {
    let events = admin.ok(READ, json!({ "id": id })).await["application"]["events"].take();
    events.as_array().unwrap().iter().map(|event| event["to"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_told_once_lapses_once_and_goes_round_however_often_the_job_runs() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT", "offerHours": 24 })).await;
    let [ann, bob, eve] = [stage.learner("ann").await, stage.learner("bob").await, stage.learner("eve").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    let (third, _) = apply(&eve, &program).await;
    withdraw(&ann, &first).await;
    let hours =
        "SELECT round(extract(epoch FROM offer_expires_at - offered_at) / 3600)::text FROM application WHERE offered_at IS NOT NULL";
    assert_eq!(stage.app.text(hours).await.unwrap(), "24");
    for _ in 0..3 {
        run(&stage.app, "place.advance").await;
    }
    assert_eq!((offers(&stage.app, &bob, &second).await, offers(&stage.app, &eve, &third).await), ((true, 1, 1), (false, 0, 0)));
    assert_eq!(places(&ann, &program).await, (1, 2));
    // Its time is over, and nobody has seen it yet: it can't be taken, and that changes nothing.
    pass(
        &stage.app,
        "offered_at = now() - interval '25 hours', offer_expires_at = now() - interval '1 hour' WHERE offer_expires_at IS NOT NULL",
    )
    .await;
    refused(&stage.app, &bob, ACCEPT, json!({ "id": second }), "CONFLICT OFFER_EXPIRED @id").await;
    assert_eq!(status(&bob, &second).await, "WAITLISTED");
    assert!(is_due(&stage.app, &stage.app.oak, "place.advance").await);
    for _ in 0..3 {
        run(&stage.app, "place.advance").await;
    }
    assert!(!is_due(&stage.app, &stage.app.oak, "place.advance").await, "one that is offered and not late is not due");
    assert_eq!(steps(&stage.admin, &second).await.iter().filter(|state| *state == "WITHDRAWN").count(), 1);
    assert_eq!(offers(&stage.app, &eve, &third).await, (true, 1, 1));
    assert_eq!(places(&ann, &program).await, (1, 1));
    // Who comes back is offered what comes free again, and that is told anew.
    bob.ok(REOPEN, json!({ "id": second })).await;
    assert_eq!(submit(&bob, &second).await, "WAITLISTED");
    pass(&stage.app, "offered_at = now() - interval '25 hours', offer_expires_at = now() - interval '1 hour' WHERE status = 'WAITLISTED' AND offer_expires_at IS NOT NULL").await;
    run(&stage.app, "place.advance").await;
    assert_eq!((status(&eve, &third).await.as_str(), offers(&stage.app, &bob, &second).await), ("WITHDRAWN", (true, 2, 2)));
    assert_eq!(bob.ok(ACCEPT, json!({ "id": second })).await["acceptPlace"]["status"], "ACCEPTED");
    run(&stage.app, "place.advance").await;
    assert_eq!((status(&bob, &second).await.as_str(), places(&ann, &program).await), ("ACCEPTED", (1, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_lasts_no_longer_than_its_program_and_none_is_made_after_that() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT", "endsAt": "2999-01-01T00:00:00Z" })).await;
    let [ann, bob, eve] = [stage.learner("ann").await, stage.learner("bob").await, stage.learner("eve").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    let (third, _) = apply(&eve, &program).await;
    stage.app.sql(&format!("UPDATE program SET ends_at = now() + interval '3 hours' WHERE id = '{}'", uuid(&program))).await;
    withdraw(&ann, &first).await;
    let at_the_end =
        "application a JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id WHERE a.offer_expires_at = p.ends_at";
    assert_eq!(stage.app.count(at_the_end).await, 1);
    // Three hours later.
    stage.app.sql(&format!("UPDATE program SET ends_at = now() - interval '1 second' WHERE id = '{}'", uuid(&program))).await;
    pass(&stage.app, "offer_expires_at = now() - interval '1 second' WHERE offer_expires_at IS NOT NULL").await;
    for kind in ["place.advance", "program.end", "place.advance"] {
        run(&stage.app, kind).await;
    }
    assert_eq!((status(&bob, &second).await.as_str(), status(&eve, &third).await.as_str()), ("WITHDRAWN", "WAITLISTED"));
    assert_eq!(offers(&stage.app, &eve, &third).await, (false, 0, 0));
    let state = stage.admin.ok("query($id: ID!) { program(id: $id) { status placesTaken waitlistCount } }", json!({ "id": program })).await;
    assert_eq!(state["program"], json!({ "status": "ENDED", "placesTaken": 0, "waitlistCount": 1 }));
    assert_eq!(stage.app.count("audit_entry WHERE operation = 'system:program.end'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_paid_or_ordered_keeps_the_place_beyond_its_time_and_who_lets_the_order_lapse_loses_both() {
    let shop = Shop::open(json!({ "capacity": 3, "payWithinDays": 3 })).await;
    let ticket = shop.product(json!({ "stock": 5 })).await;
    let mut people = Vec::new();
    for name in ["paid", "ordered", "idle"] {
        let client = shop.app.person(&shop.app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await;
        let (application, attendee) = orders::applied(&client, &shop.program).await;
        people.push((client, application, attendee));
    }
    let next = shop.app.person(&shop.app.oak, "next@oak.example", &["LEARNER"]).await;
    let (waiting, state) = apply(&next, &shop.program).await;
    assert_eq!(state, "WAITLISTED");
    let [(paid, of_paid, attendee), (ordered, of_ordered, other), (idle, of_idle, _)] = &people[..] else { unreachable!() };
    let pay_by = async |client: &Client, id: &str| client.ok(READ, json!({ "id": id })).await["application"]["payBy"].is_string();
    assert!(
        pay_by(paid, of_paid).await && pay_by(ordered, of_ordered).await && pay_by(idle, of_idle).await && !pay_by(&next, &waiting).await
    );
    shop.buy(paid, &cart_for(of_paid, attendee, &[(&ticket, 1)]), "paid-in-time").await;
    assert!(!pay_by(paid, of_paid).await, "what is paid has no end");
    let order = shop.place(ordered, &cart_for(of_ordered, other, &[(&ticket, 2)]), "not-paid-yet").await;
    // Not a moment before.
    pass(&shop.app, "accepted_at = accepted_at - interval '71 hours' WHERE accepted_at IS NOT NULL").await;
    run(&shop.app, "place.advance").await;
    assert_eq!((status(idle, of_idle).await.as_str(), places(&shop.admin, &shop.program).await), ("ACCEPTED", (3, 1)));
    assert!(!is_due(&shop.app, &shop.app.oak, "place.advance").await);
    pass(&shop.app, "accepted_at = accepted_at - interval '2 hours' WHERE accepted_at IS NOT NULL").await;
    assert!(is_due(&shop.app, &shop.app.oak, "place.advance").await);
    for _ in 0..2 {
        run(&shop.app, "place.advance").await;
    }
    assert!(!is_due(&shop.app, &shop.app.oak, "place.advance").await);
    assert_eq!(steps(&shop.admin, of_idle).await.iter().filter(|state| *state == "WITHDRAWN").count(), 1);
    assert_eq!((status(paid, of_paid).await.as_str(), status(ordered, of_ordered).await.as_str()), ("ACCEPTED", "ACCEPTED"));
    assert_eq!(offers(&shop.app, &next, &waiting).await, (true, 1, 1));
    // Nothing is sold to who has lost the place.
    let late = json!({ "i": orders::order_of(&cart_for(of_idle, attendee, &[(&ticket, 1)]), &json!(1000), "far-too-late") });
    assert!(idle.refused(PLACE, late).await.starts_with("CONFLICT NOT_ACCEPTED"));
    // The order lapses, and with it what kept the place; the job of places does not wait for that of orders.
    shop.overdue(&order).await;
    run(&shop.app, "place.advance").await;
    assert_eq!((status(ordered, of_ordered).await.as_str(), shop.held(&ticket).await), ("WITHDRAWN", 1));
    assert_eq!(read(ordered, order["id"].as_str().unwrap()).await["status"], "EXPIRED");
    assert_eq!(shop.app.count("notification WHERE kind = 'ORDER_EXPIRED'").await, 1);
    assert_eq!(places(&shop.admin, &shop.program).await, (2, 1));
    // Money that comes after that is not lost: nobody is let in for it, and it is credit.
    let record = json!({ "orderId": order["id"], "amount": 2000, "idempotencyKey": "late-transfer" });
    let recorded = shop.admin.ok(crate::payments::RECORD, json!({ "i": record })).await["recordPayment"].take();
    assert_eq!((&recorded["status"], books(&shop).await.as_str()), (&json!("EXPIRED"), "CASH_MANUAL 3000, CREDIT -2000, REVENUE -1000"));
    assert_eq!(shop.app.count("ticket WHERE status = 'ISSUED'").await, 1);
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fee_that_is_not_paid_in_time_is_asked_for_again_and_a_draft_waits_for_it() {
    let shop = Shop::open(json!({ "applicationFee": { "amount": 2500, "currency": "EUR" } })).await;
    let id = start(&shop.lea, &shop.program).await;
    let pay = "mutation($i: PayApplicationFeeInput!) { payApplicationFee(input: $i) { id status total { amount } } }";
    let fee = |key: &str| json!({ "i": { "applicationId": id, "expectedTotal": 2500, "provider": "MANUAL", "idempotencyKey": key } });
    let first = shop.lea.ok(pay, fee("the-first-fee")).await["payApplicationFee"].take();
    refused(&shop.app, &shop.lea, SUBMIT, json!({ "id": id }), "CONFLICT FEE_REQUIRED @id").await;
    shop.overdue(&first).await;
    for _ in 0..2 {
        run(&shop.app, "order.expire").await;
    }
    assert_eq!(shop.app.count("notification WHERE kind = 'ORDER_EXPIRED'").await, 1);
    refused(&shop.app, &shop.lea, SUBMIT, json!({ "id": id }), "CONFLICT FEE_REQUIRED @id").await;
    // Asked for again; the same request as before is the order that has expired.
    assert_eq!(shop.lea.ok(pay, fee("the-first-fee")).await["payApplicationFee"]["status"], "EXPIRED");
    let second = shop.lea.ok(pay, fee("the-second-fee")).await["payApplicationFee"].take();
    shop.pay(&second).await;
    // Both were transferred: one is the fee, the other becomes credit.
    let record = json!({ "orderId": first["id"], "amount": 2500, "idempotencyKey": "the-other-one" });
    shop.admin.ok(crate::payments::RECORD, json!({ "i": record })).await;
    assert_eq!(books(&shop).await, "CASH_MANUAL 5000, CREDIT -2500, REVENUE -2500");
    assert_eq!(submit(&shop.lea, &id).await, "ACCEPTED");
    assert_balanced(&shop).await;
}

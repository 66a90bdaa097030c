//! Places, parties that wait for them, and offers.

use serde_json::json;

use super::*;

/// Whether places are held for an application on the waiting list.
async fn is_offered(client: &Client, id: &str) -> bool {
    client.ok(READ, json!({ "id": id })).await["application"]["offerExpiresAt"].is_string()
}

/// Where an application stands in the waiting list.
async fn position(client: &Client, id: &str) -> serde_json::Value {
    client.ok(READ, json!({ "id": id })).await["application"]["waitlistPosition"].take()
}

/// Every offer has expired, and the job that ends them runs.
async fn lapse(stage: &Stage) {
    stage
        .app
        .sql(
            "BEGIN; SET LOCAL app.audit = 'off'; UPDATE application SET offered_at = now() - interval '3 days', offer_expires_at = now() - interval '1 second'
             WHERE offer_expires_at IS NOT NULL; UPDATE job SET run_at = now() WHERE kind = 'place.advance' AND state = 'QUEUED'; COMMIT",
        )
        .await;
    stage.app.work().await;
}

#[tokio::test]
async fn a_party_that_does_not_fit_waits_as_a_whole_and_is_passed_over_by_one_that_does() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 3, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let [ann, bob, eve, kim] =
        [stage.learner("ann").await, stage.learner("bob").await, stage.learner("eve").await, stage.learner("kim").await];
    let (first, state) = apply_with(&ann, &program, 1).await;
    assert_eq!((state.as_str(), places(&ann, &program).await), ("ACCEPTED", (2, 0)));
    let (second, state) = apply_with(&bob, &program, 1).await;
    assert_eq!((state.as_str(), places(&ann, &program).await), ("WAITLISTED", (2, 1)), "two do not fit where one does");
    let (third, state) = apply(&eve, &program).await;
    assert_eq!((state.as_str(), places(&ann, &program).await), ("ACCEPTED", (3, 1)), "one fits");
    let (fourth, state) = apply(&kim, &program).await;
    assert_eq!(state, "WAITLISTED");
    assert_eq!((position(&bob, &second).await, position(&kim, &fourth).await), (json!(1), json!(2)));
    // One place comes free: the first does not fit and keeps the position.
    withdraw(&eve, &third).await;
    assert!(!is_offered(&bob, &second).await && is_offered(&kim, &fourth).await);
    assert_eq!((position(&bob, &second).await, position(&kim, &fourth).await), (json!(1), json!(2)));
    assert_eq!(places(&ann, &program).await, (3, 2), "an offer holds its places");
    let late = stage.learner("late").await;
    assert_eq!(apply(&late, &program).await.1, "WAITLISTED", "a new applicant can't get them");
    assert_eq!(kim.ok(ACCEPT, json!({ "id": fourth })).await["acceptPlace"]["status"], "ACCEPTED");
    refused(&stage.app, &kim, ACCEPT, json!({ "id": fourth }), "CONFLICT NO_OFFER @id").await;
    refused(&stage.app, &bob, ACCEPT, json!({ "id": second }), "CONFLICT NO_OFFER @id").await;
    // Two come free: now the parent and the child.
    withdraw(&ann, &first).await;
    assert!(is_offered(&bob, &second).await);
    assert_eq!(places(&ann, &program).await, (3, 2));
}

#[tokio::test]
async fn a_waiting_party_that_shrinks_until_it_fits_is_offered_what_is_free() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 2, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    apply(&ann, &program).await;
    let (waiting, state) = apply_with(&bob, &program, 2).await;
    assert_eq!((state.as_str(), places(&ann, &program).await), ("WAITLISTED", (1, 1)));
    let party = bob.ok("query($id: ID!) { application(id: $id) { attendees { id kind } } }", json!({ "id": waiting })).await;
    let children = party["application"]["attendees"].as_array().unwrap().iter().filter(|attendee| attendee["kind"] == "CHILD");
    for (child, expected) in children.zip([false, true]) {
        bob.ok("mutation($id: ID!) { removeAttendee(id: $id) }", json!({ "id": child["id"] })).await;
        assert_eq!(is_offered(&bob, &waiting).await, expected);
    }
    assert_eq!(places(&ann, &program).await, (2, 1));
    assert_eq!(bob.ok(ACCEPT, json!({ "id": waiting })).await["acceptPlace"]["status"], "ACCEPTED");
}

#[tokio::test]
async fn raising_or_lifting_the_capacity_offers_places_and_it_is_not_lowered_below_what_is_taken() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let mut parties = Vec::new();
    for name in ["ann", "bob", "eve", "kim"] {
        let client = stage.learner(name).await;
        let (id, _) = apply(&client, &program).await;
        parties.push((client, id));
    }
    assert_eq!(change(&stage.admin, &program, json!({ "capacity": 2 })).await, (2, 3));
    let offered = |at: usize| is_offered(&parties[at].0, &parties[at].1);
    assert_eq!((offered(1).await, offered(2).await), (true, false));
    refused(&stage.app, &stage.admin, UPDATE_PROGRAM, json!({ "i": { "id": program, "capacity": 1 } }), "CONFLICT BELOW_USED @capacity")
        .await;
    assert_eq!(change(&stage.admin, &program, json!({ "capacity": null })).await, (4, 3));
    assert!(offered(2).await && offered(3).await);
}

#[tokio::test]
async fn an_offer_that_lapses_withdraws_its_application_and_the_next_is_asked() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let [ann, bob, eve] = [stage.learner("ann").await, stage.learner("bob").await, stage.learner("eve").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    let (third, _) = apply(&eve, &program).await;
    withdraw(&ann, &first).await;
    assert!(is_offered(&bob, &second).await);
    stage.app.sql("BEGIN; SET LOCAL app.audit = 'off'; UPDATE application SET offer_expires_at = now() - interval '1 second' WHERE offer_expires_at IS NOT NULL; COMMIT").await;
    refused(&stage.app, &bob, ACCEPT, json!({ "id": second }), "CONFLICT OFFER_EXPIRED @id").await;
    lapse(&stage).await;
    assert_eq!(status(&bob, &second).await, "WITHDRAWN");
    refused(&stage.app, &bob, ACCEPT, json!({ "id": second }), "CONFLICT OFFER_EXPIRED @id").await;
    assert!(is_offered(&eve, &third).await);
    // It was nobody's doing.
    let events = stage.admin.ok(READ, json!({ "id": second })).await["application"]["events"].take();
    assert_eq!(events.as_array().unwrap().last().unwrap()["actor"], serde_json::Value::Null);
    assert_eq!(
        stage.app.count("audit_entry WHERE operation = 'system:place.advance' AND resource = 'Application' AND actor_id IS NULL").await,
        2
    );
    // What was opened again has no offer of before.
    bob.ok(REOPEN, json!({ "id": second })).await;
    assert_eq!(submit(&bob, &second).await, "WAITLISTED");
    assert!(!is_offered(&bob, &second).await);
    assert_eq!(position(&bob, &second).await, 2);
}

#[tokio::test]
async fn no_offers_are_made_of_a_program_that_is_not_active_nor_beyond_its_end() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT", "endsAt": "2999-01-01T00:00:00Z" })).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    set_status(&stage.admin, &program, "ENDED").await;
    withdraw(&ann, &first).await;
    assert!(!is_offered(&bob, &second).await);
    stage.app.sql(&format!("UPDATE program SET ends_at = now() + interval '1 hour' WHERE id = '{}'", uuid(&program))).await;
    set_status(&stage.admin, &program, "ACTIVE").await;
    assert!(is_offered(&bob, &second).await, "what sells again offers what is free");
    let beyond = "application a JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id WHERE a.offer_expires_at > p.ends_at";
    assert_eq!(stage.app.count(beyond).await, 0);
    stage.app.sql(&format!("UPDATE program SET ends_at = now() - interval '1 second' WHERE id = '{}'", uuid(&program))).await;
    refused(&stage.app, &bob, ACCEPT, json!({ "id": second }), "CONFLICT PROGRAM_CLOSED @id").await;
}

#[tokio::test]
async fn nobody_is_accepted_by_a_program_that_is_over() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "reviewStrategy": "ANY_REVIEWER" })).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, false)]).await;
    let bob = stage.learner("bob").await;
    let (id, _) = apply(&bob, &program).await;
    let accept = json!({ "i": { "id": id, "status": "ACCEPTED" } });
    let yes = json!({ "i": { "applicationId": id, "decision": "YES" } });
    // Whether the job that ends it has come or not.
    stage.app.sql(&format!("UPDATE program SET ends_at = now() - interval '1 second' WHERE id = '{}'", uuid(&program))).await;
    for is_ended in [false, true] {
        if is_ended {
            set_status(&stage.admin, &program, "ENDED").await;
        }
        refused(&stage.app, &stage.admin, DECIDE, accept.clone(), "CONFLICT PROGRAM_CLOSED @id").await;
        refused(&stage.app, &stage.ada, REVIEW, yes.clone(), "CONFLICT PROGRAM_CLOSED @applicationId").await;
        let allowed = stage.admin.ok(READ, json!({ "id": id })).await["application"]["allowedTransitions"].take();
        assert_eq!(allowed, json!(["REJECTED", "WITHDRAWN", "WAITLISTED"]));
    }
    assert_eq!(decide(&stage.admin, &id, "REJECTED").await, "REJECTED");
}

#[tokio::test]
async fn whoever_decides_does_not_overfill_a_program() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1 })).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply_with(&bob, &program, 1).await;
    refused(&stage.app, &stage.admin, DECIDE, json!({ "i": { "id": second, "status": "ACCEPTED" } }), "CONFLICT PROGRAM_FULL @id").await;
    decide(&stage.admin, &first, "ACCEPTED").await;
    let child = json!({ "i": { "applicationId": first, "kind": "CHILD", "name": "Kim" } });
    refused(&stage.app, &ann, ADD, child, "CONFLICT PROGRAM_FULL @applicationId").await;
    assert_eq!(places(&ann, &program).await, (1, 0));
}

#[tokio::test]
async fn an_accepted_party_that_does_not_pay_in_time_loses_its_places() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT", "payWithinDays": 3 })).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    assert!(ann.ok(READ, json!({ "id": first })).await["application"]["payBy"].is_string());
    assert!(bob.ok(READ, json!({ "id": second })).await["application"]["payBy"].is_null());
    stage
        .app
        .sql(&format!(
            "BEGIN; SET LOCAL app.audit = 'off'; UPDATE application SET accepted_at = now() - interval '73 hours' WHERE id = '{}'; COMMIT",
            uuid(&first)
        ))
        .await;
    // Asked for by itself, every minute.
    stage.app.sql("INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, correlation, run_at, max_attempts)
                   SELECT tenant_id, gen_random_uuid(), 'place.advance', 'now', 'DEFAULT', false, '{}', 'test', now(), 8 FROM tenant WHERE slug = 'oak'").await;
    stage.app.work().await;
    assert_eq!(status(&ann, &first).await, "WITHDRAWN");
    assert!(is_offered(&bob, &second).await);
}

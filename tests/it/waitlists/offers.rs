//! What comes free is offered, first come first.

use serde_json::{Value, json};

use super::*;

async fn offers(client: &Client) -> usize {
    let dashboard = client.ok("{ dashboard { waitlistOffers { id offer { startsAt } } } }", json!({})).await;
    dashboard["dashboard"]["waitlistOffers"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_freed_seat_is_held_for_the_first_and_declined_offered_to_the_next() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let (session, seat) = full(&stage, &kind, &bob, 2).await;
    let [first, second] =
        [wait(&stage.lea, json!({ "groupSessionId": session })).await, wait(&eve, json!({ "groupSessionId": session })).await];
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
    stage.app.work().await;
    let offered = stage.lea.ok(ENTRY, json!({ "id": first })).await["waitlistEntry"].take();
    assert_eq!(
        (&offered["status"], &offered["position"], &offered["offer"]["startsAt"]),
        (&json!("OFFERED"), &Value::Null, &json!(at(2, 9)))
    );
    assert_eq!((offers(&stage.lea).await, offers(&eve).await), (1, 0));
    let told = stage.lea.ok("{ notifications(first: 1) { nodes { kind subject { __typename } } } }", json!({})).await;
    assert_eq!(told["notifications"]["nodes"][0], json!({ "kind": "WAITLIST_OFFERED", "subject": { "__typename": "WaitlistEntry" } }));
    // It is held: nobody else gets it, and it is not among one's own holds.
    refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 9)), "CONFLICT SESSION_FULL @startsAt").await;
    assert_eq!(stage.lea.ok("{ slotHolds { id } }", json!({})).await["slotHolds"], json!([]));
    stage.lea.ok(LEAVE, json!({ "id": first })).await;
    stage.app.work().await;
    assert_eq!((status(&stage.lea, &first).await, status(&eve, &second).await), ("LEFT".into(), "OFFERED".into()));
    let booked = eve.ok(ACCEPT, json!({ "id": second })).await["acceptOffer"].take();
    assert_eq!((&booked["status"], &booked["groupSession"]["id"]), (&json!("ASSIGNED"), &session));
    assert_eq!(eve.ok(ACCEPT, json!({ "id": second })).await["acceptOffer"]["id"], booked["id"], "twice, the same");
    let entry = eve.ok(ENTRY, json!({ "id": second })).await["waitlistEntry"].take();
    assert_eq!(entry, json!({ "status": "BOOKED", "position": null, "offer": null, "booking": { "id": booked["id"] } }));
    // Also when what was held is tidied away.
    stage.app.sql("SET session_replication_role = replica; DELETE FROM slot_hold; RESET session_replication_role").await;
    assert_eq!(eve.ok(ACCEPT, json!({ "id": second })).await["acceptOffer"]["id"], booked["id"]);
}

#[tokio::test]
async fn who_waits_for_one_of_two_sessions_at_a_time_is_offered_a_seat_of_that_one() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let kind = stage.kind(json!({ "seats": 2, "instructors": both })).await;
    // The other one was opened first, and has seats.
    carl.ok(OPEN, slot(&kind, &at(2, 9))).await;
    let mut opening = slot(&kind, &at(2, 9));
    opening["i"]["seats"] = json!(1);
    let session = stage.ada.ok(OPEN, opening).await["openGroupSessions"][0]["id"].take();
    let bob = stage.learner("bob").await;
    let mut with_ada = slot(&kind, &at(2, 9));
    with_ada["i"]["instructorId"] = json!(stage.ada.user_id);
    let seat = bob.ok(BOOK, with_ada).await["bookSlot"]["id"].take();
    let entry = wait(&stage.lea, json!({ "groupSessionId": session })).await;
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
    stage.app.work().await;
    assert_eq!(status(&stage.lea, &entry).await, "OFFERED");
    assert_eq!(stage.lea.ok(ACCEPT, json!({ "id": entry })).await["acceptOffer"]["groupSession"]["id"], session);
}

#[tokio::test]
async fn what_is_offered_and_held_of_a_session_goes_with_its_instructor_and_its_room() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let [red, blue] = [stage.room("Red", 9).await, stage.room("Blue", 9).await];
    let rooms = json!([{ "name": "Room", "resourceIds": [red, blue] }]);
    let kind = stage.kind(json!({ "seats": 2, "instructors": both, "requirements": rooms })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let (session, taken) = full(&stage, &kind, &bob, 2).await;
    let entry = wait(&stage.lea, json!({ "groupSessionId": session })).await;
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": taken } })).await;
    stage.app.work().await;
    assert_eq!(status(&stage.lea, &entry).await, "OFFERED");
    stage.admin.ok(CHANGE, json!({ "i": { "id": session, "seats": 2 } })).await;
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id } }";
    let held = eve.ok(hold, slot(&kind, &at(2, 9))).await["holdSlot"]["id"].take();
    stage.admin.ok(CHANGE, json!({ "i": { "id": session, "instructorId": carl.user_id, "resourceIds": [blue] } })).await;
    let accept = "mutation($id: ID!) { acceptOffer(id: $id) { instructor { id } resources { name } groupSession { id } } }";
    let accepted = stage.lea.ok(accept, json!({ "id": entry })).await["acceptOffer"].take();
    let redeem = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { instructor { id } resources { name } groupSession { id } } }";
    let mut redeeming = slot(&kind, &at(2, 9));
    redeeming["i"]["holdId"] = held;
    let booked = eve.ok(redeem, redeeming).await["bookSlot"].take();
    let seat = json!({ "instructor": { "id": carl.user_id }, "resources": [{ "name": "Blue" }], "groupSession": { "id": session } });
    assert_eq!((&accepted, &booked), (&seat, &seat));
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER LEARNER RESOURCE");
    assert_eq!(stage.app.count("group_session").await, 1);
}

#[tokio::test]
async fn an_offer_that_is_not_taken_expires_is_told_and_goes_to_the_next() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let (session, seat) = full(&stage, &kind, &bob, 2).await;
    let [first, second] =
        [wait(&stage.lea, json!({ "groupSessionId": session })).await, wait(&eve, json!({ "groupSessionId": session })).await];
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
    stage.app.work().await;
    stage
        .app
        .sql(
            "SET session_replication_role = replica; UPDATE slot_hold SET created_at = now() - interval '3 hours', expires_at = now() - interval '1 second' WHERE is_offer; \
                   UPDATE job SET run_at = now() WHERE kind = 'waitlist.expire' AND state = 'QUEUED'; RESET session_replication_role",
        )
        .await;
    refused(&stage.app, &stage.lea, ACCEPT, json!({ "id": first }), "CONFLICT OFFER_EXPIRED @id").await;
    stage.app.work().await;
    assert_eq!((status(&stage.lea, &first).await, status(&eve, &second).await), ("EXPIRED".into(), "OFFERED".into()));
    refused(&stage.app, &stage.lea, ACCEPT, json!({ "id": first }), "CONFLICT OFFER_EXPIRED @id").await;
    let told = stage.lea.ok("{ notifications(first: 1) { nodes { kind } } }", json!({})).await;
    assert_eq!(told["notifications"]["nodes"][0]["kind"], "WAITLIST_OFFER_EXPIRED");
}

#[tokio::test]
async fn an_offer_that_ends_with_its_instructor_or_long_after_it_was_over_is_told_with_its_time() {
    let stage = Stage::start().await;
    let (carl, bob) = (stage.instructor("carl").await, stage.learner("bob").await);
    let mut entries = Vec::new();
    for (day, instructor) in [(2, &carl), (3, &stage.ada)] {
        let kind = stage.kind(json!({ "instructors": [{ "instructorId": instructor.user_id }] })).await;
        let taken = bob.ok(BOOK, slot(&kind, &at(day, 9))).await["bookSlot"]["id"].take();
        entries.push(wait(&stage.lea, json!({ "bookingTypeId": kind, "from": at(day, 9), "to": at(day, 10) })).await);
        bob.ok(CANCEL_SEAT, json!({ "i": { "id": taken } })).await;
    }
    stage.app.work().await;
    assert_eq!((status(&stage.lea, &entries[0]).await, status(&stage.lea, &entries[1]).await), ("OFFERED".into(), "OFFERED".into()));
    stage.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": carl.user_id })).await;
    assert_eq!(status(&stage.lea, &entries[0]).await, "EXPIRED");
    // What is held for the other is over, and was not ended while the school was not served: it is kept until then.
    let over = "SET session_replication_role = replica; UPDATE slot_hold SET created_at = now() - interval '3 days', expires_at = now() - interval '2 days' WHERE is_offer; \
                RESET session_replication_role";
    stage.app.sql(over).await;
    let run = async |call: &str| {
        let call = format!(
            "RESET app.audit; BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), \
             set_config('app.operation', 'system:waitlist.expire', true), {call}; COMMIT",
            stage.app.oak.tenant
        );
        stage.app.sql(&call).await;
    };
    for (call, holds) in [("app.tidy_holds(100)", 1), ("app.expire_waitlist(100)", 1), ("app.tidy_holds(100)", 0)] {
        run(call).await;
        assert_eq!(stage.app.count("slot_hold").await, holds, "{call}");
    }
    stage.app.work().await;
    let told = stage.lea.ok("{ notifications(first: 20) { nodes { kind title body } } }", json!({})).await;
    let told: Vec<&Value> =
        told["notifications"]["nodes"].as_array().unwrap().iter().filter(|note| note["kind"] == "WAITLIST_OFFER_EXPIRED").collect();
    assert!(told.len() == 2 && told.iter().all(|note| note["body"].is_string()), "{told:?}");
}

#[tokio::test]
async fn whoever_can_not_book_it_is_passed_over_and_goes_on_waiting() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2, "limits": { "perLearner": 1 } })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let (session, seat) = full(&stage, &kind, &bob, 2).await;
    let [first, second] =
        [wait(&stage.lea, json!({ "groupSessionId": session })).await, wait(&eve, json!({ "groupSessionId": session })).await];
    stage.lea.ok(BOOK, slot(&kind, &at(3, 9))).await;
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": seat } })).await;
    stage.app.work().await;
    assert_eq!((status(&stage.lea, &first).await, status(&eve, &second).await), ("WAITING".into(), "OFFERED".into()));
}

#[tokio::test]
async fn freed_time_within_a_window_is_offered_with_all_that_the_booking_will_take() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "bufferAfterMinutes": 30 })).await;
    let bob = stage.learner("bob").await;
    let taken = bob.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["id"].take();
    // Ten begins within the buffer.
    let window = json!({ "bookingTypeId": kind, "from": at(2, 9), "to": at(2, 11), "instructorId": stage.ada.user_id });
    let entry = wait(&stage.lea, window).await;
    bob.ok(CANCEL_SEAT, json!({ "i": { "id": taken } })).await;
    stage.app.work().await;
    let offered = stage.lea.ok(ENTRY, json!({ "id": entry })).await["waitlistEntry"].take();
    assert_eq!(offered["offer"]["startsAt"], at(2, 9));
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER");
    refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 9)), "CONFLICT BOOKING_CONFLICT @startsAt").await;
    let booked = stage.lea.ok(ACCEPT, json!({ "id": entry })).await["acceptOffer"].take();
    assert_eq!((&booked["status"], &booked["startsAt"], &booked["groupSession"]), (&json!("ASSIGNED"), &json!(at(2, 9)), &Value::Null));
}

#[tokio::test]
async fn what_is_offered_is_accepted_by_booking_it_and_declined_by_booking_something_else_then() {
    let stage = Stage::start().await;
    let [kind, other] = [stage.kind(json!({})).await, stage.kind(json!({})).await];
    let bob = stage.learner("bob").await;
    for (day, wanted, became) in [(2, &kind, "BOOKED"), (3, &other, "LEFT")] {
        let taken = bob.ok(BOOK, slot(&kind, &at(day, 9))).await["bookSlot"]["id"].take();
        let entry = wait(&stage.lea, json!({ "bookingTypeId": kind, "from": at(day, 9), "to": at(day, 10) })).await;
        bob.ok(CANCEL_SEAT, json!({ "i": { "id": taken } })).await;
        stage.app.work().await;
        assert_eq!(status(&stage.lea, &entry).await, "OFFERED");
        stage.lea.ok(BOOK, slot(wanted, &at(day, 9))).await;
        assert_eq!(status(&stage.lea, &entry).await, became);
    }
    // What it holds changes hands: nothing is claimed twice, and nothing is left.
    assert_eq!(stage.claims().await, "INSTRUCTOR INSTRUCTOR LEARNER LEARNER");
}

#[tokio::test]
async fn a_session_that_is_called_off_is_waited_for_by_nobody_and_more_seats_are_offered() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let bob = stage.learner("bob").await;
    let (session, _) = full(&stage, &kind, &bob, 2).await;
    let entry = wait(&stage.lea, json!({ "groupSessionId": session })).await;
    stage.ada.ok(CANCEL, json!({ "i": { "id": session } })).await;
    assert_eq!(status(&stage.lea, &entry).await, "EXPIRED");
    // More seats are offered as well.
    let (third, _) = full(&stage, &kind, &bob, 4).await;
    let eve = stage.learner("eve").await;
    let entry = wait(&eve, json!({ "groupSessionId": third })).await;
    stage.ada.ok(CHANGE, json!({ "i": { "id": third, "seats": 2 } })).await;
    stage.app.work().await;
    assert_eq!(status(&eve, &entry).await, "OFFERED");
}

#[tokio::test]
async fn ticks_come_where_somebody_waits_alone_and_waiting_ends_with_what_is_waited_for() {
    let stage = Stage::start().await;
    let due = async |kind: &str| {
        let schools = format!(
            "SELECT coalesce(string_agg(t.slug, ' ' ORDER BY t.slug), '') FROM app.due_schools('{kind}', '-infinity') AS d JOIN tenant t USING (tenant_id)"
        );
        stage.app.text(&schools).await.unwrap()
    };
    assert_eq!((due("waitlist.offer").await.as_str(), due("waitlist.expire").await.as_str()), ("", ""));
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let (session, _) = full(&stage, &kind, &stage.learner("bob").await, 2).await;
    let seat = wait(&stage.lea, json!({ "groupSessionId": session })).await;
    let window = wait(&stage.lea, json!({ "bookingTypeId": kind, "from": at(2, 19), "to": at(2, 23) })).await;
    assert_eq!((due("waitlist.offer").await.as_str(), due("waitlist.expire").await.as_str()), ("oak", ""));
    // The session has begun, and is not over; the window is over.
    stage
        .app
        .sql(
            "SET session_replication_role = replica; UPDATE waitlist_entry SET starts_at = now() - interval '1 hour', \
             ends_at = now() + CASE WHEN group_session_id IS NULL THEN interval '-1 minute' ELSE interval '1 hour' END; RESET session_replication_role",
        )
        .await;
    assert_eq!(due("waitlist.expire").await, "oak");
    let ending = format!(
        "RESET app.audit; BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), \
         set_config('app.operation', 'system:waitlist.expire', true), app.expire_waitlist(1000); COMMIT",
        stage.app.oak.tenant
    );
    stage.app.sql(&ending).await;
    assert_eq!((status(&stage.lea, &seat).await, status(&stage.lea, &window).await), ("EXPIRED".into(), "EXPIRED".into()));
    assert_eq!((due("waitlist.offer").await.as_str(), due("waitlist.expire").await.as_str()), ("", ""));
}

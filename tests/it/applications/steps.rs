//! Which steps there are, who takes them, and what they leave behind.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn whoever_applies_is_the_main_attendee_and_applies_once() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let bob = stage.learner("bob").await;
    let begun = bob.ok(START, json!({ "i": { "programId": program } })).await["startApplication"].take();
    assert_eq!((&begun["status"], &begun["answers"], &begun["notShared"]), (&json!("DRAFT"), &json!({}), &json!(["email"])));
    assert_eq!(begun["allowedTransitions"], json!(["IN_REVIEW", "WITHDRAWN"]));
    let main = &begun["attendees"][0];
    assert_eq!((&main["kind"], &main["email"], &main["user"]["id"]), (&json!("MAIN"), &json!("bob@oak.example"), &json!(bob.user_id)));
    refused(&stage.app, &bob, START, json!({ "i": { "programId": program } }), "CONFLICT ALREADY_APPLIED @programId").await;
    // Withdrawing makes no room for another: it is opened again.
    withdraw(&bob, begun["id"].as_str().unwrap()).await;
    refused(&stage.app, &bob, START, json!({ "i": { "programId": program } }), "CONFLICT ALREADY_APPLIED @programId").await;
    let own = "query($id: ID!) { program(id: $id) { viewerApplication { id status } } }";
    assert_eq!(
        bob.ok(own, json!({ "id": program })).await["program"]["viewerApplication"],
        json!({ "id": begun["id"], "status": "WITHDRAWN" })
    );
    assert_eq!(stage.ada.ok(own, json!({ "id": program })).await["program"]["viewerApplication"], Value::Null);
    let dashboard = bob.ok("{ dashboard { applications(first: 5) { totalCount nodes { id } } } }", json!({})).await;
    assert_eq!(dashboard["dashboard"]["applications"]["totalCount"], 1);
}

#[tokio::test]
async fn nobody_applies_for_another_person_but_who_manages_applications() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let of_eve = json!({ "i": { "programId": program, "userId": eve.user_id } });
    refused(&stage.app, &bob, START, of_eve.clone(), "FORBIDDEN [APPLICATION_MANAGE] @userId").await;
    let id = stage.admin.ok(START, of_eve).await["startApplication"]["id"].take();
    assert_eq!(status(&eve, id.as_str().unwrap()).await, "DRAFT");
    let own = stage.admin.ok(START, json!({ "i": { "programId": program } })).await["startApplication"]["id"].take();
    for (client, input, line) in [
        (&stage.admin, json!({ "programId": nothing("program") }), "NOT_FOUND @programId"),
        (&stage.admin, json!({ "programId": program, "userId": nothing("user") }), "NOT_FOUND @userId"),
        (&bob, json!({ "programId": program, "groupId": nothing("group") }), "NOT_FOUND @groupId"),
        (&bob, json!({ "programId": program, "notShared": ["diet"] }), "BAD_USER_INPUT UNKNOWN_FIELD @notShared"),
    ] {
        refused(&stage.app, client, START, json!({ "i": input }), line).await;
    }
    // What one does not see is not there; what one sees is not one's own.
    for (client, query, variables, line) in [
        (&bob, SUBMIT, json!({ "id": id }), "NOT_FOUND @id"),
        (&bob, WITHDRAW, json!({ "i": { "id": id } }), "NOT_FOUND @id"),
        (&bob, UPDATE, json!({ "i": { "id": own, "notShared": [] } }), "NOT_FOUND @id"),
        (&bob, REOPEN, json!({ "id": nothing("application") }), "NOT_FOUND @id"),
    ] {
        refused(&stage.app, client, query, variables, line).await;
    }
    let strange = stage.app.sign_in(&stage.app.elm, Who::Admin).await;
    assert_eq!(strange.ok(READ, json!({ "id": id })).await["application"], Value::Null);
    refused(&stage.app, &strange, SUBMIT, json!({ "id": id }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn each_state_leads_where_the_table_of_steps_says_and_nowhere_else() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let bob = stage.learner("bob").await;
    let (id, state) = apply(&bob, &program).await;
    assert_eq!(state, "IN_REVIEW", "without a strategy people decide");
    let allowed = |client: &Client| {
        let (client, id) = (client.clone(), id.clone());
        async move { client.ok(READ, json!({ "id": id })).await["application"]["allowedTransitions"].take() }
    };
    assert_eq!(allowed(&bob).await, json!(["WITHDRAWN"]));
    assert_eq!(allowed(&stage.admin).await, json!(["ACCEPTED", "REJECTED", "WITHDRAWN", "WAITLISTED"]));
    refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &bob, REOPEN, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &bob, DECIDE, json!({ "i": { "id": id, "status": "ACCEPTED" } }), "FORBIDDEN [APPLICATION_MANAGE]").await;
    for wrong in ["DRAFT", "IN_REVIEW", "WITHDRAWN"] {
        refused(&stage.app, &stage.admin, DECIDE, json!({ "i": { "id": id, "status": wrong } }), "BAD_USER_INPUT @status").await;
    }
    assert_eq!(decide(&stage.admin, &id, "REJECTED").await, "REJECTED");
    assert_eq!((allowed(&bob).await, allowed(&stage.admin).await), (json!([]), json!(["IN_REVIEW"])));
    refused(&stage.app, &bob, WITHDRAW, json!({ "i": { "id": id } }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &bob, REOPEN, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &stage.admin, DECIDE, json!({ "i": { "id": id, "status": "ACCEPTED" } }), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(stage.admin.ok(REOPEN, json!({ "id": id })).await["reopenApplication"]["status"], "IN_REVIEW");
    // To stay is no step.
    let stay = |status: &str| json!({ "i": { "id": id, "status": status } });
    assert_eq!(decide(&stage.admin, &id, "WAITLISTED").await, "WAITLISTED");
    refused(&stage.app, &stage.admin, DECIDE, stay("WAITLISTED"), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(decide(&stage.admin, &id, "ACCEPTED").await, "ACCEPTED");
    refused(&stage.app, &stage.admin, DECIDE, stay("ACCEPTED"), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!((allowed(&bob).await, allowed(&stage.admin).await), (json!(["WITHDRAWN"]), json!(["REJECTED", "WITHDRAWN"])));
    withdraw(&bob, &id).await;
    assert_eq!((allowed(&bob).await, allowed(&stage.admin).await), (json!(["DRAFT"]), json!([])));
    refused(&stage.app, &bob, WITHDRAW, json!({ "i": { "id": id } }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &stage.admin, REOPEN, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    // Whoever writes the row meets the same table.
    let moved = stage.app.try_sql(&format!("UPDATE application SET status = 'REJECTED' WHERE id = '{}'", uuid(&id))).await;
    assert_eq!(moved, Err(Some("application_transition".to_owned())));
    assert_eq!(bob.ok(REOPEN, json!({ "id": id })).await["reopenApplication"]["status"], "DRAFT");
    refused(&stage.app, &stage.admin, DECIDE, json!({ "i": { "id": id, "status": "ACCEPTED" } }), "CONFLICT INVALID_TRANSITION @id").await;
}

#[tokio::test]
async fn each_step_leaves_one_event_and_the_applicant_does_not_learn_who_decided() {
    let stage = Stage::start().await;
    let fields = json!([{ "key": "diet", "label": "Diet", "type": "TEXT" }]);
    let program = program(&stage.admin, json!({}), fields).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": { "diet": "vegan" } } })).await;
    submit(&bob, &id).await;
    stage.admin.ok(DECIDE, json!({ "i": { "id": id, "status": "REJECTED", "message": "Too young." } })).await;
    stage.admin.ok(REOPEN, json!({ "id": id })).await;
    bob.ok(WITHDRAW, json!({ "i": { "id": id, "reason": "I am ill." } })).await;
    let events = |client: &Client| {
        let (client, id) = (client.clone(), id.clone());
        async move { client.ok(READ, json!({ "id": id })).await["application"]["events"].as_array().unwrap().clone() }
    };
    let seen = events(&bob).await;
    let steps: Vec<(&Value, &Value, &Value)> = seen.iter().map(|event| (&event["from"], &event["to"], &event["message"])).collect();
    assert_eq!(
        json!(steps),
        json!([
            [null, "DRAFT", null],
            ["DRAFT", "IN_REVIEW", null],
            ["IN_REVIEW", "REJECTED", "Too young."],
            ["REJECTED", "IN_REVIEW", null],
            ["IN_REVIEW", "WITHDRAWN", "I am ill."]
        ])
    );
    assert_eq!((&seen[0]["answers"], &seen[1]["answers"], &seen[1]["formVersion"]), (&json!({}), &json!({ "diet": "vegan" }), &json!(1)));
    let actors =
        |events: &[Value]| events.iter().map(|event| event["actor"]["id"].as_str().unwrap_or("nobody").to_owned()).collect::<Vec<_>>();
    let (me, boss) = (bob.user_id.as_str(), stage.admin.user_id.as_str());
    assert_eq!(actors(&seen), [me, me, "nobody", "nobody", me]);
    assert_eq!(actors(&events(&stage.admin).await), [me, me, boss, boss, me]);
}

#[tokio::test]
async fn outside_of_its_window_a_program_takes_no_applications() {
    let stage = Stage::start().await;
    let bob = stage.learner("bob").await;
    let program = stage.program(json!({ "applicationsCloseAt": "2999-01-01T00:00:00Z", "endsAt": "2999-02-01T00:00:00Z" })).await;
    let id = start(&bob, &program).await;
    let withdrawn = stage.learner("eve").await;
    let gone = start(&withdrawn, &program).await;
    withdraw(&withdrawn, &gone).await;
    let late = stage.learner("late").await;
    for closed in [
        "applications_close_at = now() - interval '1 second'",
        "applications_close_at = NULL, applications_open_at = now() + interval '1 hour'",
        "applications_open_at = NULL, ends_at = now() - interval '1 second'",
    ] {
        stage.app.sql(&format!("UPDATE program SET {closed} WHERE id = '{}'", uuid(&program))).await;
        refused(&stage.app, &late, START, json!({ "i": { "programId": program } }), "CONFLICT PROGRAM_CLOSED @programId").await;
        refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "CONFLICT PROGRAM_CLOSED @id").await;
        refused(&stage.app, &withdrawn, REOPEN, json!({ "id": gone }), "CONFLICT PROGRAM_CLOSED @id").await;
    }
    stage.app.sql(&format!("UPDATE program SET ends_at = NULL WHERE id = '{}'", uuid(&program))).await;
    set_status(&stage.admin, &program, "ENDED").await;
    refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "CONFLICT PROGRAM_CLOSED @id").await;
}

#[tokio::test]
async fn a_fee_is_paid_before_an_application_is_handed_in() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "applicationFee": { "amount": 2500, "currency": "EUR" } })).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "CONFLICT FEE_REQUIRED @id").await;
    stage.app.sql(&format!("UPDATE application SET fee_paid_at = now() WHERE id = '{}'", uuid(&id))).await;
    assert_eq!(submit(&bob, &id).await, "IN_REVIEW");
}

#[tokio::test]
async fn applications_show_to_their_applicant_to_who_reads_all_and_to_named_reviewers_once_they_are_handed_in() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let other = stage.program(json!({ "name": "Other" })).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let viewer = stage.app.sign_in(&stage.app.oak, Who::Viewer).await;
    let id = start(&bob, &program).await;
    let (elsewhere, _) = apply(&eve, &other).await;
    let sees = |client: &Client, id: &str| {
        let (client, id) = (client.clone(), id.to_owned());
        async move { !client.ok(READ, json!({ "id": id })).await["application"].is_null() }
    };
    let list = "query($f: ApplicationFilter) { applications(filter: $f) { totalCount nodes { applicant { name } program { name } } } }";
    let count = |client: &Client, filter: Value| {
        let client = client.clone();
        async move { client.ok(list, json!({ "f": filter })).await["applications"]["totalCount"].as_i64().unwrap() }
    };
    assert_eq!(
        (sees(&bob, &id).await, sees(&eve, &id).await, sees(&stage.ada, &id).await, sees(&viewer, &id).await),
        (true, false, false, true)
    );
    submit(&bob, &id).await;
    assert!(sees(&stage.ada, &id).await && !sees(&stage.ada, &elsewhere).await);
    assert_eq!((count(&bob, json!({})).await, count(&stage.ada, json!({})).await, count(&viewer, json!({})).await), (1, 1, 2));
    assert_eq!(count(&stage.ada, json!({ "awaitingMyReview": true })).await, 1);
    assert_eq!(stage.ada.ok("{ dashboard { pendingReviews } }", json!({})).await["dashboard"]["pendingReviews"], 1);
    vote(&stage.ada, &id, "YES").await;
    assert_eq!(
        (count(&stage.ada, json!({ "awaitingMyReview": true })).await, count(&stage.ada, json!({ "awaitingMyReview": false })).await),
        (0, 1)
    );
    for (filter, found) in [
        (json!({ "programId": other }), 1),
        (json!({ "userId": bob.user_id }), 1),
        (json!({ "statuses": ["DRAFT"] }), 0),
        (json!({ "search": "bob" }), 1),
        (json!({ "search": "eve@oak" }), 1),
        (json!({ "programId": program, "search": "eve" }), 0),
    ] {
        assert_eq!(count(&viewer, filter.clone()).await, found, "{filter}");
    }
    // Whom one reviews one knows by name.
    let page = stage.ada.ok(list, json!({ "f": { "programId": program } })).await;
    assert!(page["applications"]["nodes"][0]["applicant"]["name"].is_string());
    for order in ["SUBMITTED_AT", "CREATED_AT"] {
        for direction in ["ASC", "DESC"] {
            let walked =
                crate::classroom::walk(&viewer, "applications", &format!("orderBy: {{ field: {order}, direction: {direction} }}"), "/id")
                    .await;
            assert_eq!(walked.len(), 2, "{order} {direction}");
        }
    }
}

#[tokio::test]
async fn a_page_of_applications_costs_four_statements_however_many_they_are() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let page = "{ applications(first: 50) { nodes { status applicant { name } attendees { name email } reviewSummary { score yes } } } }";
    let mut costs = Vec::new();
    for n in 0..6 {
        let learner = stage.learner(&format!("l{n}")).await;
        apply_with(&learner, &program, 1).await;
        if n == 0 || n == 5 {
            costs.push(stage.app.statements(&stage.admin, page, json!({})).await);
        }
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[1] <= 5, "the actor, and four: {costs:?}");
}

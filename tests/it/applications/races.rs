//! The last place, the last vote, the same application twice.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::*;
use crate::app::refusal;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_the_last_places_as_many_get_in_as_there_are() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 4, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let mut drafts = Vec::new();
    for n in 0..8 {
        let client = stage.learner(&format!("l{n}")).await;
        let id = start(&client, &program).await;
        client.ok(ADD, json!({ "i": { "applicationId": id, "kind": "CHILD", "name": "Kim" } })).await;
        drafts.push((client, id));
    }
    let states = join_all(drafts.iter().map(|(client, id)| submit(client, id))).await;
    let accepted = states.iter().filter(|state| *state == "ACCEPTED").count();
    assert_eq!((accepted, states.len() - accepted), (2, 6), "{states:?}");
    assert_eq!(places(&stage.admin, &program).await, (4, 6));
    // Both parties go at once: their places are offered once each.
    let gone: Vec<_> = drafts.iter().zip(&states).filter(|(_, state)| *state == "ACCEPTED").map(|(draft, _)| draft).collect();
    join_all(gone.iter().map(|(client, id)| withdraw(client, id))).await;
    assert_eq!(places(&stage.admin, &program).await, (4, 6));
    assert_eq!(stage.app.count("application WHERE status = 'WAITLISTED' AND offer_expires_at IS NOT NULL").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_last_votes_at_once_one_decides() {
    let stage = Stage::start().await;
    for round in 0..5 {
        let program = stage
            .program(json!({ "name": format!("Camp {round}"), "reviewStrategy": "THRESHOLD", "approvalsNeeded": 2, "veto": "NONE" }))
            .await;
        let [one, two] = [stage.reviewer(&format!("r{round}a")).await, stage.reviewer(&format!("r{round}b")).await];
        reviewers(&stage.admin, &program, &[(&one, false), (&two, false)]).await;
        let bob = stage.learner(&format!("b{round}")).await;
        let (id, _) = apply(&bob, &program).await;
        let vote = json!({ "i": { "applicationId": id, "decision": "YES" } });
        let answers = join_all([&one, &two].map(|client| client.ask(REVIEW, vote.clone()))).await;
        let states: Vec<&str> = answers.iter().filter_map(|answer| answer["data"]["reviewApplication"]["status"].as_str()).collect();
        assert_eq!(states.iter().filter(|state| **state == "ACCEPTED").count(), 1, "{answers:?}");
        assert_eq!(status(&bob, &id).await, "ACCEPTED");
        let events = format!("application_event WHERE application_id = '{}' AND to_status = 'ACCEPTED'", uuid(&id));
        assert_eq!(stage.app.count(&events).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_applies_five_times_at_once_has_applied_once() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let bob = stage.learner("bob").await;
    let answers = join_all((0..5).map(|_| bob.ask(START, json!({ "i": { "programId": program } })))).await;
    let done = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    let again = answers
        .iter()
        .filter(|answer| answer.get("errors").is_some_and(|errors| refusal(&errors[0]) == "CONFLICT ALREADY_APPLIED @programId"))
        .count();
    assert_eq!((done, again), (1, 4), "{answers:?}");
    assert_eq!(stage.app.count("attendee").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_accepted_or_lapses_and_never_both() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    withdraw(&ann, &first).await;
    let answers = join_all((0..4).map(|_| bob.ask(ACCEPT, json!({ "id": second })))).await;
    let done = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(done, 1, "{answers:?}");
    assert_eq!((places(&bob, &program).await, status(&bob, &second).await), ((1, 0), "ACCEPTED".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_deleted_while_they_apply_leaves_anything_behind() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), json!([{ "key": "diet", "label": "Diet", "type": "TEXT" }])).await;
    for round in 0..10 {
        let bob = stage.learner(&format!("bob{round}")).await;
        let begin = json!({ "i": { "programId": program, "answers": { "diet": "vegan" } } });
        let (answer, _) =
            join(bob.ask(START, begin), stage.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id }))).await;
        if let Some(error) = answer["errors"].get(0) {
            assert!(["UNAUTHENTICATED", "NOT_FOUND @userId"].contains(&refusal(error).as_str()), "{answer}");
        }
    }
    let left = "application a JOIN attendee t ON t.tenant_id = a.tenant_id AND t.application_id = a.id \
                WHERE a.status <> 'WITHDRAWN' OR a.answers <> '{}' OR t.name <> '' OR t.email IS NOT NULL";
    assert_eq!(stage.app.count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_deleted_meanwhile_stays_flagged_a_reviewer_or_with_a_referral() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    for round in 0..6 {
        for (name, mutation, input) in [
            ("flag", "mutation($i: SetRedFlagInput!) { setRedFlag(input: $i) { id } }", json!({ "redFlag": true, "note": "Rude." })),
            ("referral", "mutation($i: CreateReferralInput!) { createReferral(input: $i) { id } }", json!({ "programId": program })),
            (
                "reviewer",
                "mutation($i: SetProgramReviewersInput!) { setProgramReviewers(input: $i) { id } }",
                json!({ "programId": program }),
            ),
        ] {
            let eve = stage.reviewer(&format!("{name}{round}")).await;
            let (mut input, mut field) = (input, "NOT_FOUND @userId");
            if name == "reviewer" {
                input["reviewers"] = json!([{ "userId": eve.user_id }]);
                field = "NOT_FOUND @reviewers.0.userId";
            } else {
                input["userId"] = json!(eve.user_id);
            }
            let (answer, _) =
                join(stage.admin.ask(mutation, json!({ "i": input })), stage.admin.ok(delete, json!({ "id": eve.user_id }))).await;
            if let Some(error) = answer["errors"].get(0) {
                assert_eq!(refusal(error), field, "{name}");
            }
        }
    }
    for (table, person, more) in
        [("red_flag", "user_id", ""), ("program_reviewer", "user_id", ""), ("referral", "owner_id", " AND x.is_active")]
    {
        let left =
            format!("{table} x JOIN app_user u ON u.tenant_id = x.tenant_id AND u.id = x.{person} WHERE u.deleted_at IS NOT NULL{more}");
        assert_eq!(stage.app.count(&left).await, 0, "{table}");
    }
}

//! Reviews: who votes, what rules make of votes, and people who get no place.

use serde_json::{Value, json};

use crate::{
    app::{Client, Who},
    applications::{DECIDE, READ, REOPEN, REVIEW, Stage, apply, nothing, refused, reviewers, set_status, start, status, submit, vote},
};

const FLAG: &str = "mutation($i: SetRedFlagInput!) { setRedFlag(input: $i) { id redFlag } }";
const VOTES: &str = "query($id: ID!) { application(id: $id) { viewerReview { decision } reviews { decision note reviewer { id } }
    reviewSummary { strongYes yes no strongNo score outstanding { id } } } }";

/// An application in review of a program that three people review, two of them required, under this policy.
async fn reviewed(stage: &Stage, name: &str, people: &[Client; 3], mut policy: Value) -> String {
    policy["name"] = json!(name);
    let program = stage.program(policy).await;
    reviewers(&stage.admin, &program, &[(&people[0], true), (&people[1], true), (&people[2], false)]).await;
    let (id, state) = apply(&stage.learner(name).await, &program).await;
    assert_eq!(state, "IN_REVIEW");
    id
}

#[tokio::test]
async fn each_strategy_decides_by_its_own_rule() {
    let stage = Stage::start().await;
    let policy = |strategy: &str, veto: &str| json!({ "reviewStrategy": strategy, "veto": veto, "approvalsNeeded": 2, "acceptScore": 3, "rejectScore": -2 });
    // By whom (0 and 1 are required), what; and where it stands after each vote.
    type Votes = &'static [(usize, &'static str, &'static str)];
    let stories: [(&str, &str, &str, Votes); 13] = [
        ("a1", "ANY_REVIEWER", "STRONG_NO", &[(2, "YES", "ACCEPTED")]),
        ("a2", "ANY_REVIEWER", "STRONG_NO", &[(0, "NO", "IN_REVIEW"), (1, "NO", "REJECTED")]),
        ("a3", "ANY_REVIEWER", "STRONG_NO", &[(2, "STRONG_NO", "REJECTED")]),
        ("a4", "ANY_REVIEWER", "ANY_NO", &[(2, "NO", "REJECTED")]),
        ("b1", "ALL_REVIEWERS", "STRONG_NO", &[(2, "YES", "IN_REVIEW"), (0, "YES", "IN_REVIEW"), (1, "STRONG_YES", "ACCEPTED")]),
        ("b2", "ALL_REVIEWERS", "STRONG_NO", &[(0, "NO", "IN_REVIEW"), (1, "YES", "REJECTED")]),
        ("b3", "ALL_REVIEWERS", "STRONG_NO", &[(0, "NO", "IN_REVIEW"), (0, "YES", "IN_REVIEW"), (1, "YES", "ACCEPTED")]),
        ("c1", "THRESHOLD", "NONE", &[(0, "STRONG_NO", "IN_REVIEW"), (2, "YES", "IN_REVIEW"), (1, "YES", "ACCEPTED")]),
        ("c2", "THRESHOLD", "NONE", &[(0, "YES", "IN_REVIEW"), (1, "NO", "REJECTED")]),
        ("d1", "WEIGHTED", "NONE", &[(0, "STRONG_YES", "IN_REVIEW"), (1, "NO", "IN_REVIEW"), (2, "STRONG_YES", "ACCEPTED")]),
        ("d2", "WEIGHTED", "NONE", &[(0, "YES", "IN_REVIEW"), (1, "STRONG_NO", "IN_REVIEW"), (2, "NO", "REJECTED")]),
        ("d3", "WEIGHTED", "STRONG_NO", &[(0, "STRONG_NO", "REJECTED")]),
        ("d4", "WEIGHTED", "NONE", &[(0, "YES", "IN_REVIEW"), (1, "NO", "IN_REVIEW"), (2, "YES", "IN_REVIEW")]),
    ];
    let people = [stage.reviewer("r0").await, stage.reviewer("r1").await, stage.reviewer("r2").await];
    for (name, strategy, veto, votes) in stories {
        let id = reviewed(&stage, name, &people, policy(strategy, veto)).await;
        for (by, decision, expected) in votes {
            assert_eq!(vote(&people[*by], &id, decision).await, *expected, "{name}: {strategy}, {veto}, {decision} of {by}");
        }
    }
}

#[tokio::test]
async fn where_nobody_is_required_nothing_is_rejected_by_itself() {
    let stage = Stage::start().await;
    for strategy in ["ANY_REVIEWER", "ALL_REVIEWERS", "THRESHOLD"] {
        let program = stage.program(json!({ "name": strategy, "reviewStrategy": strategy, "veto": "NONE" })).await;
        reviewers(&stage.admin, &program, &[(&stage.ada, false)]).await;
        let applicant = stage.learner(&strategy.to_lowercase().replace('_', "")).await;
        let (id, _) = apply(&applicant, &program).await;
        assert_eq!(vote(&stage.ada, &id, "STRONG_NO").await, "IN_REVIEW");
        assert_eq!(vote(&stage.ada, &id, "YES").await, "ACCEPTED", "{strategy}: the vote is changed, not added");
    }
    let program = stage.program(json!({ "reviewStrategy": "AUTO_ACCEPT" })).await;
    assert_eq!(apply(&stage.learner("auto").await, &program).await.1, "ACCEPTED");
}

#[tokio::test]
async fn named_reviewers_and_who_manages_applications_vote_but_never_on_their_own() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let other = stage.reviewer("other").await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    let input = |id: &str| json!({ "i": { "applicationId": id, "decision": "YES", "note": "Good." } });
    refused(&stage.app, &stage.admin, REVIEW, input(&id), "CONFLICT INVALID_TRANSITION @applicationId").await;
    refused(&stage.app, &stage.ada, REVIEW, input(&id), "NOT_FOUND @applicationId").await;
    submit(&bob, &id).await;
    refused(&stage.app, &other, REVIEW, input(&id), "NOT_FOUND @applicationId").await;
    refused(&stage.app, &bob, REVIEW, input(&id), "FORBIDDEN [APPLICATION_REVIEW APPLICATION_MANAGE]").await;
    refused(&stage.app, &stage.ada, REVIEW, input(&nothing("application")), "NOT_FOUND @applicationId").await;
    let own = stage.admin.ok(crate::applications::START, json!({ "i": { "programId": program } })).await["startApplication"]["id"].take();
    submit(&stage.admin, own.as_str().unwrap()).await;
    refused(&stage.app, &stage.admin, REVIEW, input(own.as_str().unwrap()), "FORBIDDEN OWN_APPLICATION @applicationId").await;
    vote(&stage.admin, &id, "STRONG_YES").await;
    stage.ada.ok(REVIEW, input(&id)).await;
    // The applicant never sees votes, whatever else they may do.
    let seen = stage.ada.ok(VOTES, json!({ "id": id })).await["application"].take();
    assert_eq!((seen["reviews"].as_array().unwrap().len(), &seen["viewerReview"]["decision"]), (2, &json!("YES")));
    assert_eq!((&seen["reviewSummary"]["score"], &seen["reviewSummary"]["outstanding"]), (&json!(3), &json!([])));
    let of_own = stage.admin.ok(VOTES, json!({ "id": own })).await["application"].take();
    assert_eq!((&of_own["reviews"], &of_own["reviewSummary"]), (&json!([]), &Value::Null));
    vote(&stage.ada, own.as_str().unwrap(), "NO").await;
    let of_own = stage.admin.ok(VOTES, json!({ "id": own })).await["application"].take();
    assert_eq!((&of_own["reviews"], &of_own["reviewSummary"]), (&json!([]), &Value::Null));
    let answer = bob.ask(VOTES, json!({ "id": id })).await;
    assert_eq!(answer["data"]["application"]["reviews"], Value::Null);
    let viewer = stage.app.sign_in(&stage.app.oak, Who::Viewer).await;
    let outstanding = viewer.ok(VOTES, json!({ "id": own })).await["application"]["reviewSummary"].take();
    assert_eq!((&outstanding["no"], &outstanding["outstanding"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn groups_whose_members_get_in_are_accepted_whatever_the_strategy() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "reviewStrategy": "ALL_REVIEWERS" })).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let group = crate::classroom::group(&stage.admin, json!({ "name": "Crew" })).await;
    let add = "mutation($i: AddGroupMembersInput!) { addGroupMembers(input: $i) { id } }";
    stage.admin.ok(add, json!({ "i": { "groupId": group, "userIds": [bob.user_id] } })).await;
    let set = "mutation($i: SetProgramGroupInput!) { setProgramGroup(input: $i) { autoAccept } }";
    stage.admin.ok(set, json!({ "i": { "programId": program, "groupId": group, "autoAccept": true } })).await;
    let of = json!({ "i": { "programId": program, "groupId": group } });
    let id = bob.ok(crate::applications::START, of.clone()).await["startApplication"]["id"].take();
    assert_eq!(submit(&bob, id.as_str().unwrap()).await, "ACCEPTED");
    refused(&stage.app, &eve, crate::applications::START, of, "NOT_FOUND @groupId").await;
    assert_eq!(apply(&eve, &program).await.1, "IN_REVIEW");
}

#[tokio::test]
async fn whoever_is_flagged_gets_no_place_and_does_not_learn_of_it() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1, "reviewStrategy": "AUTO_ACCEPT" })).await;
    let other = stage.program(json!({ "name": "Other", "reviewStrategy": "ANY_REVIEWER" })).await;
    let [ann, bob, eve] = [stage.learner("ann").await, stage.learner("bob").await, stage.learner("eve").await];
    let (first, _) = apply(&ann, &program).await;
    let (waiting, _) = apply(&bob, &program).await;
    let (reviewed, _) = apply(&bob, &other).await;
    let flag = |of: &Client, flagged: bool| json!({ "i": { "userId": of.user_id, "redFlag": flagged, "note": "Seen stealing." } });
    refused(&stage.app, &stage.ada, FLAG, flag(&bob, true), "FORBIDDEN [APPLICATION_MANAGE]").await;
    refused(&stage.app, &stage.admin, FLAG, json!({ "i": { "userId": nothing("user"), "redFlag": true } }), "NOT_FOUND @userId").await;
    assert_eq!(stage.admin.ok(FLAG, flag(&bob, true)).await["setRedFlag"]["redFlag"], true);
    assert_eq!((status(&bob, &waiting).await, status(&bob, &reviewed).await), ("REJECTED".to_owned(), "REJECTED".to_owned()));
    // Accepted people stay; what they hand in later is rejected, and no place is offered to them.
    stage.admin.ok(FLAG, flag(&ann, true)).await;
    assert_eq!(status(&ann, &first).await, "ACCEPTED");
    let (third, _) = apply(&eve, &program).await;
    stage.admin.ok(FLAG, flag(&eve, true)).await;
    assert_eq!(status(&eve, &third).await, "REJECTED");
    assert_eq!(apply(&eve, &other).await.1, "REJECTED");
    stage.admin.ok(REOPEN, json!({ "id": waiting })).await;
    stage.admin.ok(DECIDE, json!({ "i": { "id": waiting, "status": "WAITLISTED" } })).await;
    crate::applications::withdraw(&ann, &first).await;
    assert!(bob.ok(READ, json!({ "id": waiting })).await["application"]["offerExpiresAt"].is_null());
    // Nothing shows it.
    for client in [&bob, &stage.ada] {
        let answer = client.ask("query($id: ID!) { user(id: $id) { redFlag } }", json!({ "id": bob.user_id })).await;
        assert_eq!(answer["data"]["user"]["redFlag"], Value::Null, "{answer:#}");
    }
    let log = stage.admin.ok("{ auditLog(first: 100) { nodes { before after } } }", json!({})).await.to_string();
    assert!(log.contains("redFlag") && !log.contains("stealing"), "{log}");
    stage.admin.ok(FLAG, flag(&bob, false)).await;
    assert_eq!(stage.app.count("red_flag").await, 2);
    set_status(&stage.admin, &other, "ENDED").await;
}

//! Who reviews for a program, what its attendees get, and which groups get in on terms of their own.

use serde_json::{Value, json};

use super::{active, program, set_status};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_MEMBERS, course, draft, group, nothing, refused, uuid},
};

pub const REVIEWERS: &str =
    "mutation($i: SetProgramReviewersInput!) { setProgramReviewers(input: $i) { reviewers { isRequired user { id } } } }";
pub const LINKS: &str = "mutation($i: SetProgramLinksInput!) { setProgramLinks(input: $i) { courses { title } groups { name } } }";
pub const TERMS: &str = "mutation($i: SetProgramGroupInput!) { setProgramGroup(input: $i) { percentOff maxMembers memberCount autoAccept program { name } group { name } } }";
pub const NO_TERMS: &str = "mutation($i: RemoveProgramGroupInput!) { removeProgramGroup(input: $i) { programGroups { percentOff } } }";

/// Gives a program one of everything.
pub async fn all_of(app: &TestApp, admin: &Client, id: &str) {
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let (lesson, class) = (course(&ada, json!({ "title": "Knots" })).await, group(admin, json!({ "name": "Class 7b" })).await);
    admin.ok(REVIEWERS, json!({ "i": { "programId": id, "reviewers": [{ "userId": ada.user_id }] } })).await;
    admin.ok(LINKS, json!({ "i": { "programId": id, "courseIds": [lesson], "groupIds": [class] } })).await;
    admin.ok(TERMS, json!({ "i": { "programId": id, "groupId": class, "percentOff": 10 } })).await;
}

#[tokio::test]
async fn reviewers_are_named_out_of_those_who_may_review() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let id = program(&admin, json!({ "name": "Camp" })).await;
    let read = "query($id: ID!) { program(id: $id) { name reviewers { user { name } } reviewPolicy { veto } } }";
    assert_eq!(ada.ok(read, json!({ "id": id })).await["program"], Value::Null);
    let set = json!([{ "userId": admin.user_id, "isRequired": true }, { "userId": ada.user_id }]);
    let named = admin.ok(REVIEWERS, json!({ "i": { "programId": id, "reviewers": set } })).await["setProgramReviewers"]["reviewers"].take();
    assert_eq!(
        named,
        json!([{ "isRequired": true, "user": { "id": admin.user_id } }, { "isRequired": false, "user": { "id": ada.user_id } }])
    );
    // Whom it names sees it, whatever its state.
    assert_eq!(ada.ok(read, json!({ "id": id })).await["program"]["reviewPolicy"]["veto"], "STRONG_NO");
    for (reviewers, line) in [
        (json!([{ "userId": lea.user_id }]), "BAD_USER_INPUT NOT_A_REVIEWER @reviewers.0.userId"),
        (json!([{ "userId": ada.user_id }, { "userId": nothing("user") }]), "NOT_FOUND @reviewers.1.userId"),
        (json!([{ "userId": app.sign_in(&app.elm, Who::Instructor).await.user_id }]), "NOT_FOUND @reviewers.0.userId"),
        (json!([{ "userId": ada.user_id }, { "userId": ada.user_id }]), "BAD_USER_INPUT @reviewers.1.userId"),
    ] {
        refused(&app, &admin, REVIEWERS, json!({ "i": { "programId": id, "reviewers": reviewers } }), line).await;
    }
    refused(&app, &admin, REVIEWERS, json!({ "i": { "programId": nothing("program"), "reviewers": [] } }), "NOT_FOUND @programId").await;
    // Who is deleted reviews nothing any more; none is a list, too.
    set_status(&admin, &id, "ACTIVE").await;
    for guarded in ["reviewers { isRequired }", "reviewPolicy { veto }"] {
        let document = format!("query($id: ID!) {{ program(id: $id) {{ name {guarded} }} }}");
        let line = lea.refused(&document, json!({ "id": id })).await;
        assert_eq!(line, "FORBIDDEN [PROGRAM_MANAGE APPLICATION_REVIEW APPLICATION_READ_ALL]", "{guarded}");
    }
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": ada.user_id })).await;
    let left = admin.ok(read, json!({ "id": id })).await["program"]["reviewers"].take();
    assert_eq!(left.as_array().unwrap().len(), 1);
    admin.ok(REVIEWERS, json!({ "i": { "programId": id, "reviewers": [] } })).await;
    assert_eq!(app.count("program_reviewer").await, 0);
}

#[tokio::test]
async fn a_program_leads_to_courses_and_groups_that_its_manager_sees() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let id = active(&admin, json!({ "name": "Camp" })).await;
    let (knots, fire) = (course(&ada, json!({ "title": "Knots" })).await, draft(&ada, json!({ "title": "Fire" })).await);
    let class = group(&admin, json!({ "name": "Class 7b" })).await;
    let links = |courses: Value, groups: Value| json!({ "i": { "programId": id, "courseIds": courses, "groupIds": groups } });
    let set = admin.ok(LINKS, links(json!([knots, fire]), json!([class]))).await["setProgramLinks"].take();
    assert_eq!(set, json!({ "courses": [{ "title": "Fire" }, { "title": "Knots" }], "groups": [{ "name": "Class 7b" }] }));
    // A learner sees of them what they see anyway.
    let read = "query($id: ID!) { program(id: $id) { courses { title } groups { name } } }";
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(lea.ok(read, json!({ "id": id })).await["program"], json!({ "courses": [{ "title": "Knots" }], "groups": [] }));
    for (courses, groups, line) in [
        (json!([knots, nothing("course")]), json!([]), "NOT_FOUND @courseIds.1"),
        (json!([]), json!([nothing("group")]), "NOT_FOUND @groupIds.0"),
        (json!([knots, knots]), json!([]), "BAD_USER_INPUT @courseIds.1"),
        (json!([class]), json!([]), "BAD_USER_INPUT @courseIds.0"),
    ] {
        refused(&app, &admin, LINKS, links(courses, groups), line).await;
    }
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &elm, LINKS, links(json!([]), json!([])), "NOT_FOUND @programId").await;
    let set = admin.ok(LINKS, links(json!([knots]), json!([]))).await["setProgramLinks"].take();
    assert_eq!(set, json!({ "courses": [{ "title": "Knots" }], "groups": [] }));
}

#[tokio::test]
async fn a_group_gets_in_on_terms_of_its_own() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let id = active(&admin, json!({ "name": "Camp" })).await;
    let class = group(&admin, json!({ "name": "Class 7b" })).await;
    let terms = |more: Value| {
        let mut input = json!({ "programId": id, "groupId": class });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let set = admin.ok(TERMS, terms(json!({ "percentOff": 12.35, "maxMembers": 5, "autoAccept": true }))).await["setProgramGroup"].take();
    assert_eq!(
        set,
        json!({ "percentOff": 12.35, "maxMembers": 5, "memberCount": 0, "autoAccept": true, "program": { "name": "Camp" }, "group": { "name": "Class 7b" } })
    );
    for (more, line) in [
        (json!({ "percentOff": 0 }), "BAD_USER_INPUT @percentOff"),
        (json!({ "percentOff": 100.01 }), "BAD_USER_INPUT @percentOff"),
        (json!({ "percentOff": 1.234 }), "BAD_USER_INPUT @percentOff"),
        (json!({ "maxMembers": -1 }), "BAD_USER_INPUT @maxMembers"),
        (json!({ "groupId": nothing("group") }), "NOT_FOUND @groupId"),
        (json!({ "programId": nothing("program") }), "NOT_FOUND @programId"),
    ] {
        refused(&app, &admin, TERMS, terms(more), line).await;
    }
    // Its members see their own, nobody else does.
    let read = "query($id: ID!, $g: ID!) { program(id: $id) { programGroups { percentOff } } group(id: $g) { programGroups { program { name } } } }";
    let found = lea.ok(read, json!({ "id": id, "g": class })).await;
    assert_eq!((&found["program"]["programGroups"], &found["group"]), (&json!([]), &Value::Null));
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": class, "userIds": [lea.user_id] } })).await;
    let found = lea.ok(read, json!({ "id": id, "g": class })).await;
    assert_eq!(
        (&found["program"]["programGroups"], &found["group"]["programGroups"]),
        (&json!([{ "percentOff": 12.35 }]), &json!([{ "program": { "name": "Camp" } }]))
    );
    // Terms are set as a whole; there are no fewer members than were brought, also when the terms were away meanwhile.
    app.sql(&format!("UPDATE program_group_places SET members = 4 WHERE program_id = '{}'", uuid(&id))).await;
    let set = admin.ok(TERMS, terms(json!({ "maxMembers": 4 }))).await["setProgramGroup"].take();
    assert_eq!(
        (&set["percentOff"], &set["maxMembers"], &set["memberCount"], &set["autoAccept"]),
        (&json!(0.0), &json!(4), &json!(4), &json!(false))
    );
    refused(&app, &admin, TERMS, terms(json!({ "maxMembers": 3 })), "CONFLICT BELOW_USED @maxMembers").await;
    let answer = admin.ask(TERMS, terms(json!({ "maxMembers": 3 }))).await;
    assert_eq!((&answer["errors"][0]["extensions"]["limit"], &answer["errors"][0]["extensions"]["used"]), (&json!(3), &json!(4)));
    assert_eq!(admin.ok(NO_TERMS, terms(json!({}))).await["removeProgramGroup"]["programGroups"], json!([]));
    refused(&app, &admin, NO_TERMS, terms(json!({})), "NOT_FOUND @groupId").await;
    refused(&app, &admin, TERMS, terms(json!({ "maxMembers": 3 })), "CONFLICT BELOW_USED @maxMembers").await;
    assert_eq!(admin.ok(TERMS, terms(json!({}))).await["setProgramGroup"]["memberCount"], 4);
    refused(&app, &lea, TERMS, terms(json!({})), "FORBIDDEN [PROGRAM_MANAGE]").await;
    refused(&app, &lea, NO_TERMS, terms(json!({})), "FORBIDDEN [PROGRAM_MANAGE]").await;
}

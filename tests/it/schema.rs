//! The schema keeps its promises: everything is described, what a field needs is what it says it needs, and the contract
//! with clients is kept.

mod columns;
mod registry;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who},
    introspection,
    permissions::probe,
    sdl::{Field, Schema},
};

/// What clients rely on. Names may be added to the service's schema, but none of these may go or change.
const CONTRACT: &str = include_str!("contract.graphql");

/// Any signed-in person may ask for these, and rows decide what they get. The list only shrinks; it is by hand, because each line
/// is a decision that no declaration can take for itself.
const SIGNED_IN: [&str; 122] = [
    "cancelAnswer",
    "cancelGeneration",
    "document",
    "documents",
    "documentSearch",
    "generation",
    "generations",
    "knowledgeBase",
    "knowledgeBases",
    "application",
    "applications",
    "attendees",
    "order",
    "orders",
    "referrals",
    "program",
    "programs",
    "programParticipants",
    "busySource",
    "busySources",
    "calendarFeed",
    "calendarFeeds",
    "createCalendarFeed",
    "deleteCalendarFeed",
    "rotateCalendarFeed",
    "apiKeys",
    "availabilities",
    "availabilityRule",
    "availabilityRules",
    "badges",
    "leaderboard",
    "levels",
    "pointsEntries",
    "thread",
    "setLeaderboardVisibility",
    "booking",
    "bookings",
    "bookingType",
    "bookingTypes",
    "explainSlot",
    "slotHold",
    "slotHolds",
    "slots",
    "bookingSeries",
    "calendar",
    "certificate",
    "certificates",
    "dashboard",
    "enrollment",
    "enrollments",
    "explainAccess",
    "exportRun",
    "exportRuns",
    "file",
    "files",
    "group",
    "groups",
    "groupSession",
    "groupSessions",
    "invoices",
    "node",
    "nodes",
    "notification",
    "notificationSettings",
    "notifications",
    "passwordChangeRequests",
    "resource",
    "resourceCalendar",
    "resources",
    "seriesPreview",
    "signIns",
    "timeOff",
    "timeOffs",
    "quizAttempt",
    "quizAttempts",
    "submission",
    "submissions",
    "unreadNotificationCount",
    "upload",
    "user",
    "waitlistEntries",
    "waitlistEntry",
    "beginSecondFactor",
    "changePassword",
    "confirmSecondFactor",
    "disableSecondFactor",
    "endSignIn",
    "logout",
    "logoutEverywhere",
    "markAllNotificationsRead",
    "recordEvents",
    "renewRecoveryCodes",
    "requestPasswordChange",
    "revokeApiKey",
    "setNotificationsRead",
    "switchRole",
    "updateNotificationSettings",
    "updateUser",
    "withdrawPasswordChange",
    "project",
    "projects",
    "agent",
    "agents",
    "conversation",
    "conversations",
    "message",
    "assistantPolicy",
    "updateProject",
    "addProjectMembers",
    "updateProjectMember",
    "removeProjectMembers",
    "transferProject",
    "deleteProject",
    "restoreProject",
    "updateConversation",
    "shareConversation",
    "unshareConversation",
    "deleteConversation",
    "restoreConversation",
    "selectBranch",
    "deleteMessage",
    "rateMessage",
];

#[test]
fn everything_has_a_description() {
    let mut silent = Vec::new();
    let mut check = |name: String, description: &Option<String>| {
        if description.as_ref().is_none_or(|text| text.trim().is_empty()) {
            silent.push(name);
        }
    };
    for (name, ty) in &Schema::of_service().0 {
        check(name.clone(), &ty.description);
        for (field_name, field) in &ty.fields {
            check(format!("{name}.{field_name}"), &field.description);
            for (argument_name, argument) in &field.arguments {
                check(format!("{name}.{field_name}({argument_name})"), &argument.description);
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

/// What a description says that the field needs, at its end: `Needs COURSE_UPDATE or COURSE_UPDATE_ALL.`
fn needs(field: &Field) -> Option<Vec<String>> {
    let description = field.description.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let last = description.rsplit("Needs ").next().filter(|last| last.len() < description.len())?;
    let names: Vec<String> = last.strip_suffix('.')?.split(" or ").map(str::to_owned).collect();
    names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')).then_some(names)
}

#[test]
fn descriptions_say_which_permission_a_field_needs_and_say_it_of_no_other() {
    let mut untrue = Vec::new();
    for (name, ty) in Schema::of_service().0.iter().filter(|(_, ty)| matches!(ty.kind, "object" | "interface")) {
        for (field_name, field) in &ty.fields {
            let says_so = field.description.as_deref().unwrap_or_default().contains("Needs ");
            if needs(field) != field.any_of || says_so != field.any_of.is_some() {
                untrue.push(format!("{name}.{field_name}: says {:?}, demands {:?}", needs(field), field.any_of));
            }
        }
    }
    assert!(untrue.is_empty(), "{untrue:#?}");
}

#[test]
fn every_root_field_is_public_or_demands_a_permission_or_stands_in_the_list_of_those_that_need_a_sign_in() {
    let schema = Schema::of_service();
    let unguarded: BTreeSet<&str> =
        schema.roots().filter(|(_, _, field)| field.any_of.is_none() && !field.is_public).map(|(_, name, _)| name).collect();
    assert_eq!(unguarded, BTreeSet::from(SIGNED_IN));
    for (_, name, field) in schema.roots() {
        assert!(!field.is_public || field.any_of.is_none(), "{name} is both public and guarded");
        assert!(field.any_of.as_ref().is_none_or(|any_of| !any_of.is_empty()), "{name} is for nobody");
    }
}

#[test]
fn what_takes_a_password_a_code_or_a_token_and_what_strangers_may_ask_for_stands_alone_in_its_document() {
    let schema = Schema::of_service();
    let secret = |name: &String| {
        let name = name.to_lowercase();
        name.ends_with("password") || name.ends_with("token") || name == "code"
    };
    let (mut alone, mut several) = (BTreeSet::new(), BTreeSet::new());
    for (_, name, field) in schema.roots().filter(|(root, ..)| *root == "mutation") {
        let inputs = field.arguments.values().filter_map(|argument| schema.0.get(argument.ty.trim_end_matches('!')));
        let takes_secret = field.arguments.keys().chain(inputs.flat_map(|input| input.fields.keys())).any(secret);
        if field.is_public || takes_secret {
            let operation = lectern::domains::registry().mutation(name).unwrap();
            let list = if operation.is_session { &mut alone } else { &mut several };
            list.insert(name);
        }
    }
    // They try nothing; the code of a course is no secret, and whoever makes the code of a coupon or a referral knows it.
    assert_eq!(several, BTreeSet::from(["createCoupon", "createReferral", "createUser", "updateCourse"]));
    assert!(alone.contains("requestSignUp") && alone.contains("changePassword") && alone.len() > 8, "{alone:?}");
}

#[test]
fn a_guarded_field_below_the_root_may_be_null() {
    for (name, ty) in Schema::of_service().0.iter().filter(|(name, _)| !["Mutation", "Subscription"].contains(&name.as_str())) {
        for (field_name, field) in ty.fields.iter().filter(|(_, field)| field.any_of.is_some()) {
            assert!(!field.ty.ends_with('!'), "{name}.{field_name} would take its parent along when it is refused");
        }
    }
}

#[test]
fn the_contract_is_kept() {
    let (contract, service) = (Schema::parse(CONTRACT), Schema::of_service());
    let mut broken = Vec::new();
    for (name, promised) in &contract.0 {
        let Some(kept) = service.0.get(name) else {
            broken.push(format!("{name}: missing"));
            continue;
        };
        if kept.kind != promised.kind || !kept.implements.is_superset(&promised.implements) {
            broken.push(format!("{name}: {} that implements {:?}", kept.kind, kept.implements));
        }
        for (field_name, promised_field) in &promised.fields {
            let path = format!("{name}.{field_name}");
            match kept.fields.get(field_name) {
                None => broken.push(format!("{path}: missing")),
                Some(field) => compare(&path, promised_field, field, &mut broken),
            }
        }
        // An input that demands more than was promised breaks those who send what was promised.
        for (field_name, field) in kept.fields.iter().filter(|(field_name, _)| !promised.fields.contains_key(*field_name)) {
            if kept.kind == "input" && field.is_required() {
                broken.push(format!("{name}.{field_name}: required, but not in the contract"));
            }
        }
    }
    let codes = |schema: &Schema| schema.0["ErrorCode"].fields.keys().cloned().collect::<Vec<_>>();
    assert_eq!(codes(service), codes(&contract), "the list of codes is closed");
    assert!(broken.is_empty(), "{broken:#?}");
}

fn compare(path: &str, promised: &Field, kept: &Field, broken: &mut Vec<String>) {
    if kept.ty != promised.ty {
        broken.push(format!("{path}: {} instead of {}", kept.ty, promised.ty));
    }
    if kept.any_of != promised.any_of || kept.is_public != promised.is_public {
        broken.push(format!("{path}: demands {:?} instead of {:?}", kept.any_of, promised.any_of));
    }
    for (name, argument) in &promised.arguments {
        match kept.arguments.get(name) {
            None => broken.push(format!("{path}({name}): missing")),
            Some(kept) => compare(&format!("{path}({name})"), argument, kept, broken),
        }
    }
    for (name, argument) in kept.arguments.iter().filter(|(name, _)| !promised.arguments.contains_key(*name)) {
        if argument.is_required() {
            broken.push(format!("{path}({name}): required, but not in the contract"));
        }
    }
}

/// `permissions.rs` tries every guarded field as everybody; these have no guard but the sign-in.
#[tokio::test]
async fn what_needs_no_permission_still_needs_a_sign_in() {
    let app = TestApp::start().await;
    let (stranger, schema) = (app.stranger(), introspection::Schema::read(&app.stranger()).await);
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
        for field in schema.fields(root).iter().filter(|field| SIGNED_IN.contains(&field.name.as_str())) {
            let answer = probe(&schema, &stranger, operation, field).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{root}.{} {answer}", field.name);
        }
    }
}

#[test]
fn the_audit_log_knows_what_each_mutation_is_about() {
    let schema = Schema::of_service();
    for (operation, name, field) in schema.roots().filter(|(operation, ..)| *operation == "mutation") {
        let answered = field.ty.trim_matches(['!', '[', ']']);
        let expected = match answered {
            "ID" if name == "deleteUsers" => "User",
            "ID" if name == "endSignIn" => "Session",
            "ID" if name == "releaseSlot" => "SlotHold",
            "ID" => ["delete", "cancel", "remove", "purge", "revoke"]
                .iter()
                .find_map(|verb| name.strip_prefix(verb))
                .expect("what answers an id deletes"),
            "String" => name.strip_prefix("delete").expect("what answers a key deletes"),
            "Session" if name == "acceptInvitation" => "Invitation",
            "SignUpReceipt" => "SignUpRequest",
            "LessonProgress" => "Lesson",
            "Regrade" => "Question",
            "Viewer" => "User",
            "Level" | "PointsRule" => "TenantSettings",
            "CertificateSettings" => "Course",
            "ProgramGroup" => "Program",
            "SecondFactorSetup" | "RecoveryCodes" => "User",
            "CreatedApiKey" => "ApiKey",
            "ProviderSignIn" => "Session",
            "Boolean" if !name.starts_with("logout") => "User", // whose account it is
            "Boolean" => "Session",
            "Int" => "User",                                // what somebody does is about them
            "File" if name == "completeUpload" => "Upload", // which is what it may refuse
            ty => ty,
        };
        let registry = lectern::domains::registry();
        assert_eq!(registry.mutation(name).map(|operation| operation.about), Some(expected), "{operation} {name}");
        assert!(registry.kind(expected).is_some(), "{expected} has no ids");
    }
}

#[tokio::test]
async fn a_variable_without_a_value_leaves_the_argument_out() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation { createCourse(input: { title: \"Algebra\", capacity: 5 }) { id } }", json!({})).await;
    let pages = "query($first: Int, $last: Int, $after: String, $filter: CourseFilter) {
            courses(first: $first, after: $after, filter: $filter) { nodes { title } } ...Backward }
        fragment Backward on Query { back: courses(last: $last) { nodes { title } } viewer { user { groups(first: $first) { totalCount } } } }";
    for variables in [json!({}), json!({ "first": null }), json!({ "first": 1, "last": 1 })] {
        let data = admin.ok(pages, variables).await;
        assert_eq!((&data["courses"]["nodes"][0]["title"], &data["back"]["nodes"][0]["title"]), (&json!("Algebra"), &json!("Algebra")));
    }
    // In an input, what is left out is kept, where null would clear it.
    let id = admin.ok("{ courses { nodes { id } } }", json!({})).await["courses"]["nodes"][0]["id"].take();
    let update = "mutation($id: ID!, $seats: Int) { updateCourse(input: { id: $id, capacity: $seats }) { capacity } }";
    for (variables, capacity) in [(json!({ "id": id }), json!(5)), (json!({ "id": id, "seats": null }), Value::Null)] {
        assert_eq!(admin.ok(update, variables).await["updateCourse"]["capacity"], capacity);
    }
}

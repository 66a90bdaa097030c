//! The schema keeps its promises: everything is described, what a field needs is what it says it needs, and the contract
//! with clients is kept.

use serde_json::json;

use crate::{
    app::{PASSWORD, TestApp, Who},
    sdl::{Field, Schema},
};

/// What clients rely on. Names may be added to the service's schema, but none of these may go or change.
const CONTRACT: &str = include_str!("contract.graphql");

/// Signed-out people may ask for these. The list only shrinks.
const PUBLIC: [&str; 4] = ["publicTenants", "viewer", "login", "refreshSession"];

/// Any signed-in person may ask for these, and rows decide what they get. The list only shrinks.
const SIGNED_IN: [&str; 17] = [
    "availabilities",
    "booking",
    "bookings",
    "calendar",
    "dashboard",
    "enrollment",
    "enrollments",
    "group",
    "groups",
    "node",
    "nodes",
    "user",
    "changePassword",
    "logout",
    "logoutEverywhere",
    "switchRole",
    "updateUser",
];

/// These end the session that the test asks with.
const SIGN_OUT: [&str; 2] = ["logout", "logoutEverywhere"];

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
    let description = field.description.as_deref().unwrap_or_default().trim_end();
    let (_, last) = description.rsplit_once("Needs ").or_else(|| description.split_once("Needs "))?;
    let names: Vec<String> = last.strip_suffix('.')?.split(" or ").map(str::to_owned).collect();
    names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')).then_some(names)
}

#[test]
fn descriptions_say_which_permission_a_field_needs_and_say_it_of_no_other() {
    let mut untrue = Vec::new();
    for (name, ty) in Schema::of_service().0.iter().filter(|(_, ty)| matches!(ty.kind, "object" | "interface")) {
        for (field_name, field) in &ty.fields {
            if needs(field) != field.any_of {
                untrue.push(format!("{name}.{field_name}: says {:?}, demands {:?}", needs(field), field.any_of));
            }
        }
    }
    assert!(untrue.is_empty(), "{untrue:#?}");
}

#[test]
fn every_root_field_demands_a_permission_or_stands_in_a_list_of_those_that_do_not() {
    let schema = Schema::of_service();
    let (mut public, mut signed_in) = (Vec::new(), Vec::new());
    for (_, name, field) in schema.roots() {
        match (&field.any_of, field.is_public) {
            (Some(_), true) => panic!("{name} is both public and guarded"),
            (Some(any_of), false) => assert!(!any_of.is_empty(), "{name} can be asked for by nobody"),
            (None, true) => public.push(name),
            (None, false) => signed_in.push(name),
        }
    }
    let sorted = |names: &[&'static str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    public.sort_unstable();
    signed_in.sort_unstable();
    assert_eq!(public, sorted(&PUBLIC));
    assert_eq!(signed_in, sorted(&SIGNED_IN));
}

#[test]
fn a_guarded_field_below_the_root_may_be_null() {
    for (name, ty) in Schema::of_service().0.iter().filter(|(name, _)| name.as_str() != "Mutation") {
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
    assert_eq!(codes(&service), codes(&contract), "the list of codes is closed");
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

/// Somebody whose only role grants nothing.
async fn powerless(app: &TestApp) -> crate::app::Client {
    app.sql(&format!(
        "INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ('{tenant}', app.uuid_v7(), 'GUEST', 'Guest', '{{}}');
         INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{tenant}', app.uuid_v7(), 'Guest', 'guest@oak.example');
         INSERT INTO user_role (tenant_id, user_id, role_id)
             SELECT u.tenant_id, u.id, r.id FROM app_user u JOIN role r ON r.tenant_id = u.tenant_id AND r.key = 'GUEST'
             WHERE u.email = 'guest@oak.example';
         INSERT INTO credential (tenant_id, user_id, password_hash)
             SELECT g.tenant_id, g.id, c.password_hash FROM app_user g JOIN app_user a ON a.tenant_id = g.tenant_id AND a.email = '{admin}'
             JOIN credential c ON c.tenant_id = a.tenant_id AND c.user_id = a.id WHERE g.email = 'guest@oak.example'",
        tenant = app.oak.tenant,
        admin = app.oak.email(Who::Admin),
    ))
    .await;
    app.sign_in_as(&app.oak, "guest@oak.example", PASSWORD).await
}

#[tokio::test]
async fn every_root_field_refuses_whoever_lacks_exactly_what_it_says_it_needs() {
    let (app, schema) = (TestApp::start().await, Schema::of_service());
    let (guest, stranger) = (powerless(&app).await, app.stranger());
    let before = app.count("audit_entry").await;
    let mut refused_mutations = 0;
    for (operation, name, field) in schema.roots() {
        let document = schema.document(operation, name, field);
        if let Some(any_of) = &field.any_of {
            assert_eq!(guest.refused(&document, json!({})).await, format!("FORBIDDEN [{}]", any_of.join(" ")), "{document}");
            if operation == "mutation" {
                refused_mutations += 1;
                let entry = format!(
                    "audit_entry where operation = '{name}' and outcome = 'REFUSED' and code = 'FORBIDDEN' and actor_id is not null"
                );
                assert_eq!(app.count(&entry).await, 1, "{name}");
            }
        } else if operation == "query" || !SIGN_OUT.contains(&name) {
            let answer = guest.ask(&document, json!({})).await;
            assert_ne!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{document}\n{answer:#}");
        }
        // Whoever is not signed in learns only that, unless the field is public: `login` says the same of wrong credentials.
        let answer = stranger.ask(&document, json!({})).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        if field.is_public {
            assert!(operation == "mutation" || code.is_none(), "{document}\n{answer:#}");
        } else {
            assert_eq!(code, Some("UNAUTHENTICATED"), "{document}\n{answer:#}");
        }
    }
    assert!(refused_mutations > 0);
    assert_eq!(app.count("audit_entry where outcome = 'CHANGED'").await, app.count("session").await, "only sign-ins changed anything");
    assert!(app.count("audit_entry").await >= before + refused_mutations);
}

#[test]
fn the_audit_log_knows_what_each_mutation_is_about() {
    let schema = Schema::of_service();
    for (operation, name, field) in schema.roots().filter(|(operation, ..)| *operation == "mutation") {
        let answered = field.ty.trim_end_matches('!');
        let expected = match answered {
            "ID" => name.strip_prefix("delete").expect("what answers an id deletes"),
            "Boolean" => "Session",
            ty => ty,
        };
        assert_eq!(lectern::domains::audit::resource_of(name), expected, "{operation} {name}");
        assert!(lectern::domains::audit::prefix_of(expected).is_some(), "{expected} has no ids");
    }
}

//! Schools, founded and changed by the platform.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, TENANTS, id_of, operator, refused};
use crate::{
    admissions::{ACCEPT, INVITE, NEW_PASSWORD, RESEND, accept, token, work},
    app::{PASSWORD, School, TestApp, Who, refusal},
    classroom::{insist, walk},
};

const UPDATE: &str = "mutation($i: UpdateTenantInput!) { updateTenant(input: $i) { name timeZone isListed maxUsers maxInstructors } }";
const RENEW: &str = "mutation($i: RenewTenantInput!) { renewTenant(input: $i) { state subscriptionEnd } }";
const SUSPEND: &str = "mutation($i: SuspendTenantInput!) { suspendTenant(input: $i) { state suspendReason suspendedAt } }";
const REACTIVATE: &str = "mutation($id: ID!) { reactivateTenant(id: $id) { state suspendReason suspendedAt } }";
const ASSIGN: &str = "mutation($i: AssignTenantAdminInput!) { assignTenantAdmin(input: $i) { email name isInvited } }";

async fn school(app: &TestApp, slug: &'static str) -> School {
    let tenant = app.text(&format!("SELECT tenant_id::text FROM tenant WHERE slug = '{slug}'")).await.unwrap();
    School { slug, tenant: uuid::Uuid::parse_str(&tenant).unwrap() }
}

fn first(slug: &str, password: Option<&str>) -> Value {
    json!({ "i": { "slug": slug, "name": "Ash School", "timeZone": "Europe/Berlin", "locale": "de", "isListed": false, "maxUsers": 5,
        "firstAdmin": { "email": "head@ash.example", "name": "Ann Head", "password": password } } })
}

#[tokio::test]
async fn a_school_is_founded_with_its_first_administrator() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let made = olive.ok(CREATE, first("ash", Some(PASSWORD))).await["createTenant"].take();
    let expected = json!({ "id": made["id"], "slug": "ash", "name": "Ash School", "timeZone": "Europe/Berlin", "locale": "de", "isListed": false,
        "state": "ACTIVE", "maxUsers": 5, "maxInstructors": null, "subscriptionEnd": null,
        "admins": [{ "email": "head@ash.example", "name": "Ann Head", "isInvited": false }] });
    assert_eq!(made, expected);
    let ash = school(&app, "ash").await;
    let head = app.sign_in_as(&ash, "head@ash.example", PASSWORD).await;
    let seen = head.ok("{ viewer { tenant { id } activeRole { key } permissions } roles { key } }", json!({})).await;
    assert_eq!((&seen["viewer"]["tenant"]["id"], &seen["viewer"]["activeRole"]["key"]), (&made["id"], &json!("ADMIN")));
    let roles = app.count(&format!("role WHERE tenant_id = '{}' AND is_system", app.oak.tenant)).await;
    assert_eq!(seen["roles"].as_array().unwrap().len() as i64, roles);
    head.ok(
        "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { signUp } }",
        json!({ "i": { "signUp": "APPROVAL" } }),
    )
    .await;

    // What happened stands in both logs.
    let log = head.ok("{ auditLog(first: 100, filter: { resource: \"Tenant\" }) { nodes { operation actor { id } } } }", json!({})).await;
    assert_eq!(log["auditLog"]["nodes"], json!([{ "operation": "system:platform:createTenant", "actor": null }]));
    let log = olive
        .ok(
            "{ auditLog(filter: { operation: \"createTenant\" }) { nodes { operation outcome tenantId admin { email } before after } } }",
            json!({}),
        )
        .await;
    let entries = log["auditLog"]["nodes"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{entries:#?}");
    assert!(
        entries.iter().all(|entry| entry["operation"] == "createTenant" && entry["tenantId"] == made["id"] && entry["before"].is_null())
    );
    assert_eq!(entries[1]["after"]["slug"], json!("ash"));
}

#[tokio::test]
async fn what_is_wrong_with_a_school_founds_none() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let with = |changes: Value| {
        let mut input = json!({ "slug": "ash", "name": "Ash" });
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let admin = |changes: Value| {
        let mut admin = json!({ "email": "a@ash.example", "name": "A", "password": PASSWORD });
        admin.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        with(json!({ "firstAdmin": admin }))
    };
    for (input, line) in [
        (with(json!({ "slug": "oak" })), "CONFLICT SLUG_TAKEN @slug"),
        (with(json!({ "slug": "Ash" })), "BAD_USER_INPUT @slug"),
        (with(json!({ "slug": "a--b" })), "BAD_USER_INPUT @slug"),
        (with(json!({ "name": " " })), "BAD_USER_INPUT @name"),
        (with(json!({ "timeZone": "Moon/Sea" })), "BAD_USER_INPUT @timeZone"),
        (with(json!({ "locale": "no language" })), "BAD_USER_INPUT @locale"),
        (with(json!({ "maxUsers": 0 })), "BAD_USER_INPUT @maxUsers"),
        (with(json!({ "subscriptionEnd": "2020-01-01T00:00:00Z" })), "BAD_USER_INPUT @subscriptionEnd"),
        (admin(json!({ "email": "nothing" })), "BAD_USER_INPUT @firstAdmin.email"),
        (admin(json!({ "name": "" })), "BAD_USER_INPUT @firstAdmin.name"),
        (admin(json!({ "password": "weak" })), "BAD_USER_INPUT @firstAdmin.password"),
    ] {
        refused(&app, &olive, CREATE, input, line).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_want_a_slug_one_gets_it() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let answers = join_all((0..20).map(|_| insist(&olive, CREATE, json!({ "i": { "slug": "ash", "name": "Ash" } })))).await;
    let lines: Vec<String> =
        answers.iter().filter(|answer| answer.get("errors").is_some()).map(|answer| refusal(&answer["errors"][0])).collect();
    assert_eq!(lines, vec!["CONFLICT SLUG_TAKEN @slug"; 19], "{answers:#?}");
    assert_eq!(app.count("tenant WHERE slug = 'ash'").await, 1);
    assert_eq!(app.count("platform_audit_entry WHERE operation = 'createTenant' AND outcome = 'CHANGED'").await, 1);
}

#[tokio::test]
async fn a_first_administrator_without_a_password_is_invited() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let made = olive.ok(CREATE, first("ash", None)).await["createTenant"].take();
    assert_eq!(made["admins"], json!([{ "email": "head@ash.example", "name": "Ann Head", "isInvited": true }]));
    work(&app).await;
    let ash = school(&app, "ash").await;
    let link = token(&app, &ash, "invitation", "head@ash.example").await;
    // A later one is in place of the earlier.
    let again = json!({ "i": { "tenantId": made["id"], "email": "HEAD@ash.example", "name": "Ann Head" } });
    assert_eq!(olive.ok(ASSIGN, again).await["assignTenantAdmin"]["isInvited"], json!(true));
    work(&app).await;
    assert_eq!(app.stranger().refused(ACCEPT, accept(&link, None)).await, "UNAUTHENTICATED LINK_INVALID");
    let link = token(&app, &ash, "invitation", "head@ash.example").await;
    app.stranger().ok(ACCEPT, accept(&link, None)).await;
    let head = app.sign_in_as(&ash, "head@ash.example", NEW_PASSWORD).await;
    assert_eq!(head.ok("{ viewer { activeRole { key } } }", json!({})).await["viewer"]["activeRole"]["key"], json!("ADMIN"));
    let admins = olive.ok("query($id: ID!) { tenant(id: $id) { admins { email isInvited } } }", json!({ "id": made["id"] })).await;
    assert_eq!(admins["tenant"]["admins"], json!([{ "email": "HEAD@ash.example", "isInvited": false }]));
}

#[tokio::test]
async fn an_invitation_to_a_school_that_does_not_run_is_mailed_once_it_does_and_lasts_a_week_from_then() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let mut later = first("ash", None);
    let start = lectern_kernel::clock::now() + jiff::SignedDuration::from_hours(30 * 24);
    later["i"]["subscriptionStart"] = json!(start.to_string());
    let id = olive.ok(CREATE, later).await["createTenant"]["id"].take();
    // As if it were a day after its beginning.
    app.sql(
        "UPDATE tenant SET subscription_start = subscription_start - interval '31 days' WHERE slug = 'ash';
         UPDATE invitation SET expires_at = expires_at - interval '31 days'",
    )
    .await;
    let admins = olive.ok("query($id: ID!) { tenant(id: $id) { state admins { email isInvited } } }", json!({ "id": id })).await;
    assert_eq!(admins["tenant"], json!({ "state": "ACTIVE", "admins": [{ "email": "head@ash.example", "isInvited": true }] }));
    work(&app).await;
    let link = token(&app, &school(&app, "ash").await, "invitation", "head@ash.example").await;
    app.stranger().ok(ACCEPT, accept(&link, None)).await;

    // One that has lapsed, and is renewed after more than a week.
    app.sql(
        "UPDATE tenant SET subscription_start = now() - interval '90 days', subscription_end = now() - interval '30 days' WHERE slug = 'oak'",
    )
    .await;
    olive.ok(ASSIGN, json!({ "i": { "tenantId": id_of(&app.oak), "email": "new@oak.example", "name": "New" } })).await;
    app.sql("UPDATE invitation SET expires_at = now() - interval '1 day' WHERE email = 'new@oak.example'").await;
    olive.ok(RENEW, json!({ "i": { "id": id_of(&app.oak), "subscriptionEnd": null } })).await;
    work(&app).await;
    let link = token(&app, &app.oak, "invitation", "new@oak.example").await;
    let days = "invitation WHERE email = 'new@oak.example' AND expires_at BETWEEN now() + interval '6 days' AND now() + interval '7 days'";
    assert_eq!(app.count(days).await, 1);
    app.stranger().ok(ACCEPT, accept(&link, None)).await;
}

#[tokio::test]
async fn whoever_has_the_address_in_a_school_is_made_its_administrator() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let assign = |email: &str, name: Option<&str>| json!({ "i": { "tenantId": id_of(&app.oak), "email": email, "name": name } });
    let made = olive.ok(ASSIGN, assign("Learner@oak.example", None)).await["assignTenantAdmin"].take();
    assert_eq!(made, json!({ "email": "learner@oak.example", "name": "LEARNER of oak", "isInvited": false }));
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let roles = learner.ok("{ viewer { user { roles { key } } } }", json!({})).await["viewer"]["user"]["roles"].take();
    assert_eq!(roles, json!([{ "key": "ADMIN" }, { "key": "LEARNER" }]));
    // The log, which outlives the school, does not say who that is.
    let log = "{ auditLog(filter: { operation: \"assignTenantAdmin\" }) { nodes { after } } }";
    let log = olive.ok(log, json!({})).await["auditLog"]["nodes"].take();
    assert_eq!(log, json!([{ "after": { "id": learner.user_id, "isInvited": false } }]));
    // Again it changes nothing.
    olive.ok(ASSIGN, assign("learner@oak.example", Some("Other"))).await;
    assert_eq!(app.count(&format!("user_role WHERE tenant_id = '{}'", app.oak.tenant)).await, 5);
    // Who was one until a date is one for good.
    app.sql("UPDATE user_role SET ends_at = '2999-01-01T00:00:00Z' WHERE user_id = (SELECT id FROM app_user WHERE email = 'learner@oak.example')").await;
    olive.ok(ASSIGN, assign("learner@oak.example", None)).await;
    let ends =
        "user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id WHERE r.key = 'ADMIN' AND ur.ends_at IS NOT NULL";
    assert_eq!(app.count(ends).await, 0);
    assert_eq!(app.count("user_role WHERE ends_at IS NOT NULL").await, 1, "the other roles are none of the platform's");
    // Nobody becomes one who may not sign in.
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'viewer@oak.example'").await;
    refused(&app, &olive, ASSIGN, assign("viewer@oak.example", None), "CONFLICT USER_SUSPENDED @email").await;
    // An invitation of the platform's is the school's to see and to send again.
    olive.ok(ASSIGN, assign("new@oak.example", None)).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let seen = admin.ok("{ invitations { nodes { id email invitedBy { id } } } }", json!({})).await["invitations"]["nodes"].take();
    assert_eq!((&seen[0]["email"], &seen[0]["invitedBy"]), (&json!("new@oak.example"), &Value::Null));
    admin.ok(RESEND, json!({ "id": seen[0]["id"] })).await;

    app.sql(&format!("UPDATE tenant SET max_instructors = 1 WHERE tenant_id = '{}'", app.elm.tenant)).await;
    let full = json!({ "i": { "tenantId": id_of(&app.elm), "email": "viewer@elm.example" } });
    refused(&app, &olive, ASSIGN, full, "LIMIT_REACHED").await;
    for (input, line) in [
        (assign("nothing", None), "BAD_USER_INPUT @email"),
        (
            json!({ "i": { "tenantId": lectern_kernel::ids::encode("tenant", uuid::Uuid::now_v7()), "email": "a@b.example" } }),
            "NOT_FOUND @tenantId",
        ),
    ] {
        refused(&app, &olive, ASSIGN, input, line).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_invite_an_administrator_at_once_the_last_ones_link_lives() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let assign = |email: &str| json!({ "i": { "tenantId": id_of(&app.oak), "email": email } });
    let answers = join_all((0..20).map(|_| insist(&olive, ASSIGN, assign("new@oak.example")))).await;
    assert!(answers.iter().all(|answer| answer["data"]["assignTenantAdmin"]["isInvited"] == true), "{answers:#?}");
    let states = "SELECT string_agg(state, ' ' ORDER BY state) FROM invitation WHERE email = 'new@oak.example'";
    assert_eq!(app.text(states).await.unwrap(), format!("PENDING{}", " REVOKED".repeat(19)));

    // Beside ten of the school's own: each is answered, and one invitation is pending.
    let invite = json!({ "i": { "invitations": [{ "email": "both@oak.example", "roleKeys": ["LEARNER"] }] } });
    let (platform, school) = futures_util::future::join(
        join_all((0..10).map(|_| insist(&olive, ASSIGN, assign("both@oak.example")))),
        join_all((0..10).map(|_| insist(&admin, INVITE, invite.clone()))),
    )
    .await;
    assert!(platform.iter().all(|answer| answer.get("errors").is_none()), "{platform:#?}");
    for answer in school.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(refusal(&answer["errors"][0]), "CONFLICT INVITATION_PENDING @invitations.0.email");
    }
    assert_eq!(app.count("invitation WHERE email = 'both@oak.example' AND state = 'PENDING'").await, 1);
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays_and_null_clears() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let id = id_of(&app.oak);
    let change = |input: Value| {
        let mut with = json!({ "id": id });
        with.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        json!({ "i": with })
    };
    let changed = olive.ok(UPDATE, change(json!({ "name": "Oak", "maxUsers": 100, "maxInstructors": 7 }))).await["updateTenant"].take();
    assert_eq!(changed, json!({ "name": "Oak", "timeZone": "Europe/Berlin", "isListed": true, "maxUsers": 100, "maxInstructors": 7 }));
    let changed = olive.ok(UPDATE, change(json!({ "maxUsers": null, "isListed": false, "timeZone": "UTC" }))).await["updateTenant"].take();
    assert_eq!(changed, json!({ "name": "Oak", "timeZone": "UTC", "isListed": false, "maxUsers": null, "maxInstructors": 7 }));
    for (input, line) in [
        (json!({ "name": null }), "BAD_USER_INPUT @name"),
        (json!({ "timeZone": null }), "BAD_USER_INPUT @timeZone"),
        (json!({ "isListed": null }), "BAD_USER_INPUT @isListed"),
        (json!({ "maxUsers": -1 }), "BAD_USER_INPUT @maxUsers"),
        (json!({ "id": lectern_kernel::ids::encode("tenant", uuid::Uuid::now_v7()) }), "NOT_FOUND @id"),
    ] {
        refused(&app, &olive, UPDATE, change(input), line).await;
    }
    // A change that makes no difference leaves no entry.
    let before = (app.count("audit_entry").await, app.count("platform_audit_entry").await);
    olive.ok(UPDATE, change(json!({ "name": "Oak" }))).await;
    assert_eq!((app.count("audit_entry").await, app.count("platform_audit_entry").await), before);
    // A cap below what there is refuses the next, and nothing else.
    olive.ok(UPDATE, change(json!({ "maxUsers": 1 }))).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }";
    assert_eq!(
        admin.refused(create, json!({ "i": { "email": "x@oak.example", "name": "X", "roleKeys": ["LEARNER"] } })).await,
        "LIMIT_REACHED"
    );
}

#[tokio::test]
async fn a_suspended_school_stands_still_at_once() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let (oak, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let courses = "{ courses { totalCount } }";
    oak.ok(courses, json!({})).await;
    let suspend = |reason: &str| json!({ "i": { "id": id_of(&app.oak), "reason": reason } });
    let suspended = olive.ok(SUSPEND, suspend("Unpaid")).await["suspendTenant"].take();
    assert_eq!((&suspended["state"], &suspended["suspendReason"]), (&json!("SUSPENDED"), &json!("Unpaid")));
    assert_eq!(refusal(&oak.ask(courses, json!({})).await["errors"][0]), "SUBSCRIPTION_EXPIRED");
    elm.ok(courses, json!({})).await;
    // Again, it changes the reason, and not since when.
    let again = olive.ok(SUSPEND, suspend("Still unpaid")).await["suspendTenant"].take();
    assert_eq!((&again["suspendedAt"], &again["suspendReason"]), (&suspended["suspendedAt"], &json!("Still unpaid")));
    for reason in ["", &"x".repeat(501)] {
        refused(&app, &olive, SUSPEND, suspend(reason), "BAD_USER_INPUT @reason").await;
    }
    let lifted = olive.ok(REACTIVATE, json!({ "id": id_of(&app.oak) })).await["reactivateTenant"].take();
    assert_eq!(lifted, json!({ "state": "ACTIVE", "suspendReason": null, "suspendedAt": null }));
    oak.ok(courses, json!({})).await;
    let log =
        oak.ok("{ auditLog(filter: { resource: \"Tenant\" }) { nodes { operation actor { id } } } }", json!({})).await["auditLog"]["nodes"]
            .take();
    let expected = ["reactivateTenant", "suspendTenant", "suspendTenant"]
        .map(|name| json!({ "operation": format!("system:platform:{name}"), "actor": null }));
    assert_eq!(log, json!(expected));

    let renew = |end: Value| json!({ "i": { "id": id_of(&app.oak), "subscriptionEnd": end } });
    refused(&app, &olive, RENEW, renew(json!("1999-01-01T00:00:00Z")), "BAD_USER_INPUT @subscriptionEnd").await;
    let renewed = olive.ok(RENEW, renew(json!("2099-01-01T00:00:00Z"))).await["renewTenant"].take();
    assert_eq!(renewed, json!({ "state": "ACTIVE", "subscriptionEnd": "2099-01-01T00:00:00Z" }));
    let entries = app.count("platform_audit_entry WHERE operation = 'renewTenant' AND outcome = 'CHANGED'").await;
    assert_eq!(olive.ok(RENEW, json!({ "i": { "id": id_of(&app.oak) } })).await["renewTenant"], renewed, "left out it stays");
    assert_eq!(app.count("platform_audit_entry WHERE operation = 'renewTenant' AND outcome = 'CHANGED'").await, entries);
    assert_eq!(olive.ok(RENEW, renew(Value::Null)).await["renewTenant"]["subscriptionEnd"], Value::Null);
}

#[tokio::test]
async fn schools_are_listed_in_every_order_and_found() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    for (slug, name, end) in
        [("ash", "Éclair Ash", Some("2098-01-01T00:00:00Z")), ("fir", "Zed Fir", Some("2097-01-01T00:00:00Z")), ("yew", "aa Yew", None)]
    {
        olive.ok(CREATE, json!({ "i": { "slug": slug, "name": name, "subscriptionEnd": end, "subscriptionStart": if slug == "yew" { Some("2096-01-01T00:00:00Z") } else { None } } })).await;
    }
    let names = |order: &'static str| walk(&olive, "tenants", order, "/slug");
    assert_eq!(names("").await, ["yew", "ash", "elm", "oak", "fir"]);
    assert_eq!(names(", orderBy: { field: NAME, direction: DESC }").await, ["fir", "oak", "elm", "ash", "yew"]);
    assert_eq!(names(", orderBy: { field: CREATED_AT, direction: DESC }").await[..3], ["yew", "fir", "ash"]);
    assert_eq!(names(", orderBy: { field: SUBSCRIPTION_END, direction: ASC }").await[..2], ["fir", "ash"]);
    let found = |filter: &'static str| {
        let olive = &olive;
        async move {
            let query = format!("{{ tenants(filter: {filter}) {{ nodes {{ slug }} }} }}");
            let nodes = olive.ok(&query, json!({})).await["tenants"]["nodes"].take();
            nodes.as_array().unwrap().iter().map(|node| node["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("{ search: \"eclair\" }").await, ["ash"]);
    assert_eq!(found("{ states: [NOT_BEGUN] }").await, ["yew"]);
    assert_eq!(found("{ states: [ACTIVE, SUSPENDED] }").await, ["ash", "elm", "oak", "fir"]);
    assert_eq!(found("{ subscriptionEndsBefore: \"2097-06-01T00:00:00Z\" }").await, ["fir"]);
    let one = olive.ok("query($id: ID!) { tenant(id: $id) { slug state } }", json!({ "id": id_of(&app.oak) })).await["tenant"].take();
    assert_eq!(one, json!({ "slug": "oak", "state": "ACTIVE" }));
    let never = lectern_kernel::ids::encode("tenant", uuid::Uuid::now_v7());
    assert_eq!(olive.ok("query($id: ID!) { tenant(id: $id) { slug } }", json!({ "id": never })).await["tenant"], Value::Null);
    assert_eq!(olive.ok(TENANTS, json!({})).await["tenants"]["totalCount"], json!(5));
}

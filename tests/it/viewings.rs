//! Seeing what somebody else sees: exactly that, nothing that is private to them, nothing changed, every document written down, and over at once.

mod ends;
mod entries;
mod refusals;

use lectern_kernel::resolve::registry::Root;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, draft, enroll},
    rehearsals::{Rows, changed, rehearse},
    socket::Socket,
};

pub const START: &str = "mutation($i: StartViewAsInput!) { startViewAs(input: $i) {
    id accessToken accessTokenExpiresAt user { id name } role { key } } }";
pub const VIEWER: &str = "{ viewer { user { id name email } activeRole { key } permissions viewedBy { id name } } }";

/// Whoever looks, with the token of a viewing.
pub async fn start(looker: &Client, person: &Client) -> Client {
    let input = json!({ "userId": person.user_id, "reason": "They can't find a course" });
    let begun = looker.ok(START, json!({ "i": input })).await["startViewAs"].take();
    Client {
        token: begun["accessToken"].as_str().map(str::to_owned),
        refresh_token: None,
        user_id: person.user_id.clone(),
        ..looker.clone()
    }
}

/// An admin who looks as the learner.
pub async fn looking(app: &TestApp) -> (Client, Client, Client) {
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let view = start(&admin, &lea).await;
    (admin, lea, view)
}

#[tokio::test]
async fn whoever_looks_is_answered_as_the_other_would_be() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let hidden = draft(&admin, json!({ "title": "Hidden" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    let begun = admin.ok(START, json!({ "i": { "userId": lea.user_id, "reason": "A course is missing" } })).await["startViewAs"].take();
    assert_eq!((&begun["user"]["id"], &begun["role"]["key"]), (&json!(lea.user_id), &json!("LEARNER")), "{begun}");
    let until: jiff::Timestamp = begun["accessTokenExpiresAt"].as_str().unwrap().parse().unwrap();
    let off = until.duration_since(lectern_kernel::clock::now()).as_secs().abs_diff(15 * 60);
    assert!(off < 120, "{begun}");
    let view = start(&admin, &lea).await;

    let theirs = lea.ok(VIEWER, json!({})).await["viewer"].take();
    let mut seen = view.ok(VIEWER, json!({})).await["viewer"].take();
    assert_eq!(seen["viewedBy"].take()["id"], json!(admin.user_id), "the learner may not see them otherwise: {seen}");
    assert_eq!(seen, theirs, "and all else is as it is to the learner");

    let documents = [
        "{ courses { totalCount nodes { id title status  } } }",
        "{ viewer { user { enrollments { totalCount nodes { course { title } progress } } } } }",
        "{ bookings { totalCount } groups: viewer { user { groups { totalCount } } } }",
        "{ users { totalCount } }",
        "{ auditLog { totalCount } }",
    ];
    for document in documents {
        let (mut seen, mut own) = (view.ask(document, json!({})).await, lea.ask(document, json!({})).await);
        for answer in [&mut seen, &mut own] {
            for error in answer["errors"].as_array_mut().into_iter().flatten() {
                error["extensions"]["correlationId"].take();
            }
        }
        assert_eq!(seen, own, "{document}");
    }
    assert!(view.ok("query($id: ID!) { course(id: $id) { id } }", json!({ "id": hidden })).await["course"].is_null());
    // As many statements and waits as it costs the learner.
    for document in [documents[0], documents[1]] {
        let (seen, own) = ((app.cost(&view, document, json!({})).await), (app.cost(&lea, document, json!({})).await));
        assert_eq!(seen, own, "{document}");
    }
}

#[tokio::test]
async fn whoever_looks_changes_nothing() {
    let app = TestApp::start().await;
    let (_, lea, view) = looking(&app).await;
    let rows = Rows::of(&app).await;
    let mut before = rows.read().await;
    let documents = [
        ("mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }", json!({ "i": { "id": lea.user_id, "name": "Mallory" } })),
        (
            "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }",
            json!({ "i": { "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z" } }),
        ),
        ("mutation { markAllNotificationsRead }", json!({})),
        ("mutation { logoutEverywhere }", json!({})),
        ("mutation($i: SwitchRoleInput!) { switchRole(input: $i) { accessToken } }", json!({ "i": { "roleKey": "LEARNER" } })),
        (START, json!({ "i": { "userId": lea.user_id, "reason": "Once more" } })),
        (
            "mutation($i: LoginInput!) { login(input: $i) { accessToken } }",
            json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "password": crate::app::PASSWORD } }),
        ),
        (
            "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }",
            json!({ "i": { "tenant": "oak", "email": "x@x.example" } }),
        ),
    ];
    let refused = documents.len();
    for (document, variables) in documents {
        assert_eq!(view.refused(document, variables.clone()).await, "FORBIDDEN VIEW_AS_READ_ONLY", "{document}");
    }
    let answer = rehearse(&view, "mutation { markAllNotificationsRead }", json!({})).await;
    assert_eq!(crate::app::refusal(&answer["errors"][0]), "FORBIDDEN VIEW_AS_READ_ONLY", "not in a rehearsal either");
    assert_eq!(Socket::refused(&view).await, 4403, "and no socket");
    let mut after = rows.read().await;
    // What was refused stands in the log, under the name of who looked.
    before.remove("audit_entry");
    after.remove("audit_entry");
    assert_eq!(changed(&before, &after), [""; 0]);
    let entries = "audit_entry a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.actor_id WHERE a.outcome = 'REFUSED'
        AND a.reason = 'VIEW_AS_READ_ONLY' AND u.name LIKE 'ADMIN %'";
    assert_eq!(app.count(entries).await, refused as i64 + 1);

    // What ends it is the one mutation that is open.
    let open: Vec<&str> =
        app.registry.operations().filter(|operation| operation.while_viewing).map(|operation| operation.field.name).collect();
    assert_eq!(open, ["logout"]);
    assert!(app.registry.operations().all(|operation| !operation.while_viewing || operation.root == Root::Mutation));
}

#[tokio::test]
async fn what_is_private_to_its_owner_stays_so() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let note = crate::notifications::told(&app, &app.oak, Who::Learner).await;
    lea.ok("mutation { updateNotificationSettings(input: { digestHour: 3 }) { digestHour } }", json!({})).await;
    let declared = crate::files::declared("notes.txt", "text/plain", b"Crosswind");
    let upload = lea.ok("mutation($i: CreateUploadInput!) { createUpload(input: $i) { id } }", json!({ "i": declared })).await;
    let upload = &upload["createUpload"]["id"];
    let (_, _, view) = looking(&app).await;
    let ask = "query($note: ID!, $upload: ID!) { notifications { totalCount } unreadNotificationCount notification(id: $note) { id }
        notificationSettings { digestHour } upload(id: $upload) { url } }";
    let variables = json!({ "note": note, "upload": upload });
    let own = lea.ok(ask, variables.clone()).await;
    assert_eq!((&own["notifications"]["totalCount"], &own["notificationSettings"]["digestHour"]), (&json!(1), &json!(3)), "{own}");
    assert!(own["upload"]["url"].is_string() && own["notification"]["id"].is_string(), "{own}");
    let seen = view.ok(ask, variables).await;
    assert_eq!((&seen["notifications"]["totalCount"], &seen["unreadNotificationCount"]), (&json!(0), &json!(0)), "{seen}");
    assert_ne!(seen["notificationSettings"]["digestHour"], 3, "{seen}");
    assert!(seen["upload"].is_null() && seen["notification"].is_null(), "{seen}");

    // It is the policies that say so: the same in SQL that the service's role was made to run.
    let claims = app.engine.services().tokens.verify(view.token.as_deref().unwrap()).unwrap().identity();
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let open = format!(
        "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{}'; SET LOCAL app.permissions = ''",
        claims.tenant, claims.user
    );
    client.batch_execute(&open).await.unwrap();
    let loaded =
        client.query("SELECT role_key FROM app.load_actor($1, $2, $3)", &[&claims.tenant, &claims.user, &claims.session]).await.unwrap();
    assert_eq!(loaded.len(), 1);
    for table in ["notification", "notification_settings", "notification_preference", "session", "upload"] {
        let seen: i64 = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{table}");
    }
}

#[tokio::test]
async fn the_person_is_told_once_for_each_viewing_by_whom_and_why() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    for reason in ["The first reason", "The second reason"] {
        let begun = admin.ok(START, json!({ "i": { "userId": lea.user_id, "reason": reason } })).await["startViewAs"].take();
        let view = Client { token: begun["accessToken"].as_str().map(str::to_owned), ..admin.clone() };
        for _ in 0..2 {
            view.ok(VIEWER, json!({})).await;
        }
        app.work().await;
    }
    let told = lea.ok(crate::notifications::LIST, json!({})).await["notifications"]["nodes"].take();
    let told: Vec<&Value> = told.as_array().unwrap().iter().filter(|note| note["kind"] == "VIEWED_AS").collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let name = app.text("SELECT name FROM app_user WHERE email = 'admin@oak.example'").await.unwrap();
    for (note, reason) in told.iter().zip(["The second reason", "The first reason"]) {
        let body = note["body"].as_str().unwrap();
        assert!(body.contains(&name) && body.contains(reason), "{body}");
        assert!(!note["title"].as_str().unwrap().contains(&name), "a title names nobody");
    }
    assert_eq!(app.count("mail WHERE template = 'viewed_as'").await, 2, "and mailed, whatever they have chosen");
    assert_eq!(
        app.count(
            "notification n JOIN app_user u ON u.id = n.recipient_id WHERE n.kind = 'VIEWED_AS' AND u.email <> 'learner@oak.example'"
        )
        .await,
        0
    );
}

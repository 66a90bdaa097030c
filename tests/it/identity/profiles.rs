//! Usernames, languages, clocks and pictures.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, DELETE, UPDATE, add, add_role, everything};
use crate::{
    app::{PASSWORD, TestApp, Who, refusal},
    classroom::{self, nothing},
    files,
};

const PROFILE: &str = "query($id: ID!) { user(id: $id) { username locale timeZone avatar { id download { url } } } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { viewer { user { id } } } }";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\npicture";

fn login(email: &str, password: &str) -> Value {
    json!({ "i": { "tenant": "oak", "email": email, "password": password } })
}

fn change(id: &str, field: &str, value: Value) -> Value {
    json!({ "i": { "id": id, field: value } })
}

#[tokio::test]
async fn a_username_takes_the_emails_place_and_is_found() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "i": { "email": "ada@oak.example", "name": "Ada", "password": PASSWORD, "roleKeys": ["LEARNER"],
                               "username": "Ada.L-1", "locale": "de-AT", "timeZone": "Europe/Vienna" } });
    let id = admin.ok(CREATE, input).await["createUser"]["id"].as_str().unwrap().to_owned();
    let profile = admin.ok(PROFILE, json!({ "id": id })).await["user"].take();
    assert_eq!(profile, json!({ "username": "ada.l-1", "locale": "de-AT", "timeZone": "Europe/Vienna", "avatar": null }));
    for typed in ["ada.l-1", " ADA.L-1 ", "ada@oak.example"] {
        assert_eq!(app.stranger().ok(LOGIN, login(typed, PASSWORD)).await["login"]["viewer"]["user"]["id"], json!(id), "{typed}");
    }
    let wrong = app.stranger().ask(LOGIN, login("ada.l-1", "wrong horse battery")).await;
    let nobody = app.stranger().ask(LOGIN, login("nobody.here", "wrong horse battery")).await;
    let line = |answer: &Value| (refusal(&answer["errors"][0]), answer["errors"][0]["message"].clone());
    assert_eq!(line(&wrong), line(&nobody));
    let found = admin.ok("{ users(filter: { search: \"ada.l\" }) { nodes { id } } }", json!({})).await;
    assert_eq!(found["users"]["nodes"], json!([{ "id": id }]));
    // It is the school's alone, without case.
    for taken in ["ada.l-1", "ADA.L-1"] {
        let mut other = json!({ "i": { "email": "other@oak.example", "name": "Other", "roleKeys": ["LEARNER"], "username": taken } });
        assert_eq!(admin.refused(CREATE, other.clone()).await, "CONFLICT USERNAME_TAKEN @username");
        other["i"]["email"] = json!(format!("{taken}@elm.example"));
        if taken == "ada.l-1" {
            app.sign_in(&app.elm, Who::Admin).await.ok(CREATE, other).await;
        }
    }
    assert_eq!(admin.refused(UPDATE, change(&admin.user_id, "username", json!("Ada.l-1"))).await, "CONFLICT USERNAME_TAKEN @username");
    admin.ok(UPDATE, change(&id, "username", json!(null))).await;
    assert_eq!(app.stranger().refused(LOGIN, login("ada.l-1", PASSWORD)).await, "UNAUTHENTICATED");
    let answered = admin.ok(UPDATE, json!({ "i": { "id": admin.user_id, "username": "ada.l-1", "timeZone": null } })).await;
    assert_eq!(answered["updateUser"]["id"], json!(admin.user_id));
}

#[tokio::test]
async fn wrong_profiles_are_refused_with_their_field() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = everything(&app).await;
    for (field, value) in [
        ("username", json!("ab")),
        ("username", json!("x".repeat(41))),
        ("username", json!(".ada")),
        ("username", json!("ada@oak.example")),
        ("username", json!("ada lovelace")),
        ("username", json!("jörg")),
        ("locale", json!("german")),
        ("locale", json!("de_AT")),
        ("timeZone", json!("Mars/Olympus")),
        ("timeZone", json!("")),
        ("avatarFileId", json!("file_1")),
        ("avatarFileId", json!(admin.user_id)),
    ] {
        let line = format!("BAD_USER_INPUT @{field}");
        assert_eq!(admin.refused(UPDATE, change(&admin.user_id, field, value.clone())).await, line, "{value}");
        if field != "avatarFileId" {
            let input = json!({ "i": { "email": "new@oak.example", "name": "New", "roleKeys": ["LEARNER"], field: value } });
            assert_eq!(admin.refused(CREATE, input).await, line);
        }
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn the_language_of_a_person_is_that_of_their_notification_settings() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let settings = "{ notificationSettings { locale digestHour } }";
    admin.ok(UPDATE, change(&learner.user_id, "locale", json!("de"))).await;
    assert_eq!(learner.ok(settings, json!({})).await["notificationSettings"]["locale"], "de");
    learner.ok("mutation { updateNotificationSettings(input: { locale: \"fr\", digestHour: 7 }) { locale } }", json!({})).await;
    assert_eq!(admin.ok(PROFILE, json!({ "id": learner.user_id })).await["user"]["locale"], "fr");
    learner.ok(UPDATE, change(&learner.user_id, "locale", json!(null))).await;
    assert_eq!(learner.ok(settings, json!({})).await["notificationSettings"], json!({ "locale": null, "digestHour": 7 }));
}

#[tokio::test]
async fn a_picture_is_ones_own_and_seen_by_whoever_sees_the_person() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (learner, ada) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let picture = files::file(&ada, "ada.png", "image/png", PNG).await["id"].take();
    let text = files::text(&ada, "ada.txt").await;
    let before = classroom::everything(&app).await;
    let set = |id: &Value| change(&ada.user_id, "avatarFileId", id.clone());
    assert_eq!(ada.refused(UPDATE, set(&json!(text))).await, "BAD_USER_INPUT @avatarFileId");
    assert_eq!(ada.refused(UPDATE, set(&json!(nothing("file")))).await, "NOT_FOUND @avatarFileId");
    assert_eq!(admin.refused(UPDATE, set(&picture)).await, "FORBIDDEN NOT_YOURS @avatarFileId", "seen by FILE_MANAGE, and another's");
    assert_eq!(learner.refused(UPDATE, change(&learner.user_id, "avatarFileId", picture.clone())).await, "NOT_FOUND @avatarFileId");
    assert_eq!(classroom::everything(&app).await, before);

    ada.ok(UPDATE, set(&picture)).await;
    // Everybody sees instructors; the file itself stays private.
    let shown = learner.ok(PROFILE, json!({ "id": ada.user_id })).await["user"]["avatar"].take();
    assert_eq!(shown["id"], picture);
    let answer = app.stranger().http.get(shown["download"]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), PNG);
    assert_eq!(learner.ok("query($id: ID!) { file(id: $id) { id } }", json!({ "id": picture })).await, json!({ "file": null }));
    let own = files::file(&learner, "lea.png", "image/png", PNG).await["id"].take();
    learner.ok(UPDATE, change(&learner.user_id, "avatarFileId", own.clone())).await;
    assert_eq!(ada.ok(PROFILE, json!({ "id": learner.user_id })).await["user"]["avatar"]["id"], own);
    let stranger = app.person(&app.oak, "other@oak.example", &["LEARNER"]).await;
    assert_eq!(stranger.ok(PROFILE, json!({ "id": learner.user_id })).await, json!({ "user": null }), "not seen, and so not shown");
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(PROFILE, json!({ "id": ada.user_id })).await, json!({ "user": null }));

    // As long as it is shown it is not deleted; it goes with its person.
    let delete = "mutation($id: ID!) { deleteFile(id: $id) }";
    assert_eq!(ada.refused(delete, json!({ "id": picture })).await, "CONFLICT IN_USE @id");
    ada.ok(UPDATE, set(&json!(null))).await;
    ada.ok(delete, json!({ "id": picture })).await;
    admin.ok(DELETE, json!({ "id": learner.user_id })).await;
    assert_eq!((app.count("user_avatar").await, app.count("file WHERE content_type = 'image/png'").await), (0, 0));
}

#[tokio::test]
async fn a_profile_is_changed_by_oneself_or_from_above_and_goes_with_the_person() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    add_role(&admin, "CLERK", &["USER_READ", "USER_UPDATE"]).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let before = everything(&app).await;
    for (field, value) in [("username", json!("taken")), ("locale", json!("de")), ("timeZone", json!("UTC")), ("avatarFileId", json!(null))]
    {
        assert_eq!(clerk.refused(UPDATE, change(&ada.user_id, field, value.clone())).await, "FORBIDDEN ROLE_TOO_HIGH", "{field}");
        assert_eq!(lea.refused(UPDATE, change(&ada.user_id, field, value)).await, "FORBIDDEN [USER_UPDATE]", "{field}");
    }
    assert_eq!(everything(&app).await, before);
    let id = add(&admin, "gone@oak.example", &["LEARNER"]).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "username": "gone.girl", "locale": "de", "timeZone": "UTC" } })).await;
    let seen = lea.ok(PROFILE, json!({ "id": ada.user_id })).await["user"].take();
    assert_eq!(seen, json!({ "username": null, "locale": null, "timeZone": null, "avatar": null }), "as the email is");
    admin.ok(DELETE, json!({ "id": id })).await;
    assert_eq!(app.count("app_user WHERE username IS NOT NULL OR time_zone IS NOT NULL").await, 0);
    assert_eq!(app.count("audit_entry WHERE concat(before, after) LIKE '%gone.girl%'").await, 0, "the log forgets it as well");
    admin.ok(UPDATE, change(&admin.user_id, "username", json!("gone.girl"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_want_a_username_one_has_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = classroom::learners(&app, &app.oak, 20).await;
    let answers = join_all(people.iter().map(|id| classroom::insist(&admin, UPDATE, change(id, "username", json!("The.One"))))).await;
    let won = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    let lost = answers.iter().filter(|answer| refusal(&answer["errors"][0]) == "CONFLICT USERNAME_TAKEN @username").count();
    assert_eq!((won, lost), (1, 19), "{answers:?}");
}

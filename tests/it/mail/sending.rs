//! How a mail leaves, or why it does not.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    CODE, NEWS, Working, ask, folder, nowhere, of_mail, send,
    sink::{Mood, Sink},
    start, to, until, within,
};
use crate::{
    app::{PASSWORD, TestApp, Who},
    classroom::{refused, uuid},
};
use lectern::domains::mail::Way;

const CHANGE_PASSWORD: &str = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
const UPDATE_USER: &str = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { email emailState } }";
const STATE: &str = "query($id: ID!) { user(id: $id) { emailState } }";
const CLEAR: &str = "mutation($id: ID!) { clearEmailState(userId: $id) { emailState } }";

/// The state of the learner's address.
async fn address_of_learner(app: &TestApp) -> Value {
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    admin.ok(STATE, json!({ "id": learner.user_id })).await["user"]["emailState"].take()
}

/// The job of the only mail of a template.
async fn job_of(app: &TestApp, template: &str, column: &str) -> Option<String> {
    app.text(&format!(
        "SELECT ({column})::text FROM job j JOIN mail m ON m.tenant_id = j.tenant_id AND j.subject = app.type_id('mail', m.id) WHERE m.template = '{template}'"
    ))
    .await
}

#[tokio::test]
async fn whoever_changes_a_password_is_told_by_mail_and_a_refused_change_tells_nobody() {
    let app = start(nowhere(), true).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let wrong = json!({ "i": { "currentPassword": "granite teapot orbit", "newPassword": "violet umbrella kingdom" } });
    refused(&app, &learner, CHANGE_PASSWORD, wrong, "BAD_USER_INPUT @currentPassword").await;
    assert_eq!(app.count("mail").await + app.count("job").await, 0);
    learner.ok(CHANGE_PASSWORD, json!({ "i": { "currentPassword": PASSWORD, "newPassword": "violet umbrella kingdom" } })).await;
    assert_eq!(
        of_mail(&app, "password_changed", "concat_ws(' ', state, address, locale, attempts)").await.as_deref(),
        Some("QUEUED learner@oak.example en 0")
    );
    let outbox = folder();
    send(&app, Way::Outbox(outbox.clone()), "SENT", 1).await;
    let files: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let mail = std::fs::read_to_string(&files[0]).unwrap();
    assert!(
        mail.contains("Subject: Your password at Oak School was changed\r\n") && mail.contains("To: learner@oak.example\r\n"),
        "{mail}"
    );
    std::fs::remove_dir_all(outbox).unwrap();
    assert_eq!(
        of_mail(&app, "password_changed", "sent_at IS NOT NULL AND subject = 'Your password at Oak School was changed'").await.as_deref(),
        Some("true")
    );
}

#[tokio::test]
async fn the_address_that_somebody_had_is_told_that_it_was_changed() {
    let app = start(nowhere(), true).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let change = |email: &str| json!({ "i": { "id": learner.user_id, "email": email } });
    learner.ok(UPDATE_USER, change("LEARNER@oak.example")).await;
    assert_eq!(app.count("mail").await, 0, "the same address in another spelling");
    learner.ok(UPDATE_USER, change("lea@oak.example")).await;
    crate::admissions::work(&app).await;
    // A worker that knows no mails has given it back for later.
    app.sql("UPDATE job SET run_at = now() WHERE state = 'QUEUED' AND kind = 'mail.send'").await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    let [mail] = &sink.given()[..] else { panic!("one mail") };
    assert_eq!(mail.to, "LEARNER@oak.example");
}

#[tokio::test]
async fn what_a_server_takes_says_who_sends_it_in_both_forms() {
    let app = start(nowhere(), true).await;
    ask(&app, &app.oak, &CODE, Who::Learner).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    let [mail] = &sink.given()[..] else { panic!("one mail") };
    assert_eq!(mail.header("From").as_deref(), Some("\"Oak School\" <post@mail.example>"));
    assert_eq!(mail.header("Subject").as_deref(), Some("Your code for Algebra"));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(mail.header("Message-ID").unwrap().ends_with("@mail.example>"), "{}", mail.data);
    assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"), "{}", mail.data);
    assert!(mail.data.contains("The code is zebra47.") && mail.data.contains("https://app.example/in?code"), "{}", mail.data);
}

#[tokio::test]
async fn what_is_refused_for_now_is_tried_again_under_the_same_message_id() {
    let app = start(nowhere(), true).await;
    ask(&app, &app.oak, &CODE, Who::Learner).await;
    let sink = Sink::start(Mood::NotThis).await;
    let working = Working::start(&app, to(&sink), false);
    until(&app, "job WHERE kind = 'mail.send' AND state = 'QUEUED' AND attempts = 1", 1).await;
    assert_eq!(of_mail(&app, "trial_code", "concat_ws(' ', state, attempts, sent_at)").await.as_deref(), Some("QUEUED 1"));
    assert!(of_mail(&app, "trial_code", "error").await.unwrap().contains("554"));
    sink.becomes(Mood::NotNow);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let retry = async || {
        let id = job_of(&app, "trial_code", "app.type_id('job', j.id)").await.unwrap();
        admin.ok("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": id })).await;
    };
    retry().await;
    until(&app, "job WHERE kind = 'mail.send' AND state = 'QUEUED' AND attempts = 2", 1).await;
    assert!(of_mail(&app, "trial_code", "error").await.unwrap().contains("450"));
    let said = job_of(&app, "trial_code", "last_error").await.unwrap();
    assert_eq!(said, "MAIL_NOT_TAKEN: It was not taken: transient error (450): 4.2.1 <[redacted]>: mailbox busy");
    assert_eq!(address_of_learner(&app).await, "OK", "nothing is said of the address");
    sink.becomes(Mood::Takes);
    retry().await;
    until(&app, "mail WHERE state = 'SENT'", 1).await;
    working.stop().await;
    assert_eq!(of_mail(&app, "trial_code", "concat_ws(' ', attempts, error, secrets)").await.as_deref(), Some("3"));
    let [first, second] = &sink.given()[..] else { panic!("it was given twice") };
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
}

#[tokio::test]
async fn a_server_that_hangs_or_is_not_there_is_waited_for_no_longer_than_is_said() {
    let app = start(nowhere(), true).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    let sink = Sink::start(Mood::Hangs).await;
    let patience = Duration::from_secs(2);
    let working = Working::start(&app, within(patience, &sink.url), false);
    until(&app, "mail WHERE state = 'QUEUED' AND error = 'the server did not answer within 2 s'", 1).await;
    working.stop().await;
    ask(&app, &app.elm, &NEWS, Who::Learner).await;
    let working = Working::start(&app, within(patience, "smtp://127.0.0.1:1"), false);
    until(&app, "mail WHERE state = 'QUEUED' AND error IS NOT NULL AND attempts = 1", 2).await;
    working.stop().await;
}

#[tokio::test]
async fn an_address_that_takes_none_is_sent_the_essential_alone_until_it_is_said_or_changed() {
    let app = start(nowhere(), true).await;
    let sink = Sink::start(Mood::Never).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    send(&app, to(&sink), "BOUNCED", 1).await;
    assert!(of_mail(&app, "trial_news", "error").await.unwrap().contains("550"));
    assert_eq!(job_of(&app, "trial_news", "j.state").await.as_deref(), Some("SUCCEEDED"), "it is not tried again");
    assert_eq!(address_of_learner(&app).await, "BOUNCED");
    let entry = "audit_entry WHERE resource = 'User' AND operation = 'system:mail.send' AND before ->> 'email_state' = 'OK' AND after ->> 'email_state' = 'BOUNCED'";
    assert_eq!(app.count(entry).await, 1);
    assert_eq!(app.count("app_user WHERE email_state <> 'OK'").await, 1, "nobody of the other school");

    sink.becomes(Mood::Takes);
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    send(&app, to(&sink), "SUPPRESSED", 1).await;
    ask(&app, &app.oak, &CODE, Who::Learner).await;
    send(&app, to(&sink), "SENT", 1).await;
    assert_eq!(sink.given().len(), 1, "the essential one");

    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    refused(&app, &instructor, CLEAR, json!({ "id": learner.user_id }), "FORBIDDEN [USER_UPDATE]").await;
    refused(&app, &learner, CLEAR, json!({ "id": learner.user_id }), "FORBIDDEN [USER_UPDATE]").await;
    refused(&app, &app.sign_in(&app.elm, Who::Admin).await, CLEAR, json!({ "id": learner.user_id }), "NOT_FOUND @userId").await;
    assert_eq!(address_of_learner(&app).await, "BOUNCED");
    assert_eq!(instructor.ok(STATE, json!({ "id": learner.user_id })).await["user"]["emailState"], "BOUNCED", "where the address is seen");
    let own = json!({ "id": instructor.user_id });
    assert!(learner.ok(STATE, own).await["user"]["emailState"].is_null(), "where it is not");
    admin.ok(CLEAR, json!({ "id": learner.user_id })).await;
    assert_eq!(address_of_learner(&app).await, "OK");

    app.sql("UPDATE app_user SET email_state = 'COMPLAINED' WHERE email = 'learner@oak.example'").await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    send(&app, to(&sink), "SUPPRESSED", 2).await;
    learner.ok(UPDATE_USER, json!({ "i": { "id": learner.user_id, "email": "lea@oak.example" } })).await;
    assert_eq!(address_of_learner(&app).await, "OK");
}

#[tokio::test]
async fn nobody_above_oneself_is_said_to_take_mail_again() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin
        .ok(
            "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }",
            json!({ "i": { "key": "DESK", "name": "Desk", "permissions": ["USER_READ", "USER_UPDATE"] } }),
        )
        .await;
    let desk = app.person(&app.oak, "desk@oak.example", &["DESK"]).await;
    app.sql("UPDATE app_user SET email_state = 'BOUNCED' WHERE email = 'admin@oak.example'").await;
    refused(&app, &desk, CLEAR, json!({ "id": admin.user_id }), "FORBIDDEN ROLE_TOO_HIGH @userId").await;
    assert_eq!(app.count("app_user WHERE email_state = 'BOUNCED'").await, 1);
}

#[tokio::test]
async fn nothing_is_sent_to_who_was_suspended_or_deleted_meanwhile_and_no_mail_says_where_the_deleted_were() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (learner, viewer) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    for who in [Who::Learner, Who::Viewer, Who::Instructor] {
        ask(&app, &app.oak, &CODE, who).await;
    }
    ask(&app, &app.elm, &CODE, Who::Viewer).await;
    app.sql("UPDATE mail SET state = 'BOUNCED', error = '550 5.1.1 <Viewer@oak.example>: Recipient address rejected' WHERE address = 'viewer@oak.example'").await;
    ask(&app, &app.oak, &CODE, Who::Viewer).await;
    app.sql("UPDATE mail SET letterhead = letterhead || '{\"timeZone\": \"Asia/Kolkata\"}' WHERE address = 'viewer@oak.example'").await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": learner.user_id })).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": viewer.user_id })).await;
    assert_eq!(app.count("mail WHERE letterhead ->> 'timeZone' = 'Asia/Kolkata'").await, 0);
    let of_viewer = format!("mail WHERE user_id = '{}'", uuid(&viewer.user_id));
    assert_eq!(app.count(&format!("{of_viewer} AND address = '' AND address_key IS NULL AND secrets IS NULL")).await, 2);
    assert_eq!(app.count(&format!("{of_viewer} AND state = 'SUPPRESSED'")).await, 1);
    assert_eq!(app.count(&format!("{of_viewer} AND error = 'The person was deleted.'")).await, 2);
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "QUEUED", 0).await;
    assert_eq!((app.count("mail WHERE state = 'SUPPRESSED'").await, app.count("mail WHERE state = 'SENT'").await), (2, 2));
    let mut given: Vec<String> = sink.given().into_iter().map(|mail| mail.to).collect();
    given.sort();
    assert_eq!(given, ["instructor@oak.example", "viewer@elm.example"]);
}

#[tokio::test]
async fn a_mail_follows_its_job() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let move_it = |verb: &str| format!("mutation($id: ID!) {{ {verb}(id: $id) {{ state }} }}");
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    let job = job_of(&app, "trial_news", "app.type_id('job', j.id)").await.unwrap();
    admin.ok(&move_it("cancelJob"), json!({ "id": job })).await;
    assert_eq!(of_mail(&app, "trial_news", "concat_ws(' ', state, error)").await.as_deref(), Some("SUPPRESSED Called off."));

    ask(&app, &app.oak, &CODE, Who::Learner).await;
    let job = job_of(&app, "trial_code", "app.type_id('job', j.id)").await.unwrap();
    let dies = "UPDATE job SET state = 'RUNNING', worker = gen_random_uuid(), lease = gen_random_uuid(), leased_until = now() WHERE state = 'QUEUED';
        UPDATE job SET state = 'DEAD', worker = NULL, lease = NULL, leased_until = NULL, finished_at = now(), last_error = 'WORKER_LOST: gone' WHERE state = 'RUNNING'";
    app.sql(dies).await;
    assert_eq!(of_mail(&app, "trial_code", "concat_ws(' ', state, error)").await.as_deref(), Some("FAILED WORKER_LOST: gone"));
    admin.ok(&move_it("retryJob"), json!({ "id": job })).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    assert!(sink.given()[0].data.contains("The code is zebra47."), "what failed keeps its secrets until it is sent");
}

#[tokio::test]
async fn a_lapse_stops_nobody_from_asking_and_what_waits_is_sent_when_the_school_goes_on() {
    let app = start(nowhere(), true).await;
    app.sign_in(&app.oak, Who::Learner).await;
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    ask(&app, &app.oak, &CODE, Who::Learner).await;
    ask(&app, &app.elm, &CODE, Who::Learner).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    assert_eq!(sink.given()[0].to, "learner@elm.example");
    app.sql("UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'").await;
    send(&app, to(&sink), "SENT", 2).await;
}

#[tokio::test]
async fn the_same_key_again_is_the_same_mail() {
    let app = start(nowhere(), true).await;
    let asked = "SELECT set_config('app.tenant_id', tenant_id::text, true), app.send_mail('test', NULL, 'ada@x.example', 'de-AT', '{\"at\": \"2027-03-01T09:30:00Z\"}', 'once') FROM tenant ORDER BY slug";
    for _ in 0..2 {
        app.sql(&format!("BEGIN; {asked}; COMMIT")).await;
    }
    assert_eq!((app.count("mail").await, app.count("job WHERE kind = 'mail.send'").await), (2, 2), "one of each school");
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 2).await;
    let mut subjects: Vec<String> = sink.given().iter().map(|mail| mail.header("Subject").unwrap()).collect();
    subjects.sort();
    assert_eq!(subjects, ["Post von Elm School kommt an", "Post von Oak School kommt an"]);
    assert_eq!(app.try_sql("SELECT app.send_mail('test', NULL, NULL, NULL, '{}')").await, Err(None), "to nobody");
}

#[tokio::test]
async fn mails_go_after_thirty_days() {
    let app = start(nowhere(), true).await;
    for (days, school) in [(29, &app.oak), (31, &app.oak), (31, &app.elm)] {
        app.sql(&format!(
            "INSERT INTO mail (tenant_id, id, key, template, locale, address, is_fixed, parameters, attachments, letterhead, state, created_at)
             VALUES ('{}', gen_random_uuid(), '{days}', 'test', 'en', 'ada@x.example', true, '{{}}', '[]', '{{}}', 'SENT', now() - interval '{days} days')",
            school.tenant
        ))
        .await;
    }
    app.sql(&format!("BEGIN; SELECT set_config('app.tenant_id', '{}', true), app.purge_mail(10); COMMIT", app.oak.tenant)).await;
    assert_eq!(
        app.text("SELECT string_agg(t.slug || m.key, ' ' ORDER BY t.slug) FROM mail m JOIN tenant t USING (tenant_id)").await.as_deref(),
        Some("elm31 oak29")
    );
}

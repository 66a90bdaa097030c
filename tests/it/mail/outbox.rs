//! What is seen of mails, and by whom.

use serde_json::{Value, json};

use super::{
    CODE, NEWS, Working, ask, folder, nowhere, of_mail, send,
    sink::{Mood, Sink},
    start, to, until,
};
use crate::app::{TestApp, Who};
use lectern::domains::mail::Way;

const OUTBOX: &str = "query($f: OutboxFilter) { outbox(filter: $f) { totalCount nodes { id to subject text html template locale state attempts error user { name } sentAt } } }";

async fn outbox(app: &TestApp, filter: Value) -> Vec<Value> {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(OUTBOX, json!({ "f": filter })).await["outbox"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_outbox_is_read_by_those_who_may_and_holds_the_own_schools_mails_alone() {
    let app = start(nowhere(), true).await;
    let id = ask(&app, &app.oak, &NEWS, Who::Learner).await;
    ask(&app, &app.elm, &CODE, Who::Learner).await;
    let mails = outbox(&app, json!({})).await;
    assert_eq!(mails.len(), 1);
    let text = mails[0]["text"].as_str().unwrap();
    assert!(text.starts_with("There are some.\n\n-- \nOak School\n"), "{text}");
    assert!(mails[0]["html"].as_str().unwrap().contains("There are some."));
    for (field, value) in [
        ("id", json!(id)),
        ("to", json!("learner@oak.example")),
        ("subject", json!("News of Oak School")),
        ("template", json!("trial_news")),
        ("locale", json!("en")),
        ("state", json!("QUEUED")),
        ("attempts", json!(0)),
        ("error", Value::Null),
        ("user", json!({ "name": "LEARNER of oak" })),
        ("sentAt", Value::Null),
    ] {
        assert_eq!(mails[0][field], value, "{field}");
    }
    const ONE: &str = "query($id: ID!) { outboxMail(id: $id) { id } node(id: $id) { id } }";
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    assert_eq!(admin.ok(ONE, json!({ "id": id })).await, json!({ "outboxMail": { "id": id }, "node": { "id": id } }));
    let stranger = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(stranger.ok(ONE, json!({ "id": id })).await, json!({ "outboxMail": null, "node": null }));
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        assert_eq!(client.refused("{ outbox { totalCount } }", json!({})).await, "FORBIDDEN [OUTBOX_READ]");
        assert_eq!(client.refused("query($id: ID!) { outboxMail(id: $id) { id } }", json!({ "id": id })).await, "FORBIDDEN [OUTBOX_READ]");
    }
}

#[tokio::test]
async fn mails_are_found_by_their_whole_address_a_part_of_their_subject_and_their_state() {
    let app = start(nowhere(), true).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    ask(&app, &app.oak, &CODE, Who::Viewer).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 2).await;
    ask(&app, &app.oak, &NEWS, Who::Viewer).await;
    for (filter, found) in [
        (json!({ "to": "LEARNER@oak.example" }), 1),
        (json!({ "to": "viewer@OAK.example" }), 2),
        (json!({ "to": "learner" }), 0),
        (json!({ "to": "learner@elm.example" }), 0),
        (json!({ "subject": "CODE FOR alg" }), 1),
        (json!({ "subject": "%" }), 0),
        (json!({ "states": ["QUEUED"] }), 1),
        (json!({ "states": ["SENT", "BOUNCED"] }), 2),
        (json!({ "states": [] }), 0),
        (json!({ "to": "viewer@oak.example", "states": ["SENT"], "subject": "Your code" }), 1),
    ] {
        assert_eq!(outbox(&app, filter.clone()).await.len(), found, "{filter}");
    }
}

#[tokio::test]
async fn a_secret_is_sealed_while_it_waits_and_dropped_once_it_is_sent() {
    let app = start(nowhere(), false).await;
    ask(&app, &app.oak, &CODE, Who::Learner).await;
    let plain = "position(convert_to('zebra47', 'UTF8') IN secrets) > 0 OR parameters::text LIKE '%zebra47%' OR (SELECT bool_or(j::text LIKE '%zebra47%') FROM job j)";
    assert_eq!(of_mail(&app, "trial_code", plain).await.as_deref(), Some("false"));
    assert_eq!(of_mail(&app, "trial_code", "parameters").await.as_deref(), Some("{\"course\": \"Algebra\"}"));
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    assert!(sink.given()[0].data.contains("zebra47"));
    assert_eq!(of_mail(&app, "trial_code", "secrets IS NULL").await.as_deref(), Some("true"));
    assert_eq!(app.count("audit_entry WHERE audit_entry::text LIKE '%zebra47%'").await, 0);
}

/// What the outbox shows of a code, before it was sent and after.
async fn shown(app: &TestApp, way: Way, is_embedded: bool) -> [String; 2] {
    ask(app, &app.oak, &CODE, Who::Learner).await;
    let shown = async || {
        let [mail] = &outbox(app, json!({})).await[..] else { panic!("one mail") };
        format!("{}\n{}", mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap())
    };
    let before = shown().await;
    let working = Working::start(app, way, is_embedded);
    until(app, "mail WHERE state = 'SENT'", 1).await;
    working.stop().await;
    [before, shown().await]
}

#[tokio::test]
async fn secrets_are_shown_in_the_local_outbox_of_the_embedded_database_alone() {
    let sink = Sink::start(Mood::Takes).await;
    let local = || Way::Outbox(folder());
    let app = start(local(), true).await;
    for text in shown(&app, local(), true).await {
        assert!(text.contains("The code is zebra47.") && text.contains("/in?code=zebra47") && !text.contains("[redacted]"), "{text}");
    }
    // With a server of mail, and beside another database, whoever may read the outbox may not sign in as others.
    for (way, other, is_embedded) in [(to(&sink), to(&sink), true), (local(), local(), false), (to(&sink), to(&sink), false)] {
        let app = start(way, is_embedded).await;
        for text in shown(&app, other, is_embedded).await {
            assert!(
                text.contains("The code is [redacted].") && text.contains("/in?code=[redacted]") && !text.contains("zebra47"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_mail_whose_template_is_gone_is_listed_all_the_same() {
    let app = start(nowhere(), true).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    app.sql("UPDATE mail SET template = 'gone'").await;
    let [mail] = &outbox(&app, json!({})).await[..] else { panic!("one mail") };
    assert_eq!((&mail["subject"], &mail["html"]), (&json!("gone"), &Value::Null));
    assert_eq!(mail["text"], "[The text of this mail is no part of Lectern any more.]");
    let working = Working::start(&app, nowhere(), true);
    until(&app, "mail WHERE state = 'FAILED'", 1).await;
    working.stop().await;
}

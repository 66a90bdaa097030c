//! Races: each has its one winner.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CANCEL, COMPLETE, CREATE, DELETE, SHOW, declared, sent, sha256, show, text};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::{learners, uuid},
};

fn line(answer: &Value) -> String {
    answer["errors"].get(0).map_or_else(|| "done".to_owned(), refusal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completed_by_many_at_once_an_upload_is_one_file_and_all_are_told_which() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    // Who comes late may find that what was sent is gone already.
    let (stop, working) = app.keep_working();
    for round in 0..5 {
        let bytes = vec![b'a'; 300_000 + round];
        let upload = sent(&learner, "a.txt", "text/plain", &bytes).await;
        let answers = join_all((0..6).map(|_| learner.ask(COMPLETE, json!({ "id": upload["id"] })))).await;
        let first = &answers[0]["data"]["completeUpload"];
        assert!(first["id"].is_string(), "{first}");
        assert!(answers.iter().all(|answer| answer["data"]["completeUpload"]["id"] == first["id"]), "{answers:?}");
        assert_eq!(app.count(&format!("file WHERE upload_id = '{}'", uuid(upload["id"].as_str().unwrap()))).await, 1);
        let url = super::address(&learner, first["id"].as_str().unwrap(), false).await;
        assert_eq!(app.stranger().http.get(url).send().await.unwrap().bytes().await.unwrap().len(), bytes.len());
    }
    stop.cancel();
    working.await.unwrap();
    assert_eq!(app.changes("completeUpload").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_the_last_bytes_as_many_get_them_as_there_are() {
    let app = TestApp::start().await;
    learners(&app, &app.oak, 8).await;
    let people = join_all((1..=8).map(|n| {
        let app = &app;
        async move { app.sign_in_as(&app.oak, &format!("person{n}@oak.example"), crate::app::PASSWORD).await }
    }))
    .await;
    app.sql("UPDATE tenant SET storage_quota = 3500 WHERE slug = 'oak'").await;
    let wanted = json!({ "i": { "name": "a", "contentType": "text/plain", "size": 1000, "sha256": sha256(b"") } });
    let answers = join_all(people.iter().map(|person| person.ask(CREATE, wanted.clone()))).await;
    let done = answers.iter().filter(|answer| line(answer) == "done").count();
    let refused = answers.iter().filter(|answer| line(answer) == "LIMIT_REACHED STORAGE_QUOTA @size").count();
    assert_eq!((done, refused), (3, 5), "{answers:?}");
    assert_eq!(app.count("upload").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_completed_twice_at_the_end_of_its_time_is_counted_once_and_never_missed() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    app.sql("UPDATE tenant SET storage_quota = 300000 WHERE slug = 'oak'").await;
    let wanted = json!({ "i": { "name": "b", "contentType": "text/plain", "size": 200_000, "sha256": sha256(b"") } });
    for _ in 0..6 {
        let upload = sent(&learner, "a.txt", "text/plain", &[b'a'; 200_000]).await;
        app.sql("UPDATE upload SET expires_at = clock_timestamp() + interval '40 milliseconds' WHERE completed_at IS NULL").await;
        let id = json!({ "id": upload["id"] });
        let (completed, again, begun) = tokio::join!(learner.ask(COMPLETE, id.clone()), learner.ask(COMPLETE, id.clone()), async {
            tokio::time::sleep(std::time::Duration::from_millis(45)).await;
            admin.ask(CREATE, wanted.clone()).await
        });
        assert_eq!((line(&completed), &completed["data"]), (line(&again), &again["data"]));
        assert!(line(&completed) != "done" || line(&begun) != "done", "both have the last bytes: {completed} {begun}");
        app.sql("DELETE FROM upload; DELETE FROM file").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_completed_or_given_up_and_never_both() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for _ in 0..8 {
        let upload = sent(&learner, "a.txt", "text/plain", b"either").await;
        let id = json!({ "id": upload["id"] });
        let (completed, cancelled) = tokio::join!(learner.ask(COMPLETE, id.clone()), learner.ask(CANCEL, id.clone()));
        let told = (line(&completed), line(&cancelled));
        let kept = app.count(&format!("file WHERE upload_id = '{}'", uuid(upload["id"].as_str().unwrap()))).await;
        match (told.0.as_str(), told.1.as_str()) {
            ("done", "CONFLICT INVALID_TRANSITION @id") => assert_eq!(kept, 1),
            ("NOT_FOUND @id", "done") => assert_eq!(kept, 0),
            _ => panic!("{told:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_deleted_once_and_shared_with_one_audience() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let people = learners(&app, &app.oak, 6).await;
    for _ in 0..4 {
        let id = text(&learner, "a.txt").await;
        // Each replaces the whole audience: at the end it is that of one of them.
        join_all(people.chunks(2).map(|pair| show(&admin, &id, "SHARED", json!({ "userIds": pair })))).await;
        let shared = app
            .text(&format!("SELECT string_agg(user_id::text, ',' ORDER BY user_id) FROM file_audience WHERE file_id = '{}'", uuid(&id)))
            .await;
        let mut pairs = people.chunks(2).map(|pair| {
            let mut ids: Vec<String> = pair.iter().map(|id| uuid(id).to_string()).collect();
            ids.sort();
            ids.join(",")
        });
        assert!(pairs.any(|pair| Some(&pair) == shared.as_ref()), "{shared:?}");
        let answers = join_all([&learner, &admin].map(|client| client.ask(DELETE, json!({ "id": id })))).await;
        let mut told: Vec<String> = answers.iter().map(line).collect();
        told.sort();
        assert_eq!(told, ["NOT_FOUND @id", "done"]);
        assert_eq!(app.count(&format!("job WHERE kind = 'file.delete' AND key = '{}'", uuid(&id))).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_deleted_meanwhile_is_shared_nothing_and_has_nothing_reserved() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = text(&admin, "a.txt").await;
    for nth in 0..6 {
        let person = app.person(&app.oak, &format!("person{nth}@oak.example"), &["LEARNER"]).await;
        let shown = json!({ "i": { "id": id, "visibility": "SHARED", "userIds": [person.user_id] } });
        let wanted = json!({ "i": declared("b.txt", "text/plain", b"b") });
        let ended = json!({ "id": person.user_id });
        let (_, _, deleted) = tokio::join!(
            admin.ask(SHOW, shown),
            person.ask(CREATE, wanted),
            admin.ask("mutation($id: ID!) { deleteUser(id: $id) }", ended)
        );
        assert_eq!(line(&deleted), "done");
    }
    let dead =
        |table: &str| format!("{table} r JOIN app_user u ON u.tenant_id = r.tenant_id AND u.id = r.user_id WHERE u.deleted_at IS NOT NULL");
    assert_eq!((app.count(&dead("file_audience")).await, app.count(&dead("upload")).await), (0, 0));
}

//! Asking and answering.

use serde_json::{Value, json};

use super::{ANSWER, ASK, CHANGE_POST, CHANGE_THREAD, DELETE_POST, DELETE_THREAD, class, post, thread, titles, told_of};
use crate::{
    app::{TestApp, Who},
    classroom::{enroll, nothing, refused},
    lessons::{DRIP, lesson, section},
    socket::Socket,
};

#[tokio::test]
async fn people_of_a_course_talk_and_others_see_none_of_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (viewer, admin) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.oak, Who::Admin).await);
    let (bob, eve) =
        (app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await, app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await);
    let (algebra, _) = class(&ada, &lea).await;
    enroll(&ada, &algebra, &bob.user_id).await;
    let made = lea.ok(ASK, json!({ "i": { "courseId": algebra, "title": " What is a set? ", "body": "I *wonder* <b>so</b>" } })).await;
    let asked = made["createThread"].clone();
    assert_eq!((&asked["title"], &asked["author"]["id"], &asked["postCount"]), (&json!("What is a set?"), &json!(lea.user_id), &json!(0)));
    let id = asked["id"].as_str().unwrap().to_owned();
    let first = post(&bob, &id, "Many things").await;
    let second = post(&ada, &id, "Well said").await;
    let read =
        "query($id: ID!) { thread(id: $id) { title bodyHtml authorName author { name } isPinned isClosed postCount lastPostAt answer { id }
        posts { nodes { id body bodyHtml authorName author { id } isStaff thread { id } } } course { title } lesson { id } } }";
    // Bob does not see Lea, but who she is where she writes.
    let seen = bob.ok(read, json!({ "id": id })).await["thread"].take();
    assert_eq!((&seen["authorName"], &seen["author"]), (&json!("LEARNER of oak"), &json!(null)), "{seen}");
    assert_eq!(seen["bodyHtml"], "<p>I <em>wonder</em> so</p>\n");
    let posts: Vec<Value> =
        seen["posts"]["nodes"].as_array().unwrap().iter().map(|one| json!([one["id"], one["isStaff"], one["bodyHtml"]])).collect();
    assert_eq!(posts, [json!([first, false, "<p>Many things</p>\n"]), json!([second, true, "<p>Well said</p>\n"])]);
    assert_eq!((&seen["postCount"], seen["lastPostAt"].is_string()), (&json!(2), true));
    assert_eq!(admin.ok(read, json!({ "id": id })).await["thread"]["author"]["name"], "LEARNER of oak");
    // Whoever has no part in it, whatever else they read.
    let node = "query($id: ID!) { node(id: $id) { id } }";
    for other in [&eve, &viewer] {
        assert_eq!(other.ok(read, json!({ "id": id })).await["thread"], json!(null));
        assert_eq!(titles(other, &algebra).await, [""; 0]);
        for id in [&id, &first] {
            assert_eq!(other.ok(node, json!({ "id": id })).await["node"], json!(null));
        }
    }
    let ask = json!({ "i": { "courseId": algebra, "title": "I", "body": "too" } });
    refused(&app, &eve, ASK, ask.clone(), "FORBIDDEN NOT_ENROLLED @courseId").await;
    refused(&app, &eve, ANSWER, json!({ "i": { "threadId": id, "body": "I too" } }), "FORBIDDEN NOT_ENROLLED @threadId").await;
    refused(&app, &viewer, ASK, ask, "FORBIDDEN [ENROLLMENT_SELF COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    refused(&app, &eve, CHANGE_POST, json!({ "i": { "id": first, "body": "I too" } }), "NOT_FOUND @id").await;
    refused(&app, &eve, CHANGE_THREAD, json!({ "i": { "id": id, "title": "I too" } }), "NOT_FOUND @id").await;
    for document in [DELETE_POST, DELETE_THREAD] {
        let id = if document == DELETE_POST { &first } else { &id };
        refused(&app, &eve, document, json!({ "id": id }), "NOT_FOUND @id").await;
    }
    // Nor another school.
    let oscar = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &oscar, ANSWER, json!({ "i": { "threadId": id, "body": "I too" } }), "NOT_FOUND @threadId").await;
}

#[tokio::test]
async fn words_are_their_authors_and_order_is_the_moderators() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let (algebra, _) = class(&ada, &lea).await;
    enroll(&ada, &algebra, &bob.user_id).await;
    let id = thread(&lea, &algebra, "Sets").await;
    let reply = post(&bob, &id, "Many things").await;
    let set = |change: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "i": input })
    };
    // Bob's words are Bob's, Lea's are Lea's; the staff takes words away, and puts none into anybody's mouth.
    refused(&app, &lea, CHANGE_POST, json!({ "i": { "id": reply, "body": "Nothing" } }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &ada, CHANGE_POST, json!({ "i": { "id": reply, "body": "Nothing" } }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &lea, DELETE_POST, json!({ "id": reply }), "FORBIDDEN NOT_YOURS @id").await;
    for other in [&bob, &ada] {
        refused(&app, other, CHANGE_THREAD, set(json!({ "title": "Maps" })), "FORBIDDEN NOT_YOURS @id").await;
    }
    refused(&app, &bob, DELETE_THREAD, json!({ "id": id }), "FORBIDDEN NOT_YOURS @id").await;
    for change in [json!({ "isPinned": true }), json!({ "isClosed": true })] {
        refused(&app, &lea, CHANGE_THREAD, set(change), "FORBIDDEN [DISCUSSION_MODERATE]").await;
    }
    refused(&app, &bob, CHANGE_THREAD, set(json!({ "answerId": reply })), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &lea, CHANGE_THREAD, set(json!({ "answerId": nothing("post") })), "NOT_FOUND @answerId").await;
    for (input, field) in [
        (json!({ "title": " " }), "title"),
        (json!({ "body": "\n" }), "body"),
        (json!({ "body": "a".repeat(10_001) }), "body"),
        (json!({ "title": null }), "title"),
    ] {
        refused(&app, &lea, CHANGE_THREAD, set(input), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let edited = bob.ok(CHANGE_POST, json!({ "i": { "id": reply, "body": "Many distinct things" } })).await["updatePost"].take();
    assert!(edited["editedAt"].is_string(), "{edited}");
    let changed = lea.ok(CHANGE_THREAD, set(json!({ "title": "What is a set?", "answerId": reply }))).await["updateThread"].take();
    assert_eq!((&changed["title"], &changed["answer"]["id"]), (&json!("What is a set?"), &json!(reply)));
    // Pinned before all others, closed for everybody's words.
    thread(&lea, &algebra, "Later").await;
    assert_eq!(titles(&bob, &algebra).await, ["Later", "What is a set?"]);
    ada.ok(CHANGE_THREAD, set(json!({ "isPinned": true, "isClosed": true }))).await;
    assert_eq!(titles(&bob, &algebra).await, ["What is a set?", "Later"]);
    for client in [&bob, &ada] {
        refused(&app, client, ANSWER, json!({ "i": { "threadId": id, "body": "One more" } }), "CONFLICT THREAD_CLOSED @threadId").await;
    }
    refused(&app, &bob, CHANGE_POST, json!({ "i": { "id": reply, "body": "More" } }), "CONFLICT THREAD_CLOSED @id").await;
    refused(&app, &lea, CHANGE_THREAD, set(json!({ "body": "More" })), "CONFLICT THREAD_CLOSED @id").await;
    // What is deleted keeps its place, and is no answer any more.
    let gone = ada.ok(DELETE_POST, json!({ "id": reply })).await["deletePost"].take();
    assert_eq!(json!([gone["body"], gone["bodyHtml"], gone["deletedAt"].is_string()]), json!([null, null, true]));
    assert_eq!(bob.ok(DELETE_POST, json!({ "id": reply })).await["deletePost"]["deletedAt"], gone["deletedAt"], "again changes nothing");
    let read = "query($id: ID!) { thread(id: $id) { postCount lastPostAt answer { id } posts { totalCount nodes { body authorName } } } }";
    assert_eq!(
        lea.ok(read, json!({ "id": id })).await["thread"],
        json!({ "postCount": 0, "lastPostAt": null, "answer": null, "posts": { "totalCount": 1, "nodes": [{ "body": null, "authorName": "bob@oak.example" }] } })
    );
    refused(&app, &lea, CHANGE_THREAD, set(json!({ "answerId": reply })), "NOT_FOUND @answerId").await;
    lea.ok(DELETE_THREAD, json!({ "id": id })).await;
    assert_eq!((app.count("thread").await, app.count("post").await), (1, 0));
}

#[tokio::test]
async fn a_lessons_threads_are_locked_with_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, _) = class(&ada, &lea).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let first = lesson(&ada, &sets, "First").await;
    let about = |lesson: &str| json!({ "i": { "courseId": algebra, "lessonId": lesson, "title": "About it", "body": "So" } });
    let id = lea.ok(ASK, about(&first)).await["createThread"]["id"].as_str().unwrap().to_owned();
    let of_lesson = "query($id: ID!) { lesson(id: $id) { threads { nodes { title } } } }";
    assert_eq!(lea.ok(of_lesson, json!({ "id": first })).await["lesson"]["threads"]["nodes"], json!([{ "title": "About it" }]));
    ada.ok(DRIP, json!({ "i": { "sectionId": sets, "kind": "ON_DATE", "at": "2999-01-01T00:00:00Z" } })).await;
    assert_eq!(lea.ok(of_lesson, json!({ "id": first })).await["lesson"]["threads"]["nodes"], json!([]));
    assert_eq!((titles(&lea, &algebra).await.len(), titles(&ada, &algebra).await.len()), (0, 1));
    refused(&app, &lea, ASK, about(&first), "CONFLICT LESSON_LOCKED @lessonId").await;
    refused(&app, &lea, ANSWER, json!({ "i": { "threadId": id, "body": "More" } }), "NOT_FOUND @threadId").await;
    refused(&app, &lea, ASK, about(&nothing("lesson")), "NOT_FOUND @lessonId").await;
    post(&ada, &id, "Patience").await;
}

#[tokio::test]
async fn threads_are_found_by_words_lessons_and_whether_they_are_answered() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, _) = class(&ada, &lea).await;
    let (one, _) = (thread(&lea, &algebra, "Sets and maps").await, thread(&lea, &algebra, "Numbers").await);
    let reply = post(&ada, &one, "So").await;
    lea.ok(CHANGE_THREAD, json!({ "i": { "id": one, "answerId": reply } })).await;
    let query = "query($id: ID!, $f: ThreadFilter) { course(id: $id) { threads(filter: $f) { nodes { title } totalCount } } }";
    let found = async |filter: Value| {
        let threads = lea.ok(query, json!({ "id": algebra, "f": filter })).await["course"]["threads"].take();
        threads["nodes"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(found(json!({ "search": "SET map" })).await, "Sets and maps");
    assert_eq!(found(json!({ "search": "about" })).await, "Numbers, Sets and maps");
    assert_eq!(found(json!({ "isAnswered": true })).await, "Sets and maps");
    assert_eq!(found(json!({ "isAnswered": false })).await, "Numbers");
    assert_eq!(found(json!({ "lessonId": nothing("lesson") })).await, "");
}

#[tokio::test]
async fn the_author_of_a_thread_is_told_and_listeners_hear() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (algebra, enrolled) = class(&ada, &lea).await;
    let id = thread(&lea, &algebra, "Sets").await;
    let listen = format!("subscription {{ postAdded(threadId: \"{id}\") {{ body authorName isStaff }} }}");
    let mut sockets = Vec::new();
    for client in [&lea, &eve] {
        let mut socket = Socket::of(client).await;
        socket.subscribe("1", &listen).await;
        socket.until_answered().await;
        sockets.push(socket);
    }
    post(&ada, &id, "Many things").await;
    assert_eq!(
        sockets[0].hear().await["payload"]["data"]["postAdded"],
        json!({ "body": "Many things", "authorName": "INSTRUCTOR of oak", "isStaff": true })
    );
    assert_eq!(sockets[1].until_answered().await.len(), 0, "who has no part in it hears nothing");
    post(&lea, &id, "Thanks").await;
    assert_eq!(told_of(&app, &lea, "THREAD_ANSWERED").await, 1);
    assert_eq!(told_of(&app, &ada, "THREAD_ANSWERED").await, 0);
    // Who has left is told nothing more.
    lea.ok("mutation($id: ID!) { unenroll(id: $id) { id } }", json!({ "id": enrolled })).await;
    app.sql("DELETE FROM notification").await;
    post(&ada, &id, "One thing more").await;
    assert_eq!(told_of(&app, &lea, "THREAD_ANSWERED").await, 0);
}

//! Tools: a closed list, reading only, as the person.

use serde_json::{Value, json};

use super::{
    Answering,
    models::{Say, calls, end, line, piece, text},
};
use crate::app::Who;

const ALL: [&str; 6] = ["SEARCH_COURSES", "COURSE_OUTLINE", "MY_PROGRESS", "MY_BOOKINGS", "FREE_SLOTS", "SEARCH_DOCUMENTS"];

/// What came of each call of an answer: `tool outcome`.
fn outcomes(message: &Value) -> Vec<String> {
    let of = |tool: &Value| format!("{} {}", tool["tool"].as_str().unwrap_or("none"), tool["outcome"].as_str().unwrap());
    message["toolMessages"].as_array().unwrap().iter().map(of).collect()
}

async fn course(answering: &Answering, title: &str, status: &str) -> String {
    let course = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id } }";
    let made = answering.admin.ok(course, json!({ "i": { "title": title, "description": format!("About {title}") } })).await;
    let id = made["createCourse"]["id"].as_str().unwrap().to_owned();
    answering.app.sql(&format!("UPDATE course SET status = '{status}' WHERE title = '{title}'")).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_is_asked_as_the_person_and_the_model_goes_on_with_what_it_says() {
    let answering = Answering::with(&[], json!({ "tools": ALL })).await;
    let algebra = course(&answering, "Algebra", "PUBLISHED").await;
    course(&answering, "Algebra in secret", "DRAFT").await;
    let far = json!({ "from": "2099-03-02T00:00:00Z", "to": "2099-03-04T00:00:00Z" });
    answering.models.say([
        calls(&[("search_courses", json!({ "query": "alg" })), ("course_outline", json!({ "courseId": algebra }))]),
        calls(&[
            ("my_progress", json!({})),
            ("my_bookings", json!({})),
            ("my_bookings", far.clone()),
            ("free_slots", far),
            ("search_documents", json!({ "query": "crosswind" })),
        ]),
        text(&["There is Algebra."]),
    ]);
    let message = answering.ask("Which courses are there?").await;
    assert_eq!((&message["state"], &message["content"]), (&json!("COMPLETED"), &json!("There is Algebra.")), "{message:#}");
    let expected = ["SEARCH_COURSES", "COURSE_OUTLINE", "MY_PROGRESS", "MY_BOOKINGS", "MY_BOOKINGS", "FREE_SLOTS", "SEARCH_DOCUMENTS"];
    assert_eq!(outcomes(&message), expected.map(|tool| format!("{tool} ANSWERED")), "{message:#}");
    // Three calls of the model together.
    assert_eq!((&message["promptTokens"], &message["completionTokens"]), (&json!(300), &json!(21)));

    let given = answering.models.last();
    let said: Vec<&Value> = given["messages"].as_array().unwrap().iter().filter(|turn| turn["role"] == "tool").collect();
    let courses: Value = serde_json::from_str(said[0]["content"].as_str().unwrap()).unwrap();
    assert_eq!(courses["items"].as_array().unwrap().len(), 1, "the draft is not the learner's to see");
    assert_eq!((&courses["items"][0]["id"], &courses["items"][0]["title"]), (&json!(algebra), &json!("Algebra")));
    assert_eq!(given["tools"].as_array().unwrap().len(), 6);
    let log = "{ auditLog(first: 50, filter: { outcome: CHANGED }) { nodes { operation resource resourceId actor { id } after } } }";
    let entries = answering.admin.ok(log, json!({})).await["auditLog"]["nodes"].take();
    let uses: Vec<&Value> = entries.as_array().unwrap().iter().filter(|entry| entry["operation"] == "system:assistant-tool").collect();
    assert_eq!(uses.len(), 7);
    assert!(uses.iter().all(|entry| entry["resource"] == "Message"
        && entry["resourceId"] == message["id"]
        && entry["actor"]["id"] == answering.learner.user_id));
    assert!(uses.iter().all(|entry| entry["after"].get("arguments").is_none()), "only where the school audits words");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_on_the_list_is_refused_and_what_does_not_fit_is_invalid() {
    let answering = Answering::with(&[], json!({ "tools": ["SEARCH_COURSES", "COURSE_OUTLINE", "FREE_SLOTS"] })).await;
    answering.models.say([
        calls(&[
            ("my_bookings", json!({})),
            ("delete_course", json!({ "id": "course_1" })),
            ("search_courses", json!({ "query": 7 })),
            ("search_courses", json!({ "query": "a", "userId": answering.admin.user_id })),
            ("course_outline", json!({ "courseId": answering.admin.user_id })),
            ("free_slots", json!({ "from": "tomorrow", "to": "2099-03-04T00:00:00Z" })),
        ]),
        text(&["No."]),
    ]);
    let message = answering.ask("Do things").await;
    let expected = [
        "MY_BOOKINGS REFUSED",
        "none REFUSED",
        "SEARCH_COURSES INVALID",
        "SEARCH_COURSES INVALID",
        "COURSE_OUTLINE INVALID",
        "FREE_SLOTS INVALID",
    ];
    assert_eq!(outcomes(&message), expected, "{message:#}");
    let given = answering.models.last();
    let said = given["messages"].as_array().unwrap().iter().filter(|turn| turn["role"] == "tool");
    assert!(said.clone().all(|turn| turn["content"].as_str().unwrap().starts_with("{\"error\"")));
    assert_eq!(said.count(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lacks_a_permission_is_refused_by_the_tool_as_well() {
    let answering = Answering::with(&[], json!({ "tools": ["SEARCH_COURSES"] })).await;
    answering.app.sql("UPDATE role SET permissions = array_remove(permissions, 'COURSE_READ') WHERE key = 'LEARNER'").await;
    answering.app.sql("UPDATE access_version SET version = version + 1").await;
    answering.models.say([calls(&[("search_courses", json!({ "query": "a" }))]), text(&["No."])]);
    let message = answering.ask("Which courses?").await;
    assert_eq!(outcomes(&message), ["SEARCH_COURSES REFUSED"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_call_is_answered_once_and_there_are_six_rounds_and_twelve_calls() {
    let answering = Answering::with(&[], json!({ "tools": ["SEARCH_COURSES"] })).await;
    let search = |word: String| ("search_courses", json!({ "query": word }));
    answering.models.say([calls(&[search("a".to_owned()), search("a".to_owned())]), calls(&[search("a".to_owned())]), text(&["Done"])]);
    let message = answering.ask("Twice").await;
    assert_eq!(outcomes(&message).len(), 1);

    answering.models.say((0..6).map(|n| calls(&[search(format!("b{n}"))])).chain([text(&["Enough"])]));
    let before = answering.models.asked().len();
    let message = answering.ask("On and on").await;
    assert_eq!((outcomes(&message).len(), &message["content"]), (6, &json!("Enough")));
    let asked = answering.models.asked();
    assert_eq!(asked.len(), before + 7);
    assert!(asked[before + 5].body.get("tools").is_some() && asked[before + 6].body.get("tools").is_none());

    let many: Vec<_> = (0..15).map(|n| search(format!("c{n}"))).collect();
    answering.models.say([calls(&many), text(&["Enough"])]);
    let message = answering.ask("All at once").await;
    assert_eq!((outcomes(&message).len(), &message["state"]), (12, &json!("COMPLETED")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_beside_a_call_stays_and_an_agent_without_tools_is_given_none() {
    let answering = Answering::with(&[], json!({ "tools": ["MY_PROGRESS"] })).await;
    let call =
        json!({ "choices": [{ "delta": { "tool_calls": [{ "id": "1", "function": { "name": "my_progress", "arguments": "{}" } }] } }] });
    answering.models.say([Say::Stream([vec![piece("Let me see. "), line(call)], end("tool_calls")].concat()), text(&["All is well."])]);
    assert_eq!(answering.ask("How am I doing?").await["content"], "Let me see. All is well.");
    let bare = Answering::start().await;
    bare.models.say([calls(&[("my_progress", json!({}))])]);
    let message = bare.ask("Hi").await;
    assert_eq!((&message["state"], &message["finishReason"], outcomes(&message).len()), (&json!("COMPLETED"), &json!("OTHER"), 0));
    assert!(bare.models.last().get("tools").is_none());
    assert_eq!(bare.app.sign_in(&bare.app.oak, Who::Learner).await.user_id, bare.learner.user_id);
}

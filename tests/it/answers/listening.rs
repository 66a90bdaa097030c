//! What a listener is told is what the answer is, whenever they come, however slowly they read, and in whichever process it is written.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Notify;

use super::{
    Answering, CANCEL, deltas,
    models::{Say, Step, end, piece, text},
    stream, told, until_complete,
};
use crate::{
    app::{Who, refusal},
    socket::Socket,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_deltas_in_order_are_the_content_and_the_end_holds_the_answer() {
    let answering = Answering::start().await;
    let (mut steps, heard) = (Vec::new(), Arc::new(Notify::new()));
    let words = ["Glide ", "means ", "to fly ", "without ", "an engine. ", "Grüße 🌍"];
    for word in words {
        steps.extend([Step::Gate(heard.clone()), piece(word)]);
    }
    steps.extend(end("stop"));
    answering.models.say([Say::Stream(steps)]);
    let id = answering.send("What is gliding?").await;
    let mut socket = Socket::of(&answering.learner).await;
    socket.subscribe("s", &stream(&id, None)).await;
    // Each word once the one before was heard.
    let mut events = Vec::new();
    for _ in &words[1..] {
        heard.notify_one();
        events.push(socket.hear().await["payload"]["data"]["messageStream"].take());
    }
    heard.notify_one();
    events.extend(until_complete(&mut socket).await);
    let message = answering.ended(&id).await;
    assert_eq!(message["content"], "Glide means to fly without an engine. Grüße 🌍");
    assert_eq!(deltas(&events), message["content"]);
    assert!(events.len() > 3, "{events:#?}");
    let last = events.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["message"]["state"], &last["message"]["content"]),
        (&json!("END"), &json!("COMPLETED"), &message["content"])
    );
    assert!(events[..events.len() - 1].iter().all(|event| event["kind"] == "DELTA" && event["message"].is_null()), "{events:#?}");

    // One that has ended is told in the same way, from any place.
    assert_eq!(deltas(&told(&answering.learner, &id, None).await), message["content"]);
    for event in &events {
        let after = event["cursor"].as_str().unwrap();
        let at = events.iter().position(|other| other == event).unwrap();
        let rest = told(&answering.learner, &id, Some(after)).await;
        assert_eq!(deltas(&events[..=at]) + &deltas(&rest), message["content"].as_str().unwrap());
        assert_eq!(rest.last().unwrap()["kind"], "END");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_piece_is_told_at_once_and_one_who_comes_late_misses_nothing() {
    let answering = Answering::start().await;
    let hello = "Hello, this is one sentence. ";
    let (listened, heard) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    answering.models.say([Say::Stream(vec![
        Step::Gate(listened.clone()),
        piece(hello),
        Step::Gate(heard.clone()),
        piece("And one more."),
        Step::Wait(Duration::from_millis(300)),
        end("stop")[2].clone(),
    ])]);
    let id = answering.send("Hi").await;
    let mut socket = Socket::of(&answering.learner).await;
    socket.subscribe("s", &stream(&id, None)).await;
    listened.notify_one();
    // The model says nothing more before it was heard.
    let first = socket.hear().await;
    assert_eq!(first["payload"]["data"]["messageStream"]["delta"], hello.trim_end_matches(' ').to_owned() + " ");
    let late = async {
        let mut socket = Socket::of(&answering.learner).await;
        socket.subscribe("s", &stream(&id, None)).await;
        heard.notify_one();
        until_complete(&mut socket).await
    };
    let (late, rest) = tokio::join!(late, until_complete(&mut socket));
    assert_eq!(deltas(&late), format!("{hello}And one more."));
    assert_eq!(deltas(&rest), "And one more.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_listen_each_at_their_own_place() {
    let answering = Answering::start().await;
    let mut steps: Vec<Step> = (0..40).flat_map(|n| [piece(&format!("{n} ")), Step::Wait(Duration::from_millis(15))]).collect();
    steps.extend(end("stop"));
    answering.models.say([Say::Stream(steps)]);
    let id = answering.send("Count").await;
    let listeners = join_all((0..8).map(|_| told(&answering.learner, &id, None))).await;
    let content = answering.ended(&id).await["content"].take();
    for events in listeners {
        assert_eq!(deltas(&events), content);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_writes_is_told_as_well() {
    let answering = Answering::start().await;
    let app = &answering.app;
    answering.models.say([Say::Stream(vec![Step::Hang])]);
    let id = answering.send("Hi").await;
    answering.until_asked(1).await;
    // The answer becomes another process's: this one stops at once.
    app.sql("UPDATE answer_run SET process = gen_random_uuid()").await;
    for _ in 0..2400 {
        if answering.models.left() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(answering.models.left(), 1, "it is told to stop by the next beat");
    let mut socket = Socket::of(&answering.learner).await;
    socket.subscribe("s", &stream(&id, None)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let as_owner =
        "SELECT set_config('app.tenant_id', r.tenant_id::text, false), set_config('app.user_id', r.user_id::text, false) FROM answer_run r";
    for (at, text) in [(0, "From "), (5, "elsewhere")] {
        app.sql(&format!("{as_owner}; SELECT app.flush_answer(r.message_id, r.process, {at}, '{text}') FROM answer_run r")).await;
    }
    let first = socket.hear().await;
    assert_eq!(first["payload"]["data"]["messageStream"]["kind"], "DELTA");
    app.sql(&format!(
        "{as_owner}; SELECT app.end_answer(r.message_id, r.process, 'COMPLETED', 'From elsewhere', 'STOP', NULL, 1, 1, false, '{{}}', 0, '{{}}') FROM answer_run r"
    ))
    .await;
    let rest = until_complete(&mut socket).await;
    let first = first["payload"]["data"]["messageStream"].clone();
    assert_eq!(deltas(&[first]) + &deltas(&rest), "From elsewhere");
    assert_eq!(rest.last().unwrap()["message"]["state"], "COMPLETED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_its_owner_listens_and_only_to_an_answer() {
    let answering = Answering::start().await;
    answering.models.say([text(&["Secret words"])]);
    let id = answering.send("Hi").await;
    answering.ended(&id).await;
    let question = answering.learner.ok("query($id: ID!) { message(id: $id) { parent { id } } }", json!({ "id": id })).await;
    let question = question["message"]["parent"]["id"].as_str().unwrap().to_owned();
    let elm = answering.app.sign_in(&answering.app.elm, Who::Admin).await;
    let refused = async |client: &crate::app::Client, query: String| {
        let mut socket = Socket::of(client).await;
        socket.subscribe("s", &query).await;
        let said = socket.hear().await;
        assert_eq!(said["type"], "error", "{said}");
        refusal(&said["payload"][0])
    };
    for stranger in [&answering.admin, &elm] {
        assert_eq!(refused(stranger, stream(&id, None)).await, "NOT_FOUND @messageId");
    }
    assert_eq!(refused(&answering.learner, stream(&question, None)).await, "BAD_USER_INPUT @messageId");
    assert_eq!(refused(&answering.learner, stream("course_1", None)).await, "BAD_USER_INPUT @messageId");
    for cursor in ["", "x", "AAAA"] {
        assert_eq!(refused(&answering.learner, stream(&id, Some(cursor))).await, "BAD_USER_INPUT @after");
    }
    let other = answering.ask("And?").await;
    let events = told(&answering.learner, other["id"].as_str().unwrap(), None).await;
    let foreign = events[0]["cursor"].as_str().unwrap();
    assert_eq!(refused(&answering.learner, stream(&id, Some(foreign))).await, "BAD_USER_INPUT @after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_answer_ends_its_connection_before_the_next_beat_and_keeps_what_there_is() {
    let answering = Answering::start().await;
    answering.models.say([Say::Stream(vec![piece("So far "), Step::Hang])]);
    let id = answering.send("Go on").await;
    answering.until_written(&id).await;
    let mut socket = Socket::of(&answering.learner).await;
    socket.subscribe("s", &stream(&id, None)).await;
    socket.hear().await;
    let cancelled = answering.learner.ok(CANCEL, json!({ "id": id })).await["cancelAnswer"].take();
    assert_eq!((&cancelled["state"], &cancelled["content"]), (&json!("CANCELLED"), &json!("So far ")));
    // Sooner than by the next beat, which comes after five seconds.
    let begun = Instant::now();
    while (answering.models.left(), answering.models.open()) != (1, 0) {
        assert!(begun.elapsed() < Duration::from_secs(4), "its connection stays: {} left", answering.models.left());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let rest = until_complete(&mut socket).await;
    assert_eq!(rest.last().unwrap()["message"]["state"], "CANCELLED");
    // Again it changes nothing; nobody else may.
    assert_eq!(answering.learner.ok(CANCEL, json!({ "id": id })).await["cancelAnswer"]["state"], "CANCELLED");
    assert_eq!(answering.admin.refused(CANCEL, json!({ "id": id })).await, "NOT_FOUND @id");
    assert_eq!(
        answering.app.count("answer_run").await
            + answering.app.count("message_delta").await
            + answering.app.count("token_reservation").await,
        0
    );
    let usage =
        answering.app.text("SELECT concat_ws(' ', purpose, is_estimated, prompt_tokens > 0, has_failed) FROM assistant_usage").await;
    assert_eq!(usage.as_deref(), Some("ANSWER t t f"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_and_finishing_at_once_end_it_once_and_the_stream_agrees_with_the_row() {
    let answering = Answering::start().await;
    for round in 0..50 {
        answering.models.say([Say::Stream([vec![piece("word "), Step::Wait(Duration::from_millis(round % 5 * 4))], end("stop")].concat())]);
        let id = answering.send("Go").await;
        let variables = json!({ "id": id });
        let (events, _) = tokio::join!(told(&answering.learner, &id, None), async {
            tokio::time::sleep(Duration::from_millis(round % 7 * 3)).await;
            answering.learner.ok(CANCEL, variables).await
        });
        let row = answering.message(&id).await;
        let end = &events.last().unwrap()["message"];
        assert!(row["state"] == "CANCELLED" || row["state"] == "COMPLETED", "{row}");
        assert_eq!((&end["state"], &end["content"]), (&row["state"], &row["content"]));
    }
    assert_eq!(
        answering.app.count("assistant_usage").await,
        answering.app.count("message WHERE role = 'ASSISTANT' AND prompt_tokens > 0").await
    );
    assert_eq!(answering.app.count("token_counter WHERE reserved <> 0").await, 0);
}

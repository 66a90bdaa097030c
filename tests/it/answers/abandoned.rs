//! An answer outlives those who listen to it, unless it is to be given up then.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    Answering,
    models::{Say, Step, piece},
    stream,
};
use crate::socket::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_is_to_wait_for_is_given_up_ten_seconds_after_the_last_has_left() {
    let answering = Answering::start().await;
    let talk = || Say::Stream((0..400).flat_map(|n| [piece(&format!("{n} ")), Step::Wait(Duration::from_millis(100))]).collect());
    answering.models.say([talk(), talk()]);
    let given_up = answering.send_with("Count", json!({ "whenAbandoned": "CANCEL" })).await;
    let mut socket = Socket::of(&answering.learner).await;
    socket.subscribe("s", &stream(&given_up, None)).await;
    for _ in 0..10 {
        socket.hear().await;
    }
    assert_eq!(answering.message(&given_up).await["state"], "RUNNING");
    drop(socket);
    let left = Instant::now();
    let message = answering.ended(&given_up).await;
    assert_eq!(message["state"], "CANCELLED");
    // Not at once, and long before the model has said everything.
    assert!((9..30).contains(&left.elapsed().as_secs()), "{:?}", left.elapsed());
    // Any other goes on.
    let goes_on = answering.send("Count").await;
    tokio::time::sleep(Duration::from_secs(13)).await;
    assert_eq!(answering.message(&goes_on).await["state"], "RUNNING");
}

//! Enrollment keys that are guessed.

use std::time::Duration;

use lectern::http::HttpOptions;
use lectern_kernel::request::GraphqlRequest;
use serde_json::{Value, json};

use super::{replica, wait_of};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, everything, learners},
    transactions::{superuser, until, until_one_waits_for_a_lock},
};

const ENROLL: &str = "mutation($i: EnrollInput!) { enroll(input: $i) { status } }";
const WRONG: (u16, &str, u64) = (200, "FORBIDDEN BAD_ENROLLMENT_KEY @enrollmentKey", 0);

fn key(course: &str, key: &str) -> Value {
    json!({ "i": { "courseId": course, "enrollmentKey": key } })
}

async fn closed_course(app: &TestApp) -> String {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    course(&admin, json!({ "title": "Piano", "enrollmentKey": "steinway" })).await
}

async fn person(app: &TestApp, number: usize) -> Client {
    app.sign_in_as(&app.oak, &format!("person{number}@oak.example"), crate::app::PASSWORD).await
}

/// As if so many minutes had passed.
async fn pass(app: &TestApp, minutes: u32) {
    app.sql(&format!(
        "UPDATE failed_sign_in SET at = ARRAY(SELECT failure - interval '{minutes} minutes' FROM unnest(at) AS failure ORDER BY failure),
            last_at = last_at - interval '{minutes} minutes'"
    ))
    .await;
}

#[tokio::test]
async fn a_person_may_get_so_many_keys_wrong_and_then_none_is_tried_for_a_while() {
    let app = TestApp::start().await;
    let piano = closed_course(&app).await;
    let other = closed_course(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    learners(&app, &app.oak, 1).await;
    let neighbour = person(&app, 1).await;
    for n in 0..10 {
        // Whichever course it is.
        let (status, line, wait) = wait_of(&learner, ENROLL, key(if n % 2 == 0 { &piano } else { &other }, &format!("guess {n}"))).await;
        assert_eq!((status, line.as_str(), wait), WRONG);
    }
    let before = everything(&app).await;
    for guess in ["guess 11", "steinway"] {
        let (status, line, wait) = wait_of(&learner, ENROLL, key(&piano, guess)).await;
        assert_eq!((status, line.as_str()), (429, "RATE_LIMITED"), "{guess}");
        assert!((780..=900).contains(&wait), "{wait}");
    }
    assert_eq!(everything(&app).await, before);
    // In a document with others, or as a literal, it is the same.
    let two = format!(
        "mutation {{ logIn: enroll(input: {{ courseId: \"{piano}\" }}) {{ id }} b: enroll(input: {{ courseId: \"{other}\", enrollmentKey: \"steinway\" }}) {{ id }} }}"
    );
    assert_eq!(wait_of(&learner, &two, json!({})).await.0, 429);
    // Nobody else is touched, nor what needs no key.
    let open = course(&app.sign_in(&app.oak, Who::Admin).await, json!({ "title": "Singing" })).await;
    learner.ok(ENROLL, json!({ "i": { "courseId": open } })).await;
    assert_eq!(wait_of(&learner, ENROLL, json!({ "i": { "courseId": piano } })).await.1, WRONG.1, "without a key nothing is guessed");
    neighbour.ok(ENROLL, key(&piano, "steinway")).await;

    pass(&app, 14).await;
    assert_eq!(wait_of(&learner, ENROLL, key(&piano, "steinway")).await.0, 429);
    pass(&app, 1).await;
    assert_eq!(wait_of(&learner, ENROLL, key(&piano, "steinway")).await, (200, String::new(), 0));
    assert_eq!(app.count("failed_sign_in WHERE tenant_id <> '00000000-0000-0000-0000-000000000000' OR length(subject) <> 32").await, 0);
}

#[tokio::test]
async fn an_address_may_get_so_many_keys_wrong_whoever_asks_from_it() {
    let options = HttpOptions { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..HttpOptions::default() };
    let app = TestApp::start_with(&["--rate-enrollment-keys-per-address=4", "--rate-enrollment-keys-per-person=3"], options).await;
    let piano = closed_course(&app).await;
    learners(&app, &app.oak, 4).await;
    let from = async |client: &Client, address: &str, guess: &str| {
        let request = client.post(ENROLL, key(&piano, guess)).header("x-forwarded-for", address);
        request.send().await.unwrap().status().as_u16()
    };
    for number in 1..=4 {
        assert_eq!(from(&person(&app, number).await, "203.0.113.7", "guess").await, 200);
    }
    let four = person(&app, 4).await;
    assert_eq!(from(&four, "203.0.113.7", "steinway").await, 429);
    assert_eq!(from(&four, "203.0.113.8", "steinway").await, 200, "another address");
    // Sign-ins from there go on: their failures are counted apart.
    assert!(!person(&app, 1).await.user_id.is_empty());
    // None at all is a setting, too.
    let app =
        TestApp::start_with(&["--rate-enrollment-keys-per-address=0", "--rate-enrollment-keys-per-person=0"], HttpOptions::default()).await;
    let (piano, learner) = (closed_course(&app).await, app.sign_in(&app.oak, Who::Learner).await);
    for _ in 0..30 {
        assert_eq!(wait_of(&learner, ENROLL, key(&piano, "guess")).await.1, WRONG.1);
    }
    assert_eq!(app.count("failed_sign_in").await, 0);
}

#[tokio::test]
async fn twenty_wrong_keys_from_one_address_are_enough_where_nothing_else_is_set() {
    let app = TestApp::start().await;
    let piano = closed_course(&app).await;
    learners(&app, &app.oak, 3).await;
    for number in 1..=2 {
        let guesser = person(&app, number).await;
        for n in 0..10 {
            let (status, line, wait) = wait_of(&guesser, ENROLL, key(&piano, &format!("guess {n}"))).await;
            assert_eq!((status, line.as_str(), wait), WRONG, "{number} {n}");
        }
    }
    // Somebody who has guessed nothing, and knows the key.
    let third = person(&app, 3).await;
    let before = everything(&app).await;
    let (status, line, wait) = wait_of(&third, ENROLL, key(&piano, "steinway")).await;
    assert_eq!((status, line.as_str()), (429, "RATE_LIMITED"));
    assert!((780..=900).contains(&wait), "{wait}");
    assert_eq!(everything(&app).await, before);
    pass(&app, 15).await;
    assert_eq!(wait_of(&third, ENROLL, key(&piano, "steinway")).await, (200, String::new(), 0));
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_the_limit_and_right_keys_do_not_count() {
    let app = TestApp::start().await;
    let piano = closed_course(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let guesses: Vec<_> = (0..30)
        .map(|n| {
            let (learner, variables) = (learner.clone(), key(&piano, &format!("guess {n}")));
            tokio::spawn(async move { wait_of(&learner, ENROLL, variables).await.1 })
        })
        .collect();
    let mut wrong = 0;
    for guess in guesses {
        match guess.await.unwrap().as_str() {
            line if line == WRONG.1 => wrong += 1,
            // On a slow machine some have waited for their turn in vain.
            "RATE_LIMITED" | "UNAVAILABLE" => {}
            other => panic!("{other}"),
        }
    }
    // What was left of the limit then is left now, and no more.
    while wrong <= 10 {
        match wait_of(&learner, ENROLL, key(&piano, "guess")).await {
            (200, line, _) if line == WRONG.1 => wrong += 1,
            (429, line, wait) if line == "RATE_LIMITED" && wait > 60 => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(wrong, 10);

    // A class of forty enrolls from one address at once.
    app.sql("DELETE FROM failed_sign_in").await;
    learners(&app, &app.oak, 40).await;
    let mut class = Vec::new();
    for number in 1..=40 {
        let (client, variables) = (person(&app, number).await, key(&piano, "steinway"));
        class.push(tokio::spawn(async move {
            let mut told = 0;
            for _ in 0..100 {
                match wait_of(&client, ENROLL, variables.clone()).await {
                    // On a slow machine some have waited for their turn in vain. The log is told of it, once a person.
                    (429, line, 1) if line == "RATE_LIMITED" => told = 1,
                    (_, line, _) if line == "UNAVAILABLE" => tokio::time::sleep(Duration::from_millis(100)).await,
                    answer => return (answer, told),
                }
            }
            panic!("person {number} never has a turn")
        }));
    }
    let mut told = 0;
    for enrolled in class {
        let (answer, once) = enrolled.await.unwrap();
        assert_eq!(answer, (200, String::new(), 0));
        told += once;
    }
    assert_eq!(app.count("failed_sign_in").await, told, "no key counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_before_the_answer_has_guessed_all_the_same() {
    let app = TestApp::start_with(&["--rate-enrollment-keys-per-person=3"], HttpOptions::default()).await;
    let piano = closed_course(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let blocker = superuser(&app).await;
    for n in 0..3 {
        blocker.batch_execute("BEGIN; LOCK TABLE course").await.unwrap();
        let request = learner.post(ENROLL, key(&piano, &format!("guess {n}"))).send();
        let guess = tokio::spawn(request);
        until_one_waits_for_a_lock(&app).await;
        guess.abort();
        until("it is counted", async || app.count(&format!("failed_sign_in WHERE cardinality(at) = {}", n + 1)).await == 1).await;
        blocker.batch_execute("COMMIT").await.unwrap();
    }
    assert_eq!(wait_of(&learner, ENROLL, key(&piano, "steinway")).await.0, 429);
    // It counts for them, and not for all who share their address; the other row says that the log was told.
    assert_eq!(app.count("failed_sign_in WHERE cardinality(at) = 3").await, 1);
    assert_eq!(app.count("failed_sign_in").await, 2);
}

#[tokio::test]
async fn replicas_count_wrong_keys_together() {
    let app = TestApp::start().await;
    let piano = closed_course(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let (one, two) = (replica(&app, &[]), replica(&app, &[]));
    let claims = app.engine.services().tokens.verify(learner.token.as_deref().unwrap());
    let mut lines = Vec::new();
    for n in 0..12 {
        let engine = if n % 2 == 0 { &one } else { &two };
        let request = GraphqlRequest {
            query: ENROLL.to_owned(),
            variables: Some(async_graphql::Variables::from_json(key(&piano, "guess"))),
            address: Some("203.0.113.7".to_owned()),
            ..GraphqlRequest::default()
        };
        let answer = engine.execute(engine.read(&request).unwrap(), claims, "guessing").await;
        lines.push(serde_json::to_value(&answer.response.errors[0]).unwrap()["extensions"]["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(lines[..10], vec!["FORBIDDEN"; 10]);
    assert_eq!(lines[10..], ["RATE_LIMITED", "RATE_LIMITED"]);
}

#[tokio::test]
async fn a_person_may_give_their_own_password_wrong_so_often_and_then_none_is_tried_for_a_while() {
    const CHANGE: &str = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
    let app = TestApp::start().await;
    let change = |current: &str, new: &str| json!({ "i": { "currentPassword": current, "newPassword": new } });
    let new = "violet staple orbit 7";
    let (learner, neighbour) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    // What is refused for another reason is no guess.
    for _ in 0..12 {
        assert_eq!(learner.refused(CHANGE, change(crate::app::PASSWORD, "short")).await, "BAD_USER_INPUT @newPassword");
    }
    for n in 0..10 {
        assert_eq!(learner.refused(CHANGE, change(&format!("guess {n}"), new)).await, "BAD_USER_INPUT @currentPassword", "{n}");
    }
    let before = everything(&app).await;
    for guess in ["guess 11", crate::app::PASSWORD] {
        let (status, line, wait) = wait_of(&learner, CHANGE, change(guess, new)).await;
        assert_eq!((status, line.as_str()), (429, "RATE_LIMITED"), "{guess}");
        assert!((780..=900).contains(&wait), "{wait}");
    }
    assert_eq!(everything(&app).await, before);
    neighbour.ok(CHANGE, change(crate::app::PASSWORD, new)).await;
    pass(&app, 16).await;
    learner.ok(CHANGE, change(crate::app::PASSWORD, new)).await;
}

//! How often strangers may ask, and guess.

use futures_util::future::join_all;
use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{ASK_CODE, GIVE_CODE, RESET, SIGN_UP, set, take_applicants, to, work};
use crate::app::{Client, TestApp, refusal};

async fn line(client: &Client, query: &str, variables: Value) -> String {
    let answer = client.ask(query, variables).await;
    answer["errors"].as_array().map_or_else(|| "done".to_owned(), |errors| refusal(&errors[0]))
}

/// As if so many minutes had passed.
async fn pass(app: &TestApp, minutes: u32) {
    app.sql(&format!(
        "UPDATE failed_sign_in SET at = ARRAY(SELECT failure - interval '{minutes} minutes' FROM unnest(at) AS failure ORDER BY failure)"
    ))
    .await;
}

#[tokio::test]
async fn each_of_the_three_is_asked_for_five_times_of_an_account_that_exists_or_not() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let stranger = app.stranger();
    for (school, email) in [("oak", "learner@oak.example"), ("oak", "nobody@oak.example"), ("nowhere", "learner@oak.example")] {
        let sign_up = json!({ "i": { "tenant": school, "email": email, "name": "N", "roleKey": "LEARNER" } });
        for (query, input) in [(RESET, to(school, email)), (ASK_CODE, to(school, email)), (SIGN_UP, sign_up)] {
            for _ in 0..5 {
                assert_eq!(line(&stranger, query, input.clone()).await, "done");
            }
            let before = app.count("account_request").await;
            let answer = stranger.ask(query, input.clone()).await;
            assert_eq!(refusal(&answer["errors"][0]), "RATE_LIMITED");
            assert!((780..=900).contains(&answer["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap()), "{answer}");
            assert_eq!(app.count("account_request").await, before);
        }
    }
    assert_eq!(line(&stranger, RESET, to(" OAK", "LEARNER@oak.example")).await, "RATE_LIMITED", "however it is written");
    pass(&app, 16).await;
    assert_eq!(line(&stranger, RESET, to("oak", "learner@oak.example")).await, "done");
}

#[tokio::test]
async fn what_is_refused_for_its_form_counts_for_nothing_and_is_said_before_any_limit() {
    let app = TestApp::start_with(&["--rate-mails-per-address=6"], HttpOptions::default()).await;
    take_applicants(&app, "APPROVAL").await;
    set(&app, json!({ "isListed": true })).await;
    let stranger = app.stranger();
    let sign_up = |email: &str, name: &str, role: &str| json!({ "i": { "tenant": "oak", "email": email, "name": name, "roleKey": role } });
    let good = sign_up("new@oak.example", "New", "LEARNER");
    let forms = [
        (SIGN_UP, sign_up("new@oak.example", "", "LEARNER"), "BAD_USER_INPUT @name"),
        (SIGN_UP, sign_up("new@oak.example", "New", "ADMIN"), "BAD_USER_INPUT @roleKey"),
        (SIGN_UP, sign_up("new", "New", "LEARNER"), "BAD_USER_INPUT @email"),
        (RESET, to("oak", "new"), "BAD_USER_INPUT @email"),
        (ASK_CODE, to("oak", "new"), "BAD_USER_INPUT @email"),
    ];
    for (query, input, refused) in &forms {
        for _ in 0..6 {
            assert_eq!(line(&stranger, query, input.clone()).await, *refused);
        }
    }
    assert_eq!((app.count("failed_sign_in").await, app.count("account_request").await), (0, 0));
    for _ in 0..5 {
        assert_eq!(line(&stranger, SIGN_UP, good.clone()).await, "done");
    }
    assert_eq!(line(&stranger, SIGN_UP, good.clone()).await, "RATE_LIMITED");
    assert_eq!(line(&stranger, RESET, to("oak", "new@oak.example")).await, "done", "the sixth from this address");
    assert_eq!(line(&stranger, ASK_CODE, to("oak", "new@oak.example")).await, "RATE_LIMITED");
    for (query, input, refused) in &forms {
        assert_eq!(line(&stranger, query, input.clone()).await, *refused);
    }
    assert_eq!(app.count("account_request").await, 6);
    assert_eq!(app.count("job WHERE kind = 'account.request'").await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_at_once_five_are_taken_and_an_address_has_a_limit_of_its_own() {
    let app = TestApp::start_with(&["--rate-mails-per-address=12"], HttpOptions::default()).await;
    let stranger = app.stranger();
    let lines = join_all((0..20).map(|_| line(&stranger, RESET, to("oak", "learner@oak.example")))).await;
    assert_eq!(lines.iter().filter(|line| *line == "done").count(), 5, "{lines:?}");
    let others = join_all((0..20).map(|n| line(&stranger, ASK_CODE, to("oak", &format!("p{n}@x.example"))))).await;
    assert_eq!(others.iter().filter(|line| *line == "done").count(), 7, "{others:?}");
    let open = TestApp::start_with(&["--rate-mails-per-address=0", "--rate-mails-per-account=0"], HttpOptions::default()).await;
    for _ in 0..7 {
        assert_eq!(line(&open.stranger(), RESET, to("oak", "learner@oak.example")).await, "done");
    }
}

#[tokio::test]
async fn ten_wrong_codes_of_an_account_and_so_many_from_an_address_are_answered() {
    let app = TestApp::start_with(&["--rate-codes-per-address=15"], HttpOptions::default()).await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    let stranger = app.stranger();
    let guess = |email: &str, code: &str| json!({ "i": { "tenant": "oak", "email": email, "code": code } });
    for n in 0..10 {
        assert_eq!(line(&stranger, GIVE_CODE, guess("nobody@oak.example", &format!("00000{n}"))).await, "UNAUTHENTICATED CODE_INVALID");
    }
    assert_eq!(line(&stranger, GIVE_CODE, guess("nobody@oak.example", "000011")).await, "RATE_LIMITED");
    for n in 0..5 {
        assert_eq!(line(&stranger, GIVE_CODE, guess(&format!("p{n}@x.example"), "000000")).await, "UNAUTHENTICATED CODE_INVALID");
    }
    stranger.ok(ASK_CODE, to("oak", "learner@oak.example")).await;
    work(&app).await;
    let digits = super::code(&app, &app.oak, "learner@oak.example").await;
    assert_eq!(line(&stranger, GIVE_CODE, guess("learner@oak.example", &digits)).await, "RATE_LIMITED", "the address has spent its own");
    pass(&app, 16).await;
    assert_eq!(line(&stranger, GIVE_CODE, guess("learner@oak.example", &digits)).await, "done");
}

//! Failed sign-ins.

use std::time::Duration;

use lectern::http::HttpOptions;
use lectern_kernel::error::Code;
use serde_json::Value;

use super::{LOGIN, ask, credentials, replica, wait_of};
use crate::app::{PASSWORD, TestApp, refusal};

pub(super) const WRONG: &str = "wrong horse battery";

/// As if so many minutes had passed.
pub(super) async fn pass(app: &TestApp, minutes: u32) {
    app.sql(&format!(
        "UPDATE failed_sign_in SET at = ARRAY(SELECT failure - interval '{minutes} minutes' FROM unnest(at) AS failure ORDER BY failure),
            last_at = last_at - interval '{minutes} minutes'"
    ))
    .await;
}

#[tokio::test]
async fn an_account_is_closed_after_so_many_failures_and_opens_by_itself() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=3"], HttpOptions::default()).await;
    let stranger = app.stranger();
    let passwords = &app.engine.services().passwords;
    let oak = |password: &str| credentials("oak", "learner@oak.example", password);
    // However it is written, it is one account; and successes don't count.
    for variables in
        [oak(WRONG), oak(PASSWORD), credentials(" OAK ", " Learner@Oak.EXAMPLE ", WRONG), oak(PASSWORD), oak(PASSWORD), oak(WRONG)]
    {
        let is_wrong = variables["i"]["password"] == WRONG;
        let expected = if is_wrong { "UNAUTHENTICATED" } else { "" };
        assert_eq!(wait_of(&stranger, LOGIN, variables).await, (200, expected.into(), 0));
    }
    let before = passwords.turns_taken();
    for password in [WRONG, PASSWORD] {
        let (status, refused, wait) = wait_of(&stranger, LOGIN, oak(password)).await;
        assert_eq!((status, refused.as_str()), (429, "RATE_LIMITED"));
        assert!((780..=900).contains(&wait), "{wait}");
    }
    assert_eq!(passwords.turns_taken(), before, "no password was looked at");
    // The neighbours are not touched by it.
    assert_eq!(wait_of(&stranger, LOGIN, credentials("oak", "viewer@oak.example", PASSWORD)).await.0, 200);
    assert_eq!(wait_of(&stranger, LOGIN, credentials("elm", "learner@elm.example", PASSWORD)).await.0, 200);

    pass(&app, 14).await;
    assert_eq!(wait_of(&stranger, LOGIN, oak(PASSWORD)).await.0, 429);
    pass(&app, 1).await;
    assert_eq!(wait_of(&stranger, LOGIN, oak(PASSWORD)).await, (200, String::new(), 0));
    // What is over for a day counts no more.
    pass(&app, 24 * 60).await;
    wait_of(&stranger, LOGIN, credentials("elm", "admin@elm.example", WRONG)).await;
    let fresh = "failed_sign_in WHERE last_at > now() - interval '10 minutes'";
    assert_eq!(app.count(fresh).await, 3, "the account, the address, and what is strange to it");
    assert_eq!(app.count(&format!("{fresh} AND cardinality(at) <> 1")).await, 0);
}

#[tokio::test]
async fn a_closed_account_is_answered_alike_whether_or_not_there_is_one() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=2", "--rate-sign-ins-per-address=0"], HttpOptions::default()).await;
    let mut answers = Vec::new();
    for (school, email) in
        [("oak", "learner@oak.example"), ("oak", "nobody@oak.example"), ("nowhere", "nobody@oak.example"), ("oa\u{0}k", "x")]
    {
        let mut codes = Vec::new();
        for _ in 0..3 {
            let request = app.stranger().post(LOGIN, credentials(school, email, WRONG)).header("x-correlation-id", "the-same");
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            codes.push(refusal(&answer["errors"][0]));
            if codes.len() == 3 {
                let mut answer = answer;
                assert!(answer["errors"][0]["extensions"]["retryAfter"].take().as_u64().unwrap() > 780);
                answer["errors"][0]["message"].take();
                answers.push(answer);
            }
        }
        assert_eq!(codes, ["UNAUTHENTICATED", "UNAUTHENTICATED", "RATE_LIMITED"], "{school} {email}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    // Nothing in the table says whose it is.
    assert_eq!(app.count("failed_sign_in WHERE tenant_id <> '00000000-0000-0000-0000-000000000000' OR length(subject) <> 32").await, 0);
}

#[tokio::test]
async fn an_address_is_closed_after_so_many_failures_to_whatever_accounts() {
    let options = HttpOptions { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..HttpOptions::default() };
    let app = TestApp::start_with(&["--rate-sign-ins-per-address=4"], options).await;
    let from = async |address: &str, email: &str, password: &str| {
        let request = app.stranger().post(LOGIN, credentials("oak", email, password)).header("x-forwarded-for", address);
        request.send().await.unwrap().status().as_u16()
    };
    for n in 0..4 {
        assert_eq!(from("9.9.9.9, 203.0.113.7", &format!("nobody{n}@oak.example"), WRONG).await, 200);
        // The next in the same network of IPv6 is the same customer.
        assert_eq!(from(&format!("2001:db8:1:2::{n}"), &format!("somebody{n}@oak.example"), WRONG).await, 200);
    }
    for address in ["203.0.113.7", "1.2.3.4, 203.0.113.7", "2001:db8:1:2:ffff::9"] {
        assert_eq!(from(address, "learner@oak.example", PASSWORD).await, 429, "{address}");
    }
    for address in ["203.0.113.8", "203.0.113.7, 203.0.113.9", "2001:db8:1:3::1"] {
        assert_eq!(from(address, "learner@oak.example", PASSWORD).await, 200, "{address}");
    }
}

#[tokio::test]
async fn an_address_may_not_say_itself_who_it_is() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-address=2"], HttpOptions::default()).await;
    for (n, status) in [200, 200, 429].into_iter().enumerate() {
        let email = format!("nobody{n}@oak.example");
        let request = app.stranger().post(LOGIN, credentials("oak", &email, WRONG)).header("x-forwarded-for", format!("203.0.113.{n}"));
        assert_eq!(request.send().await.unwrap().status().as_u16(), status);
    }
}

#[tokio::test]
async fn thirty_wrong_passwords_at_once_are_no_more_than_the_limit() {
    let app = TestApp::start().await;
    let passwords = &app.engine.services().passwords;
    let before = passwords.turns_taken();
    let attempts = (0..30).map(|_| {
        let stranger = app.stranger();
        tokio::spawn(async move { wait_of(&stranger, LOGIN, credentials("oak", "learner@oak.example", WRONG)).await.1 })
    });
    let mut wrong = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap().as_str() {
            "UNAUTHENTICATED" => wrong += 1,
            // On a slow machine some have waited for their turn in vain.
            "RATE_LIMITED" | "UNAVAILABLE" => {}
            other => panic!("{other}"),
        }
    }
    // What was left of the limit then is left now, and no more.
    let stranger = app.stranger();
    while wrong <= 10 {
        match wait_of(&stranger, LOGIN, credentials("oak", "learner@oak.example", WRONG)).await {
            (200, line, _) if line == "UNAUTHENTICATED" => wrong += 1,
            (429, line, wait) if line == "RATE_LIMITED" && wait > 60 => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((wrong, passwords.turns_taken() - before), (10, 10));
}

#[tokio::test]
async fn a_whole_school_signs_in_from_one_address_at_once() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-address=3", "--rate-sign-ins-per-account=2"], HttpOptions::default()).await;
    let attempts = (0..24).map(|n| {
        let stranger = app.stranger();
        let email = format!("{}@oak.example", ["admin", "instructor", "learner", "viewer"][n % 4]);
        tokio::spawn(async move {
            for _ in 0..100 {
                let answer = wait_of(&stranger, LOGIN, credentials("oak", &email, PASSWORD)).await;
                if answer.1 != "UNAVAILABLE" {
                    return answer;
                }
                // On a slow machine some wait for their turn in vain.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("{email} never has a turn")
        })
    });
    for attempt in attempts.collect::<Vec<_>>() {
        assert_eq!(attempt.await.unwrap(), (200, String::new(), 0));
    }
    assert_eq!(app.count("failed_sign_in").await, 0);
}

#[tokio::test]
async fn replicas_count_failures_together() {
    let app = TestApp::start().await;
    let (one, two) = (replica(&app, &[]), replica(&app, &[]));
    let turns = || one.services().passwords.turns_taken() + two.services().passwords.turns_taken();
    let before = turns();
    let variables = credentials("oak", "learner@oak.example", WRONG);
    for n in 0..12 {
        let answer = ask(if n % 2 == 0 { &one } else { &two }, LOGIN, variables.clone(), "203.0.113.7").await;
        assert!(answer.is(if n < 10 { Code::Unauthenticated } else { Code::RateLimited }), "{n}");
    }
    assert_eq!(turns() - before, 10);
}

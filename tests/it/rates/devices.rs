//! Device tokens, and accounts that have been at a network before: who is kept out, and who is not.

use lectern::http::HttpOptions;
use lectern_kernel::{
    auth::{DeviceToken, SigningKey},
    clock,
    error::Code,
    rates::Account,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sign_ins::{WRONG, pass};
use crate::{
    app::{Client, PASSWORD, TestApp, Who, refusal},
    classroom::uuid,
};

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken deviceToken viewer { user { id } } } }";
/// A school's router, and another network.
const SCHOOL: &str = "203.0.113.7";
const HOME: &str = "198.51.100.1";
const CAFE: &str = "192.0.2.1";

struct Got {
    status: u16,
    answer: Value,
}

impl Got {
    fn is_in(&self) -> bool {
        self.answer["data"]["login"]["accessToken"].is_string()
    }

    fn device(&self) -> String {
        self.answer["data"]["login"]["deviceToken"].as_str().unwrap_or_else(|| panic!("{}", self.answer)).to_owned()
    }

    fn refusal(&self) -> (u16, String) {
        (self.status, refusal(&self.answer["errors"][0]))
    }
}

async fn app(arguments: &[&str]) -> TestApp {
    let options = HttpOptions { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..HttpOptions::default() };
    TestApp::start_with(arguments, options).await
}

async fn login(app: &TestApp, address: &str, email: &str, password: &str, device: Option<&str>) -> Got {
    let input = json!({ "i": { "tenant": "oak", "email": email, "password": password, "deviceToken": device } });
    let request = app.stranger().post(LOGIN, input).header("x-forwarded-for", address).header("x-correlation-id", "the-same");
    let response = request.send().await.unwrap();
    Got { status: response.status().as_u16(), answer: response.json().await.unwrap() }
}

/// So many wrong passwords, at accounts that there are not.
async fn guess_at_nobody(app: &TestApp, address: &str, count: usize) {
    for n in 0..count {
        let got = login(app, address, &format!("nobody{n}@oak.example"), WRONG, None).await;
        assert_eq!(got.refusal(), (200, "UNAUTHENTICATED".into()), "{n}");
    }
}

#[tokio::test]
async fn a_guesser_closes_an_address_to_strangers_alone() {
    let app = app(&["--rate-sign-ins-per-address=4", "--rate-sign-ins-per-known-address=12", "--rate-sign-ins-per-account=3"]).await;
    let (learner, viewer) = ("learner@oak.example", "viewer@oak.example");
    let before = login(&app, SCHOOL, learner, PASSWORD, None).await;
    assert!(before.is_in());
    guess_at_nobody(&app, SCHOOL, 4).await;

    // Somebody who was never here waits; who has been here, or brings a token from elsewhere, does not.
    assert_eq!(login(&app, SCHOOL, viewer, PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()));
    assert!(login(&app, SCHOOL, learner, PASSWORD, None).await.is_in());
    assert!(login(&app, "203.0.113.99", learner, PASSWORD, None).await.is_in(), "another address of the network");
    let at_home = login(&app, HOME, viewer, PASSWORD, None).await;
    assert!(login(&app, SCHOOL, viewer, PASSWORD, Some(&at_home.device())).await.is_in());
    // And from now on they are no stranger.
    assert!(login(&app, SCHOOL, viewer, PASSWORD, None).await.is_in());
    assert_eq!(login(&app, SCHOOL, "admin@oak.example", PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()));

    pass(&app, 15).await;
    assert!(login(&app, SCHOOL, "admin@oak.example", PASSWORD, None).await.is_in());
}

#[tokio::test]
async fn slips_of_those_who_belong_there_close_nothing_to_others() {
    let app = app(&["--rate-sign-ins-per-address=4", "--rate-sign-ins-per-known-address=12", "--rate-sign-ins-per-account=3"]).await;
    for who in [Who::Learner, Who::Viewer, Who::Instructor] {
        assert!(login(&app, SCHOOL, &app.oak.email(who), PASSWORD, None).await.is_in());
    }
    for (n, who) in [Who::Learner, Who::Learner, Who::Viewer, Who::Viewer, Who::Instructor, Who::Instructor].into_iter().enumerate() {
        let expected = if n < 4 { (200, "UNAUTHENTICATED".to_owned()) } else { (429, "RATE_LIMITED".to_owned()) };
        assert_eq!(login(&app, SCHOOL, &app.oak.email(who), WRONG, None).await.refusal(), expected, "{n}");
    }
    assert!(login(&app, SCHOOL, "learner@oak.example", PASSWORD, None).await.is_in());
    assert!(login(&app, SCHOOL, "admin@oak.example", PASSWORD, None).await.is_in(), "somebody who is there for the first time");
}

#[tokio::test]
async fn guesses_at_those_who_belong_there_are_bounded_together_and_keep_nobody_else_out() {
    let app = app(&["--rate-sign-ins-per-address=4", "--rate-sign-ins-per-known-address=6", "--rate-sign-ins-per-account=50"]).await;
    let (learner, viewer) = ("learner@oak.example", "viewer@oak.example");
    let desk = login(&app, SCHOOL, learner, PASSWORD, None).await.device();
    assert!(login(&app, SCHOOL, viewer, PASSWORD, None).await.is_in());
    for n in 0..6 {
        let expected = if n < 4 { (200, "UNAUTHENTICATED".to_owned()) } else { (429, "RATE_LIMITED".to_owned()) };
        assert_eq!(login(&app, SCHOOL, [learner, viewer][n % 2], WRONG, None).await.refusal(), expected, "{n}");
    }
    // Spent for both, though neither account is closed; not for the device, for a stranger to the network, nor at another network.
    for email in [learner, viewer] {
        assert_eq!(login(&app, SCHOOL, email, PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()), "{email}");
    }
    assert!(login(&app, SCHOOL, learner, PASSWORD, Some(&desk)).await.is_in());
    assert!(login(&app, SCHOOL, "admin@oak.example", PASSWORD, None).await.is_in());
    assert!(login(&app, HOME, viewer, PASSWORD, None).await.is_in());
    pass(&app, 15).await;
    assert!(login(&app, SCHOOL, viewer, PASSWORD, None).await.is_in());
}

#[tokio::test]
async fn nobody_learns_from_a_refusal_which_accounts_there_are() {
    let app = app(&["--rate-sign-ins-per-address=4", "--rate-sign-ins-per-known-address=40", "--rate-sign-ins-per-account=3"]).await;
    let passwords = &app.engine.services().passwords;
    assert!(login(&app, SCHOOL, "learner@oak.example", PASSWORD, None).await.is_in());
    let rows = app.count("failed_sign_in").await;
    guess_at_nobody(&app, SCHOOL, 3).await;
    // The last that is still answered as wrong is so for whomever; whatever comes then is not, for whomever, however often.
    assert_eq!(login(&app, SCHOOL, "learner@oak.example", WRONG, None).await.refusal(), (200, "UNAUTHENTICATED".into()));
    let audited = app.count("audit_entry").await;
    for n in 0..6 {
        let mut told = Vec::new();
        for email in ["learner@oak.example", "viewer@oak.example", "nobody@oak.example"] {
            let (turns, counted) = (passwords.turns_taken(), app.count("failed_sign_in").await);
            let mut got = login(&app, SCHOOL, email, WRONG, None).await;
            assert_eq!(got.refusal(), (429, "RATE_LIMITED".into()), "{n} {email}");
            assert_eq!(passwords.turns_taken() - turns, 1, "{n} {email}: the same work");
            assert!(app.count("failed_sign_in").await >= counted);
            let wait = got.answer["errors"][0]["extensions"]["retryAfter"].take().as_u64().unwrap();
            assert!((780..=900).contains(&wait), "{wait}");
            got.answer["errors"][0]["message"].take();
            told.push(got.answer);
        }
        assert!(told.iter().all(|answer| *answer == told[0]), "{told:#?}");
    }
    assert_eq!(app.count("audit_entry").await, audited + 1, "that a budget is spent is told once, whoever was tried");
    // What was looked at is bounded all the same: three at the account that has been here, none at the others.
    assert_eq!(login(&app, SCHOOL, "learner@oak.example", PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()));
    assert!(login(&app, HOME, "viewer@oak.example", PASSWORD, None).await.is_in(), "nothing counted for the account that was not tried");
    assert!(app.count("failed_sign_in").await > rows);
}

#[tokio::test]
async fn a_device_has_a_budget_of_its_own() {
    let app = app(&["--rate-sign-ins-per-account=3"]).await;
    let learner = "learner@oak.example";
    let phone = login(&app, HOME, learner, PASSWORD, None).await.device();
    let desk = login(&app, HOME, learner, PASSWORD, None).await.device();
    // Somebody guesses, from elsewhere, until nobody may any more; but who has signed in on a device may, anywhere.
    for _ in 0..3 {
        assert_eq!(login(&app, CAFE, learner, WRONG, None).await.refusal(), (200, "UNAUTHENTICATED".into()));
    }
    for address in [HOME, CAFE, SCHOOL] {
        assert_eq!(login(&app, address, learner, PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()), "{address}");
        assert!(login(&app, address, learner, PASSWORD, Some(&phone)).await.is_in(), "{address}");
    }
    // A token is no way to guess more often.
    for n in 0..4 {
        let expected = if n < 3 { (200, "UNAUTHENTICATED".to_owned()) } else { (429, "RATE_LIMITED".to_owned()) };
        assert_eq!(login(&app, HOME, learner, WRONG, Some(&phone)).await.refusal(), expected, "{n}");
    }
    assert_eq!(login(&app, HOME, learner, PASSWORD, Some(&phone)).await.refusal(), (429, "RATE_LIMITED".into()));
    let again = login(&app, HOME, learner, PASSWORD, Some(&desk)).await;
    assert!(again.is_in(), "the other device");
    // Signing in again on a device makes no second one of it: its budget stays spent.
    for _ in 0..3 {
        login(&app, HOME, learner, WRONG, Some(&again.device())).await;
    }
    assert_eq!(login(&app, HOME, learner, PASSWORD, Some(&desk)).await.refusal(), (429, "RATE_LIMITED".into()));
}

#[tokio::test]
async fn an_account_is_one_however_its_address_is_written() {
    let app = app(&["--rate-sign-ins-per-account=2", "--rate-sign-ins-per-address=2"]).await;
    let spellings = ["ada@b\u{fc}cher.example", "ADA@xn--bcher-kva.example", "ada@bu\u{308}cher.example"];
    app.person(&app.oak, spellings[0], &["LEARNER"]).await;
    let token = login(&app, HOME, spellings[1], PASSWORD, None).await.device();
    assert!(login(&app, SCHOOL, spellings[2], PASSWORD, None).await.is_in());
    guess_at_nobody(&app, SCHOOL, 2).await;
    for spelling in spellings {
        assert!(login(&app, SCHOOL, spelling, PASSWORD, None).await.is_in(), "they have been here: {spelling}");
    }
    for spelling in &spellings[..2] {
        login(&app, CAFE, spelling, WRONG, None).await;
    }
    for spelling in spellings {
        assert_eq!(login(&app, HOME, spelling, PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()), "{spelling}");
        assert!(login(&app, HOME, spelling, PASSWORD, Some(&token)).await.is_in(), "{spelling}");
    }
}

#[tokio::test]
async fn a_device_token_that_is_none_counts_as_none() {
    let app = app(&["--rate-sign-ins-per-account=2"]).await;
    let learner = "learner@oak.example";
    let own = login(&app, HOME, learner, PASSWORD, None).await.device();
    let others = login(&app, HOME, "viewer@oak.example", PASSWORD, None).await.device();
    let elm = app.stranger().ok(LOGIN, super::credentials("elm", "learner@elm.example", PASSWORD)).await;
    let elm = elm["login"]["deviceToken"].as_str().unwrap().to_owned();
    for token in ["", "device_", "nonsense", &others, &elm, &own[..own.len() - 1], &own.to_uppercase(), &"x".repeat(100_000)] {
        assert!(login(&app, HOME, learner, PASSWORD, Some(token)).await.is_in(), "{token:.80}");
    }
    for _ in 0..2 {
        login(&app, CAFE, learner, WRONG, None).await;
    }
    for token in ["", "nonsense", &others, &elm, &own[..own.len() - 1]] {
        assert_eq!(login(&app, HOME, learner, PASSWORD, Some(token)).await.refusal(), (429, "RATE_LIMITED".into()), "{token:.80}");
    }
    assert!(login(&app, HOME, learner, PASSWORD, Some(&own)).await.is_in());
    // It signs nobody in, and is no access token.
    assert_eq!(login(&app, HOME, learner, "", Some(&own)).await.refusal().1, "UNAUTHENTICATED");
    let bearer = Client { token: Some(own), ..app.stranger() };
    assert_eq!(bearer.ok("{ viewer { user { id } } }", json!({})).await, json!({ "viewer": null }));
}

#[tokio::test]
async fn what_ends_every_sign_in_ends_the_device_tokens_too() {
    let app = app(&["--rate-sign-ins-per-account=1"]).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let new = "violet staple orbit 7";
    for (n, way) in ["logoutEverywhere", "changePassword", "suspendUser", "deleteUser", "logout"].into_iter().enumerate() {
        let email = format!("pupil{n}@oak.example");
        let client = app.person(&app.oak, &email, &["LEARNER"]).await;
        let token = login(&app, HOME, &email, PASSWORD, None).await.device();
        // From here on nobody signs in there without a token.
        assert_eq!(login(&app, CAFE, &email, WRONG, None).await.refusal().1, "UNAUTHENTICATED");
        assert!(login(&app, HOME, &email, PASSWORD, Some(&token)).await.is_in());
        let mut password = PASSWORD;
        match way {
            "changePassword" => {
                let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { deviceToken } }";
                let changed = client.ok(change, json!({ "i": { "currentPassword": PASSWORD, "newPassword": new } })).await;
                password = new;
                let next = changed["changePassword"]["deviceToken"].as_str().unwrap().to_owned();
                assert!(login(&app, HOME, &email, password, Some(&next)).await.is_in(), "this device goes on");
            }
            "suspendUser" => {
                let id = json!({ "id": client.user_id });
                admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", id.clone()).await;
                admin.ok("mutation($id: ID!) { reactivateUser(id: $id) { id } }", id).await;
            }
            "deleteUser" => drop(admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": client.user_id })).await),
            _ => drop(client.ok(&format!("mutation {{ {way} }}"), json!({})).await),
        }
        let got = login(&app, HOME, &email, password, Some(&token)).await;
        if way == "logout" {
            assert!(got.is_in(), "a device stays known when somebody signs out of it");
        } else {
            assert_eq!(got.refusal(), (429, "RATE_LIMITED".into()), "{way}");
        }
    }
}

#[tokio::test]
async fn every_session_answers_a_device_token() {
    let app = app(&["--rate-sign-ins-per-account=1"]).await;
    let first = login(&app, HOME, "learner@oak.example", PASSWORD, None).await;
    let client = app.stranger().with_session(&first.answer["data"]["login"]);
    let refresh =
        "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { deviceToken refreshToken accessToken viewer { user { id } } } }";
    let refreshed = app.stranger().ok(refresh, json!({ "i": { "refreshToken": client.refresh_token } })).await;
    let client = app.stranger().with_session(&refreshed["refreshSession"]);
    let switch = "mutation { switchRole(input: { roleKey: \"LEARNER\" }) { deviceToken } }";
    let switched = client.ok(switch, json!({})).await;
    login(&app, CAFE, "learner@oak.example", WRONG, None).await;
    for token in [&refreshed["refreshSession"]["deviceToken"], &switched["switchRole"]["deviceToken"]] {
        assert!(login(&app, HOME, "learner@oak.example", PASSWORD, token.as_str()).await.is_in());
    }
    // It ends, too.
    let tokens = &app.engine.services().tokens;
    let now = lectern_kernel::clock::now();
    let device = tokens.read_device(&first.device(), now).unwrap();
    let old = tokens.device(&device, now - jiff::SignedDuration::from_hours(180 * 24));
    assert_eq!(login(&app, HOME, "learner@oak.example", PASSWORD, Some(&old)).await.refusal().1, "RATE_LIMITED");
}

#[tokio::test]
async fn little_is_kept_of_networks_and_not_for_ever() {
    let app = app(&["--rate-sign-ins-per-address=2", "--known-network-days=30"]).await;
    let (learner, viewer) = ("learner@oak.example", "viewer@oak.example");
    for _ in 0..3 {
        assert!(login(&app, SCHOOL, learner, PASSWORD, None).await.is_in());
    }
    login(&app, SCHOOL, viewer, WRONG, None).await;
    assert_eq!(app.count("known_network").await, 1, "one row for an account and its network, and none for what failed");
    assert_eq!(app.count("known_network WHERE tenant_id = '00000000-0000-0000-0000-000000000000' AND length(subject) = 32").await, 1);
    assert_eq!(
        app.text(
            "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'known_network'"
        )
        .await
        .as_deref(),
        Some("seen_at subject tenant_id")
    );
    // Once a day is enough.
    app.sql("UPDATE known_network SET seen_at = now() - interval '23 hours'").await;
    assert!(login(&app, SCHOOL, learner, PASSWORD, None).await.is_in());
    assert_eq!(app.count("known_network WHERE seen_at < now() - interval '1 hour'").await, 1);
    app.sql("UPDATE known_network SET seen_at = now() - interval '29 days'").await;
    assert!(login(&app, SCHOOL, learner, PASSWORD, None).await.is_in());
    assert_eq!(app.count("known_network WHERE seen_at > now() - interval '1 hour'").await, 1, "whoever comes again is remembered on");
    // What is over does not count, and is deleted by whoever is remembered next.
    app.sql("UPDATE known_network SET seen_at = now() - interval '31 days'").await;
    guess_at_nobody(&app, SCHOOL, 1).await;
    assert_eq!(login(&app, SCHOOL, learner, PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()));
    assert!(login(&app, HOME, learner, PASSWORD, None).await.is_in());
    assert_eq!(app.count("known_network").await, 1);
}

#[tokio::test]
async fn replicas_with_one_key_know_the_same_devices_and_networks() {
    let app = app(&["--rate-sign-ins-per-address=2", "--rate-sign-ins-per-account=2"]).await;
    let learner = "learner@oak.example";
    let device = login(&app, SCHOOL, learner, PASSWORD, None).await.device();
    let key = |tokens: &lectern_kernel::auth::Tokens| tokens.read_device(&device, lectern_kernel::clock::now()).is_some();
    assert!(key(&app.engine.services().tokens));
    let another = super::replica(&app, &["--rate-sign-ins-per-address=2", "--rate-sign-ins-per-account=2"]);
    assert!(!key(&another.services().tokens), "another key is another deployment");
    // Failures are counted for both.
    let account = |email: &str| Account { school: "oak".into(), email: email.into(), device_token: None, ..Account::default() };
    for n in 0..2 {
        let attempt = another.sign_ins().admit(&account(&format!("nobody{n}@oak.example")), Some(SCHOOL), "replica").await.unwrap();
        assert!(attempt.terms().looks);
        assert!(another.sign_ins().failed(attempt, "replica").await.unwrap().is_none());
    }
    assert_eq!(login(&app, SCHOOL, "viewer@oak.example", PASSWORD, None).await.refusal(), (429, "RATE_LIMITED".into()));
    assert!(login(&app, SCHOOL, learner, PASSWORD, None).await.is_in());
}

#[tokio::test]
async fn what_one_replica_knows_of_networks_and_devices_another_with_its_key_knows_too() {
    let app = TestApp::start().await;
    let viewer = uuid(&app.sign_in(&app.oak, Who::Viewer).await.user_id);
    let key = SigningKey::generate().unwrap().to_text();
    let start = || super::replica_with(&app, &["--rate-sign-ins-per-address=2"], SigningKey::from_text(&key).unwrap());
    let (one, two) = (start(), start());
    let input = |who: Who, device: Option<&str>| json!({ "i": { "tenant": "oak", "email": app.oak.email(who), "password": PASSWORD, "deviceToken": device } });
    let first = super::ask(&one, LOGIN, input(Who::Learner, None), SCHOOL).await;
    assert!(first.response.errors.is_empty(), "{:?}", first.response.errors);
    for n in 0..2 {
        let guess = super::credentials("oak", &format!("nobody{n}@oak.example"), WRONG);
        assert!(super::ask(&two, LOGIN, guess, SCHOOL).await.is(Code::Unauthenticated), "{n}");
    }
    for engine in [&one, &two] {
        assert!(super::ask(engine, LOGIN, input(Who::Viewer, None), SCHOOL).await.is(Code::RateLimited), "a stranger to the network");
        let known = super::ask(engine, LOGIN, input(Who::Learner, None), SCHOOL).await;
        assert!(known.response.errors.is_empty(), "{:?}", known.response.errors);
    }
    let device = DeviceToken { tenant: app.oak.tenant, user: viewer, device: Uuid::now_v7(), token_version: 0 };
    let token = one.services().tokens.device(&device, clock::now());
    let with_token = super::ask(&two, LOGIN, input(Who::Viewer, Some(&token)), SCHOOL).await;
    assert!(with_token.response.errors.is_empty(), "{:?}", with_token.response.errors);
}

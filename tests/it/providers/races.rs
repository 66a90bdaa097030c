//! Twenty at once.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use super::{COMPLETE, CREATE, DEAD, added, provider, returned, start};
use crate::app::{Who, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_come_back_with_one_state_one_is_signed_in() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    let back = returned(&app).await;
    let strangers: Vec<_> = (0..20).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| stranger.ask(COMPLETE, back.clone()))).await;
    let lost: Vec<_> = answers.iter().filter(|answer| answer["errors"].is_array()).collect();
    assert_eq!(lost.len(), 19, "{answers:?}");
    assert!(lost.iter().all(|answer| refusal(&answer["errors"][0]) == DEAD), "{lost:?}");
    assert_eq!((issuer.asked("token"), app.count("session WHERE method = 'PROVIDER'").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_first_sign_ins_of_one_account_make_one_person() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({ "roleKey": "LEARNER" })).await;
    issuer.be("77", "nora@x.example", "Nora");
    let mut backs = Vec::new();
    for _ in 0..20 {
        backs.push(returned(&app).await);
    }
    let strangers: Vec<_> = (0..20).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().zip(&backs).map(|(stranger, back)| stranger.ok(COMPLETE, back.clone()))).await;
    let people: HashSet<String> =
        answers.iter().map(|answer| answer["completeProviderSignIn"]["viewer"]["user"]["id"].to_string()).collect();
    assert_eq!((people.len(), app.count("provider_account").await), (1, 1));
    assert_eq!(app.count("app_user WHERE email = 'nora@x.example'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_providers_of_one_key_one_is_made() {
    let (app, issuer) = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let answers = join_all((0..20).map(|_| admin.ask(CREATE, provider(&issuer, json!({}))))).await;
    let made = answers.iter().filter(|answer| answer["data"]["createSignInProvider"].is_object()).count();
    assert_eq!((made, app.count("sign_in_provider").await), (1, 1), "{answers:?}");
}

//! Budgets of a person.

use lectern::http::HttpOptions;
use lectern_kernel::rates::COST;
use serde_json::json;

use super::{replica, wait_of};
use crate::app::{TestApp, Who};

/// Costs 300.
const PAGE: &str = "{ courses(first: 100) { nodes { id title } } }";

#[tokio::test]
async fn what_the_documents_of_a_person_cost_is_bounded() {
    let app = TestApp::start_with(&["--rate-cost=1000"], HttpOptions::default()).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut served = 0;
    let (status, code, wait) = loop {
        match wait_of(&admin, PAGE, json!({})).await {
            (200, ..) => served += 1,
            refused => break refused,
        }
    };
    // A minute may have begun meanwhile.
    assert!((3..=4).contains(&served), "{served}");
    assert_eq!((status, code.as_str()), (429, "RATE_LIMITED"));
    assert!((1..=120).contains(&wait), "{wait}");
    assert_eq!(wait_of(&learner, PAGE, json!({})).await.0, 200, "somebody else's budget is another");
    assert_eq!(wait_of(&app.stranger(), "{ publicTenants(first: 10) { nodes { slug } } }", json!({})).await.0, 200);
}

#[tokio::test]
async fn a_person_changes_bookings_so_often_a_minute() {
    let app = TestApp::start_with(&["--rate-bookings=4"], HttpOptions::default()).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let cancel = "mutation { cancelBooking(input: { id: \"booking_01jp97wgybf3x8gas9cb13vw0x\" }) { id } }";
    let request = "mutation($s: DateTime!, $e: DateTime!) { requestBooking(input: { startsAt: $s, endsAt: $e }) { id } }";
    let mut codes = Vec::new();
    for n in 0..12 {
        let span = json!({ "s": format!("2099-03-05T{n:02}:00:00Z"), "e": format!("2099-03-05T{n:02}:30:00Z") });
        codes.push(if n == 0 { wait_of(&learner, cancel, json!({})).await } else { wait_of(&learner, request, span).await });
    }
    let made = codes.iter().skip(1).filter(|(status, code, _)| *status == 200 && code.is_empty()).count();
    // What was refused counts, too; and a minute may have begun meanwhile.
    assert_eq!(codes[0].1, "NOT_FOUND @id");
    assert!((3..=7).contains(&made), "{codes:?}");
    assert_eq!(app.count("booking").await, made as i64);
    assert!(
        codes.iter().filter(|(status, code, wait)| (*status, code.as_str()) == (429, "RATE_LIMITED") && *wait > 0).count() >= 4,
        "{codes:?}"
    );
    // Reading goes on.
    learner.ok("{ bookings(first: 5) { totalCount } }", json!({})).await;
}

#[tokio::test]
async fn replicas_share_a_budget() {
    let app = TestApp::start().await;
    let (one, two) = (replica(&app, &["--rate-cost=1000"]), replica(&app, &["--rate-cost=1000"]));
    let now: jiff::Timestamp = "2099-03-05T12:00:00Z".parse().unwrap();
    let whose: [&[u8]; 1] = [b"somebody"];
    let spend = |engine: &lectern_kernel::execute::Engine, amount| engine.budgets().spend(&COST, &whose, amount, now).is_ok();
    assert!(spend(&one, 900));
    one.budgets().merge().await.unwrap();
    // The other knows nothing of it before it has anything to tell itself.
    assert!(spend(&two, 60));
    two.budgets().merge().await.unwrap();
    assert!(!spend(&two, 60) && spend(&two, 40));
    two.budgets().merge().await.unwrap();
    assert_eq!(app.text("SELECT sum(used)::text FROM used_budget").await.as_deref(), Some("960"), "forty are not worth telling");
    assert!(two.budgets().spend(&COST, &[b"somebody else"], 1000, now).is_ok(), "somebody else");
}

//! What a door without network knows, and what all of it costs.

use serde_json::{Value, json};

use super::{Kind, SCAN, hash, program, ticket};
use crate::app::{TestApp, Who};

const ROSTER: &str =
    "query($p: ID!, $a: String) { checkInRoster(programId: $p, first: 2, after: $a) { totalCount pageInfo { hasNextPage endCursor }
    nodes { ticketId attendeeName productName codeHash validFrom validUntil checkedInAt } } }";

#[tokio::test]
async fn a_roster_holds_the_hashes_of_issued_tickets() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let fair = program(&app, &app.oak, "fair").await;
    let mut tickets = Vec::new();
    for code in ["AAAABBBBCCCCDDDD", "EEEEFFFFGGGGHHHH", "JJJJKKKKMMMMNNNN"] {
        tickets.push(ticket(&app, &fair, code, Kind::default()).await);
    }
    ticket(&app, &fair, "PPPPQQQQRRRRSSSS", Kind { status: "CANCELLED", ..Kind::default() }).await;
    let mut page = ada.ok(ROSTER, json!({ "p": fair })).await["checkInRoster"].take();
    assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let first = json!({ "ticketId": tickets[0], "attendeeName": "AAAABBBBCCCCDDDD", "productName": "Entry", "codeHash": hash("AAAABBBBCCCCDDDD"),
        "validFrom": null, "validUntil": null, "checkedInAt": null });
    assert_eq!(page["nodes"][0], first);
    let rest = ada.ok(ROSTER, json!({ "p": fair, "a": page["pageInfo"]["endCursor"].take() })).await["checkInRoster"]["nodes"].take();
    assert_eq!((rest.as_array().unwrap().len(), &rest[0]["ticketId"]), (1, &json!(tickets[2])));
    // It is for those who check people in, and for the own school.
    for who in [Who::Learner, Who::Viewer] {
        let line = app.sign_in(&app.oak, who).await.refused(ROSTER, json!({ "p": fair })).await;
        assert_eq!(line, "FORBIDDEN [ATTENDEE_CHECK_IN]");
    }
    let stranger = app.sign_in(&app.elm, Who::Instructor).await;
    assert_eq!(stranger.ok(ROSTER, json!({ "p": fair })).await["checkInRoster"]["totalCount"], 0);
    // The hashes are nobody else's: no other field has them.
    assert!(!app.stranger().ok("{ __type(name: \"Ticket\") { fields { name } } }", json!({})).await.to_string().contains("codeHash"));
}

#[tokio::test]
async fn a_hundred_scans_are_one_statement() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let fair = program(&app, &app.oak, "fair").await;
    ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind::default()).await;
    let plain = SCAN.split("{ id").next().unwrap().to_owned() + "{ id outcome attendeeName } }";
    let batch = |size: usize, device: &str| {
        let scans: Vec<Value> = (0..size).map(|n| json!({ "clientId": format!("{device}{n}"), "code": "AAAABBBBCCCCDDDD" })).collect();
        json!({ "i": { "programId": fair, "scans": scans } })
    };
    let one = app.statements(&ada, &plain, batch(1, "a")).await;
    assert_eq!(app.statements(&ada, &plain, batch(100, "b")).await, one);
    let list = "{ checkIns(first: 100) { nodes { id outcome firstScannedAt ticket { id } by { id } } } }";
    let few = "{ checkIns(first: 1) { nodes { id outcome firstScannedAt ticket { id } by { id } } } }";
    assert_eq!(app.statements(&ada, list, json!({})).await, app.statements(&ada, few, json!({})).await);
    let roster = app.statements(&ada, ROSTER, json!({ "p": fair })).await;
    ticket(&app, &fair, "EEEEFFFFGGGGHHHH", Kind::default()).await;
    assert_eq!(app.statements(&ada, ROSTER, json!({ "p": fair })).await, roster);
}

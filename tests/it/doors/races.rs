//! Doors at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Kind, SCAN, program, scan, ticket};
use crate::{
    app::{TestApp, Who},
    orders::{ORDER, PLACE, Shop, order_of, with},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_six_doors_at_once_one_lets_in() {
    let app = TestApp::start().await;
    let ada = &app.sign_in(&app.oak, Who::Instructor).await;
    let fair = program(&app, &app.oak, "fair").await;
    for round in 0..10 {
        let code = format!("RACEAAAAAAAAAA{round:02}");
        ticket(&app, &fair, &code, Kind::default()).await;
        let scans: Vec<_> = (0..6).map(|door| scan(&fair, &format!("{round}-{door}"), &code)).collect();
        let answers = join_all(scans.iter().map(|scan| ada.ok(SCAN, scan.clone()))).await;
        let of = |outcome: &str| answers.iter().filter(|answer| answer["checkIn"][0]["outcome"] == outcome).count();
        assert_eq!((of("ADMITTED"), of("DUPLICATE")), (1, 5), "{answers:?}");
        let moment = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let first = answers.iter().map(|answer| moment(answer["checkIn"][0]["scannedAt"].as_str().unwrap())).min();
        let kept = app
            .text(&format!(
                "SELECT app.rfc3339(t.checked_in_at) FROM ticket t JOIN attendee a ON a.id = t.attendee_id WHERE a.name = '{code}'"
            ))
            .await;
        assert_eq!(kept.as_deref().map(moment), first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_with_the_same_tickets_and_the_same_scans_at_once_agree() {
    let app = TestApp::start().await;
    let ada = &app.sign_in(&app.oak, Who::Instructor).await;
    let fair = &program(&app, &app.oak, "fair").await;
    let codes: Vec<String> = (0..8).map(|n| format!("BATCHAAAAAAAAA{n:02}")).collect();
    for code in &codes {
        ticket(&app, fair, code, Kind::default()).await;
    }
    // Two devices send all, in opposite orders; each of them twice, because it got no answer.
    let batch = |device: &str, codes: &mut dyn Iterator<Item = &String>| {
        let scans: Vec<_> = codes.map(|code| json!({ "clientId": format!("{device}-{code}"), "code": code })).collect();
        json!({ "i": { "programId": fair, "scans": scans } })
    };
    let (one, other) = (batch("one", &mut codes.iter()), batch("other", &mut codes.iter().rev()));
    let answers = join_all([&one, &other, &one, &other].map(|scans| ada.ok(SCAN, scans.clone()))).await;
    let said = |answer: &Value| {
        let scans = answer["checkIn"].as_array().unwrap();
        scans.iter().map(|scan| format!("{} {}", scan["id"], scan["outcome"])).collect::<Vec<_>>()
    };
    assert_eq!((said(&answers[0]), said(&answers[1])), (said(&answers[2]), said(&answers[3])));
    assert_eq!(app.count("check_in WHERE outcome = 'ADMITTED'").await, 8);
    assert_eq!(app.count("check_in WHERE outcome = 'DUPLICATE'").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_lets_somebody_in_or_is_given_back() {
    let shop = Shop::start(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let ada = shop.app.sign_in(&shop.app.oak, Who::Instructor).await;
    let day = shop.product(json!({ "name": "Day" })).await;
    for round in 0..8 {
        let cart = with(&shop.cart(&[(&day, 1)]), json!({ "useCredit": false }));
        let bought = shop.buy(&shop.lea, &cart, &format!("one-more-day-{round}")).await;
        let read = shop.lea.ok(ORDER, json!({ "id": bought["id"] })).await;
        let sold = &read["order"]["lines"][0]["tickets"][0];
        let back = with(&shop.cart(&[]), json!({ "returnTicketIds": [sold["id"]] }));
        let back = json!({ "i": order_of(&back, &json!(0), &format!("a-day-back-{round}")) });
        let door = scan(&shop.program, &format!("round-{round}"), sold["code"].as_str().unwrap());
        let (scanned, returned) = tokio::join!(ada.ok(SCAN, door), shop.lea.ask(PLACE, back));
        let is_in = scanned["checkIn"][0]["outcome"] == "ADMITTED";
        let refused = returned["errors"][0]["extensions"]["reason"].as_str();
        assert_eq!(refused, is_in.then_some("TICKET_USED"), "{scanned:#} {returned:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_people_at_ten_doors_who_scan_a_ticket_that_was_sold_one_lets_in_and_the_same_scan_again_is_the_same() {
    let shop = Shop::start(json!({})).await;
    let day = shop.product(json!({ "name": "Day", "stock": 1 })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&day, 1)]), "one-for-all").await;
    let order = shop.lea.ok(ORDER, json!({ "id": bought["id"] })).await["order"].take();
    let code = order["lines"][0]["tickets"][0]["code"].as_str().unwrap();
    let mut staff = Vec::new();
    for n in 0..10 {
        staff.push(shop.app.person(&shop.app.oak, &format!("door{n}@oak.example"), &["INSTRUCTOR"]).await);
    }
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let scans = staff.iter().enumerate().map(|(n, door)| door.ok(SCAN, scan(&shop.program, &format!("device-{n}"), code)));
        let answers = join_all(scans).await;
        rounds.push(answers.into_iter().map(|mut answer| answer["checkIn"][0].take()).collect::<Vec<_>>());
    }
    let of = |outcome: &str| rounds[0].iter().filter(|scan| scan["outcome"] == outcome).count();
    assert_eq!((of("ADMITTED"), of("DUPLICATE")), (1, 9), "{rounds:?}");
    for (n, (first, again)) in rounds[0].iter().zip(&rounds[1]).enumerate() {
        assert_eq!((&first["id"], &first["outcome"], &first["scannedAt"]), (&again["id"], &again["outcome"], &again["scannedAt"]), "{n}");
        assert_eq!(again["by"]["name"], format!("door{n}@oak.example"));
    }
    assert_eq!((shop.app.count("check_in").await, shop.app.count("check_in WHERE outcome = 'ADMITTED'").await), (10, 1));
    // It is their ticket still, and nothing else of it has changed.
    assert_eq!((shop.held(&day).await, shop.app.count("ticket WHERE status = 'ISSUED' AND checked_in_at IS NOT NULL").await), (1, 1));
}

//! Reading calendars from servers that serve, that fail and that mean harm.

use serde_json::{Value, json};

use super::{
    server::{Server, raw},
    *,
};
use crate::app::{TestApp, Who};

/// A service whose calendars may come from this machine, and from no other address of it.
async fn start() -> TestApp {
    TestApp::start_with(&["--calendar-allow=127.0.0.1"], Default::default()).await
}

#[tokio::test]
async fn a_calendar_is_read_at_once_and_again_and_only_what_has_changed() {
    let app = start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let server = Server::start(calendar(&[24, 26])).await;
    let source = of_url(&ada, &server.at("/calendar.ics?key=pssst")).await;
    assert_eq!(state(&ada, &source).await, "PENDING 0");
    app.work().await;
    assert_eq!((state(&ada, &source).await.as_str(), server.asked()), ("OK 2", (1, 0)));
    // The same, asked for with what it was called.
    read_again(&app).await;
    assert_eq!((state(&ada, &source).await.as_str(), server.asked()), ("OK 2", (2, 1)));
    // All of it once a day: what lies further ahead has come nearer.
    app.sql("UPDATE busy_source SET whole_fetched_at = now() - interval '21 hours'").await;
    read_again(&app).await;
    assert_eq!(server.asked(), (3, 1));
    server.say(calendar(&[24, 25, 40]));
    read_again(&app).await;
    assert_eq!((state(&ada, &source).await.as_str(), server.asked()), ("OK 2", (4, 1)), "two hours that touch are one");
    // By hand, once a minute.
    ada.ok(REFRESH, json!({ "id": source })).await;
    assert_eq!(ada.refused(REFRESH, json!({ "id": source })).await, "RATE_LIMITED");
    app.work().await;
    assert_eq!(server.asked().0, 5);
    // A redirect is followed, and counted anew.
    let moved = of_url(&ada, &server.at(&format!("/to/?{}", server.at("/calendar.ics")))).await;
    app.work().await;
    assert_eq!(state(&ada, &moved).await, "OK 2");
    // Neither the address nor anything that stands at it is anywhere to be read.
    for secret in ["pssst", "Secret"] {
        assert_eq!(app.count(&format!("busy_source s WHERE s::text LIKE '%{secret}%'")).await, 0);
        assert_eq!(app.count(&format!("audit_entry a WHERE a::text LIKE '%{secret}%'")).await, 0);
        assert_eq!(app.count(&format!("job j WHERE j::text LIKE '%{secret}%'")).await, 0);
    }
    assert_eq!(ada.ok(DROP, json!({ "id": source })).await["deleteBusySource"], source);
    assert_eq!(app.count("busy_block").await, 2, "of the other one");
}

#[tokio::test]
async fn a_server_that_fails_hangs_or_lies_keeps_what_was_known_and_nobody_waiting() {
    let app = start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let server = Server::start(calendar(&[24])).await;
    let liar = raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\nContent-Length: 99999999999\r\n\r\nBEGIN:VCALENDAR\r\n").await;
    let short = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").await;
    let no_http = raw(b"220 ready\r\n").await;
    let place = |url: &str| server.at(&format!("/to/?{url}"));
    let mut expected = Vec::new();
    for (url, said) in [
        (server.at("/hang"), "UNREACHABLE"),
        (server.at("/drip"), "UNREACHABLE"),
        (server.at("/status/500"), "UNREACHABLE"),
        (server.at("/status/401"), "UNREACHABLE"),
        (server.at("/same"), "UNREACHABLE"),
        (format!("http://{short}/"), "UNREACHABLE"),
        (format!("http://{no_http}/"), "UNREACHABLE"),
        (server.at("/endless"), "TOO_BIG"),
        (format!("http://{liar}/"), "TOO_BIG"),
        (server.at("/status/404"), "GONE"),
    ] {
        expected.push((of_url(&ada, &url).await, format!("FAILED {said} 0"), url));
    }
    app.work().await;
    for (source, said, url) in &expected {
        assert_eq!(state(&ada, source).await, *said, "{url}");
        ada.ok(DROP, json!({ "id": source })).await;
    }
    expected.clear();
    for (url, said) in [
        (server.at("/status/410"), "GONE"),
        (server.at("/page"), "NOT_A_CALENDAR"),
        (place("http://127.0.0.2/calendar.ics"), "NOT_ALLOWED"),
        (place("http://localhost/calendar.ics"), "NOT_ALLOWED"),
        (place("http://169.254.169.254/latest/meta-data"), "NOT_ALLOWED"),
        (place("file:///etc/passwd"), "NOT_ALLOWED"),
        (place(&place(&place(&server.at("/calendar.ics")))), "OK"),
        (place(&place(&place(&place(&server.at("/calendar.ics"))))), "UNREACHABLE"),
    ] {
        let said = if said == "OK" { "OK 1".to_owned() } else { format!("FAILED {said} 0") };
        expected.push((of_url(&ada, &url).await, said, url));
    }
    app.work().await;
    for (source, said, url) in &expected {
        assert_eq!(state(&ada, source).await, *said, "{url}");
    }
    // No job failed: what a stranger's server does is not the service's fault.
    assert_eq!(app.count("job WHERE kind = 'busy.fetch' AND state <> 'SUCCEEDED'").await, 0);
    // Each failure waits longer, up to six hours.
    assert_eq!(
        app.count(
            "busy_source WHERE fetch_failures = 1 AND next_fetch_at BETWEEN now() + interval '11 minutes' AND now() + interval '19 minutes'"
        )
        .await,
        7
    );
    app.sql("UPDATE busy_source SET fetch_failures = 20 WHERE state = 'FAILED'").await;
    read_again(&app).await;
    assert_eq!(
        app.count(
            "busy_source WHERE fetch_failures = 21 AND next_fetch_at BETWEEN now() + interval '4 hours' AND now() + interval '8 hours'"
        )
        .await,
        7
    );
}

#[tokio::test]
async fn a_failure_that_lasts_a_day_is_told_once_and_blocks_stay() {
    let app = start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let server = Server::start(calendar(&[24, 30])).await;
    let source = of_url(&ada, &server.at("/calendar.ics")).await;
    app.work().await;
    assert_eq!(state(&ada, &source).await, "OK 2");
    server.say("Sorry!".to_owned());
    read_again(&app).await;
    assert_eq!(state(&ada, &source).await, "FAILED NOT_A_CALENDAR 2");
    let told = "notification WHERE kind = 'BUSY_SOURCE_FAILED'";
    assert_eq!((app.count("busy_block").await, app.count(told).await), (2, 0));
    app.sql("UPDATE busy_source SET fetch_failing_at = now() - interval '25 hours'").await;
    for _ in 0..3 {
        read_again(&app).await;
    }
    assert_eq!((app.count("busy_block").await, app.count(told).await), (2, 1), "once");
    let notice = ada.ok("{ notifications { nodes { kind title } } }", json!({})).await["notifications"]["nodes"][0].take();
    assert_eq!(notice, json!({ "kind": "BUSY_SOURCE_FAILED", "title": "Your calendar can't be read: Private" }));
    server.say(calendar(&[50]));
    read_again(&app).await;
    assert_eq!(state(&ada, &source).await, "OK 1");
    // Nobody reads for who can't teach.
    app.sql(&format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'", crate::classroom::uuid(&ada.user_id))).await;
    let before = server.asked();
    read_again(&app).await;
    assert_eq!(server.asked(), before);
}

#[tokio::test]
async fn what_comes_back_through_another_calendar_blocks_nothing() {
    let app = start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let eve = app.sign_in(&app.elm, Who::Learner).await;
    let own = crate::feeds::booked(&app, &app.oak, &learner, Some(&ada), "ASSIGNED", 24).await;
    let foreign = crate::feeds::booked(&app, &app.elm, &eve, None, "REQUESTED", 30).await;
    let (_, url) = crate::feeds::feed(&ada, json!({ "name": "To my other calendar" })).await;
    let mut text = crate::feeds::get(&ada, &url).await.2;
    assert!(text.contains(own.as_str().unwrap()));
    // Of another school's booking nobody knows here.
    text = text.replace(
        "END:VCALENDAR\r\n",
        &calendar(&[30])
            .replace("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n", "")
            .replace("30@elsewhere.example", &format!("{}@lectern", foreign.as_str().unwrap())),
    );
    let server = Server::start(text.clone()).await;
    let source = of_url(&ada, &server.at("/calendar.ics")).await;
    app.work().await;
    assert_eq!(state(&ada, &source).await, "OK 1", "the other school's, as anybody's");
    let file = of_file(&ada, &text).await;
    assert_eq!(state(&ada, &file).await, "OK 1");
    let sources = ada.ok("{ busySources { id host nextFetchAt } }", json!({})).await["busySources"].take();
    assert_eq!((&sources[0]["host"], &sources[0]["nextFetchAt"], &sources[1]["host"]), (&Value::Null, &Value::Null, &json!("127.0.0.1")));
}

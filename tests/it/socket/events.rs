//! Events: who hears what, and for how long.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use lectern::http::{HttpOptions, SocketOptions};
use lectern_kernel::{db::Identity, ids};
use serde_json::{Value, json};

use super::{CHANGED, PATIENCE, Socket};
use crate::app::{Client, TestApp, Who};

#[allow(clippy::disallowed_methods, reason = "a test stands outside of every request")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Requests a booking some hours into next week, and answers its id.
pub(super) async fn request(learner: &Client, hour: i64) -> Value {
    let starts = now() + SignedDuration::from_hours(24 * 7 + hour);
    let input = json!({ "startsAt": starts.to_string(), "endsAt": (starts + SignedDuration::from_mins(30)).to_string() });
    let made = learner.ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", json!({ "i": input })).await;
    made["requestBooking"]["id"].clone()
}

async fn approve(admin: &Client, id: &Value) {
    admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": id })).await;
}

/// A socket that listens: no change that is committed from now on is missed.
pub async fn listening(app: &TestApp, client: &Client) -> Socket {
    let mut socket = Socket::of(client).await;
    let before = app.engine.live().interests();
    socket.subscribe("1", CHANGED).await;
    // What is said after it is answered after its beginning.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    assert!(app.engine.live().interests() > before);
    socket
}

#[tokio::test]
async fn the_first_listener_of_a_process_misses_nothing_once_it_is_answered() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    // A writer is under way: nobody can begin to listen to that school before its commit.
    let (writer, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let hold = format!("BEGIN; SELECT pg_advisory_xact_lock(7201, hashtext('{} booking'))", app.oak.tenant);
    writer.batch_execute(&hold).await.unwrap();
    let mut socket = Socket::of(&admin).await;
    socket.subscribe("1", CHANGED).await;
    socket.subscribe("2", "{ __typename }").await;
    socket.subscribe("3", "{ nothing }").await;
    socket.say(json!({ "type": "ping" })).await;
    let early = tokio::time::timeout(Duration::from_millis(300), socket.hear()).await;
    assert!(early.is_err(), "answered before it listens: {early:?}");
    writer.batch_execute("COMMIT").await.unwrap();
    let mut answers: Vec<String> = Vec::new();
    while answers.len() < 4 {
        let answer = socket.hear().await;
        answers.push(format!("{} {}", answer["id"].as_str().unwrap_or_default(), answer["type"].as_str().unwrap()));
    }
    answers.sort();
    assert_eq!(answers, [" pong", "2 complete", "2 next", "3 error"]);
    let booking = request(&learner, 1).await;
    assert_eq!(event(&socket.hear().await).0, booking.as_str().unwrap());
}

#[tokio::test]
async fn whoever_is_answered_first_hears_of_what_comes_next() {
    for way in ["ping", "query"] {
        let app = TestApp::start().await;
        let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
        let mut socket = Socket::of(&admin).await;
        socket.subscribe("1", CHANGED).await;
        match way {
            "ping" => {
                socket.say(json!({ "type": "ping" })).await;
                assert_eq!(socket.hear().await["type"], "pong");
            }
            _ => {
                socket.subscribe("2", "{ __typename }").await;
                assert_eq!(socket.hear().await["type"], "next");
                assert_eq!(socket.hear().await["type"], "complete");
            }
        }
        let booking = request(&learner, 1).await;
        assert_eq!(event(&socket.hear().await).0, booking.as_str().unwrap(), "{way}");
    }
}

/// The locks of schools that somebody listens to.
async fn locks(app: &TestApp, which: &str) -> i64 {
    let ours = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    app.count(&format!("pg_locks WHERE locktype = 'advisory' AND classid = 7201 AND mode = 'ShareLock' AND granted AND {ours} AND {which}"))
        .await
}

fn event(message: &Value) -> (String, String) {
    let booking = &message["payload"]["data"]["bookingChanged"];
    assert_eq!(message["type"], "next", "{message}");
    (booking["id"].as_str().unwrap_or_default().to_owned(), booking["status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn everybody_hears_of_the_bookings_that_they_may_see_and_of_no_other() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let other = app.person(&app.oak, "other@oak.example", &["LEARNER"]).await;
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    let foreign_learner = app.sign_in(&app.elm, Who::Learner).await;
    let mut of_learner = listening(&app, &learner).await;
    let mut of_admin = listening(&app, &admin).await;
    let mut of_other = listening(&app, &other).await;
    let mut of_foreign = listening(&app, &foreign).await;
    let booking = request(&learner, 1).await;
    let expected = (booking.as_str().unwrap().to_owned(), "REQUESTED".to_owned());
    assert_eq!(event(&of_learner.hear().await), expected);
    assert_eq!(event(&of_admin.hear().await), expected);
    approve(&admin, &booking).await;
    let expected = (expected.0, "APPROVED".to_owned());
    assert_eq!(event(&of_learner.hear().await), expected);
    let told = of_admin.hear().await;
    assert_eq!(event(&told), expected);
    assert_eq!(told["payload"]["data"]["bookingChanged"]["student"]["id"], *learner.user_id);

    // The first that the others hear is of their own.
    let own = request(&other, 5).await;
    assert_eq!(event(&of_other.hear().await).0, own.as_str().unwrap());
    let own = request(&foreign_learner, 5).await;
    assert_eq!(event(&of_foreign.hear().await).0, own.as_str().unwrap());

    // Over is over; and where nobody listens, nothing is announced.
    of_admin.say(json!({ "id": "1", "type": "complete" })).await;
    drop((of_learner, of_other, of_foreign));
    let began = Instant::now();
    while locks(&app, "true").await > 0 {
        assert!(began.elapsed() < PATIENCE, "a lock of nobody stays");
        tokio::task::yield_now().await;
    }
    request(&learner, 9).await;
    of_admin.subscribe("last", "{ __typename }").await;
    while of_admin.hear().await["id"] != "last" {}
}

#[tokio::test]
async fn a_refused_change_is_no_event() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut socket = listening(&app, &admin).await;
    let first = request(&learner, 1).await;
    assert_eq!(event(&socket.hear().await).0, first.as_str().unwrap());
    // Taken back with its document: the second field fails.
    let both = "mutation($id: ID!) { approveBooking(id: $id) { id } completeBooking(id: $id) { id } }";
    admin.refused(both, json!({ "id": first })).await;
    approve(&admin, &first).await;
    assert_eq!(event(&socket.hear().await).1, "APPROVED");
    let second = request(&learner, 3).await;
    assert_eq!(event(&socket.hear().await), (second.as_str().unwrap().to_owned(), "REQUESTED".to_owned()), "one event, not two");
}

#[tokio::test]
async fn an_update_without_a_difference_is_no_event() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut socket = listening(&app, &admin).await;
    let booking = request(&learner, 1).await;
    assert_eq!(event(&socket.hear().await), (booking.as_str().unwrap().to_owned(), "REQUESTED".to_owned()));
    let mut the_same =
        learner.ok("query($id: ID!) { booking(id: $id) { id startsAt endsAt } }", json!({ "id": booking })).await["booking"].take();
    let move_to = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { status } }";
    learner.ok(move_to, json!({ "i": the_same })).await;
    approve(&admin, &booking).await;
    assert_eq!(event(&socket.hear().await).1, "APPROVED");
    learner.ok(move_to, json!({ "i": the_same })).await;
    let second = request(&learner, 3).await;
    assert_eq!(event(&socket.hear().await), (second.as_str().unwrap().to_owned(), "REQUESTED".to_owned()), "and nothing before it");
    // What makes a difference is one.
    let ends: Timestamp = the_same["endsAt"].as_str().unwrap().parse().unwrap();
    the_same["endsAt"] = json!((ends + SignedDuration::from_mins(15)).to_string());
    learner.ok(move_to, json!({ "i": the_same })).await;
    assert_eq!(event(&socket.hear().await).0, booking.as_str().unwrap());
}

#[tokio::test]
async fn whoever_is_signed_out_hears_nothing_more() {
    let sockets = SocketOptions { recheck_every: Duration::from_millis(50), ..SocketOptions::default() };
    for (sockets, has_event) in [(SocketOptions::default(), true), (sockets, false)] {
        let app = TestApp::start_with(&[], HttpOptions { sockets, ..HttpOptions::default() }).await;
        let learner = app.sign_in(&app.oak, Who::Learner).await;
        let teacher = app.sign_in(&app.oak, Who::Admin).await;
        let mut socket = listening(&app, &teacher).await;
        let again = app.sign_in_as(&app.oak, "admin@oak.example", crate::app::PASSWORD).await;
        again.ok("mutation { logoutEverywhere }", json!({})).await;
        if has_event {
            request(&learner, 1).await;
        }
        assert_eq!(socket.closed().await, 4403);
        let mut anew = Socket::open(&app.url).await;
        anew.say(super::init(&teacher)).await;
        assert_eq!(anew.closed().await, 4403, "nor can they begin anew");
    }
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let tokens = &app.engine.services().tokens;
    let identity: Identity = tokens.verify(learner.token.as_deref().unwrap()).unwrap().identity();
    let issued = tokens.access(identity, 0, now() - SignedDuration::from_mins(15) + SignedDuration::from_secs(6)).unwrap();
    let mut socket = Socket::of(&Client { token: Some(issued.text), ..learner }).await;
    socket.subscribe("1", CHANGED).await;
    assert_eq!(socket.closed().await, 4403);
}

#[tokio::test]
async fn a_lapsed_school_hears_nothing() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let booking = request(&learner, 1).await;
    let mut socket = listening(&app, &admin).await;
    app.sql(&format!("UPDATE tenant SET subscription_end = now() WHERE tenant_id = '{}'", app.oak.tenant)).await;
    let (_, id) = ids::decode(booking.as_str().unwrap()).unwrap();
    app.sql(&format!("UPDATE booking SET notes = 'changed' WHERE id = '{id}'")).await;
    let refused = socket.hear().await;
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("SUBSCRIPTION_EXPIRED")),
        "{refused}"
    );
    socket.subscribe("2", CHANGED).await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "SUBSCRIPTION_EXPIRED");
}

#[tokio::test]
async fn a_lost_connection_to_the_database_is_told_and_mended() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut socket = listening(&app, &admin).await;
    app.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7201 AND mode = 'ShareLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await;
    assert_eq!(socket.closed().await, 1012, "events may have been missed");
    let mut socket = listening(&app, &admin).await;
    let booking = request(&learner, 1).await;
    assert_eq!(event(&socket.hear().await).0, booking.as_str().unwrap());
}

#[tokio::test]
async fn who_does_not_listen_holds_up_nobody() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let deaf = listening(&app, &admin).await;
    let mut socket = listening(&app, &learner).await;
    let booking = request(&learner, 1).await;
    assert_eq!(event(&socket.hear().await).0, booking.as_str().unwrap());
    let (_, id) = ids::decode(booking.as_str().unwrap()).unwrap();
    for n in 0..300 {
        app.sql(&format!("UPDATE booking SET notes = repeat('{n}', 2000) WHERE id = '{id}'")).await;
    }
    approve(&admin, &booking).await;
    while event(&socket.hear().await).1 != "APPROVED" {}
    drop(deaf);
}

//! Bookings by day: whose day it is says the time zone.

use serde_json::{Value, json};

use super::pairs;
use crate::app::{Client, TestApp, Who};

const DAYS: &str = "query($from: DateTime, $to: DateTime, $zone: String) {
    reports(from: $from, to: $to) { bookingsPerDay(timeZone: $zone) { date count } overview { bookings } } }";

/// Bookings of half an hour that begin at these moments, in the school of oak.
async fn book(app: &TestApp, starts: &[&str]) {
    for start in starts {
        app.sql(&format!(
            "SET session_replication_role = replica;
             INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at) SELECT tenant_id, app.uuid_v7(), id, ({start})::timestamptz, ({start})::timestamptz + interval '30 minutes'
                 FROM app_user WHERE tenant_id = '{}' AND email = 'learner@oak.example';
             SET session_replication_role = origin",
            app.oak.tenant
        ))
        .await;
    }
}

async fn days(client: &Client, from: &str, to: &str, zone: Option<&str>) -> Value {
    let reports = client.ok(DAYS, json!({ "from": from, "to": to, "zone": zone })).await["reports"].take();
    let days = pairs(&reports["bookingsPerDay"], "date");
    let sum: i64 = days.as_array().unwrap().iter().map(|day| day[1].as_i64().unwrap()).sum();
    assert_eq!(sum, reports["overview"]["bookings"], "every booking of the range falls on one of its days");
    days
}

#[tokio::test]
async fn a_booking_counts_on_the_date_that_the_clock_on_the_wall_shows() {
    let app = TestApp::start().await;
    // Around the 29th of March, when the clocks of Berlin go from two to three.
    book(&app, &["'2026-03-28T22:30:00Z'", "'2026-03-28T23:30:00Z'", "'2026-03-29T21:59:00Z'", "'2026-03-29T22:00:00Z'"]).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (from, to) = ("2026-03-27T23:00:00Z", "2026-03-31T22:00:00Z");
    let berlin = json!([["2026-03-28", 1], ["2026-03-29", 2], ["2026-03-30", 1], ["2026-03-31", 0]]);
    assert_eq!(days(&admin, from, to, Some("Europe/Berlin")).await, berlin);
    assert_eq!(days(&admin, from, to, None).await, berlin, "the school's own");
    assert_eq!(
        days(&admin, from, to, Some("UTC")).await,
        json!([["2026-03-27", 0], ["2026-03-28", 2], ["2026-03-29", 2], ["2026-03-30", 0], ["2026-03-31", 0]])
    );
    assert_eq!(
        days(&admin, from, to, Some("Pacific/Auckland")).await,
        json!([["2026-03-28", 0], ["2026-03-29", 2], ["2026-03-30", 2], ["2026-03-31", 0], ["2026-04-01", 0]])
    );
    app.sql(&format!("UPDATE tenant SET time_zone = 'Pacific/Auckland' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    assert_eq!(days(&admin, from, to, None).await.as_array().unwrap().len(), 5);

    // And back, on the 25th of October: the hour from two to three comes twice.
    book(
        &app,
        &["'2026-10-24T22:00:00Z'", "'2026-10-25T00:30:00Z'", "'2026-10-25T01:30:00Z'", "'2026-10-25T22:59:59Z'", "'2026-10-25T23:00:00Z'"],
    )
    .await;
    assert_eq!(
        days(&admin, "2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", Some("Europe/Berlin")).await,
        json!([["2026-10-25", 4], ["2026-10-26", 1]])
    );
    // Only what lies within the range, also of the first and the last day.
    assert_eq!(days(&admin, "2026-10-25T01:00:00Z", "2026-10-25T23:00:00Z", Some("Europe/Berlin")).await, json!([["2026-10-25", 2]]));
    // Midnight that the clocks skip: the day begins at one.
    book(&app, &["'2018-11-04T03:00:00Z'", "'2018-11-04T02:59:00Z'"]).await;
    assert_eq!(
        days(&admin, "2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z", Some("America/Sao_Paulo")).await,
        json!([["2018-11-03", 1], ["2018-11-04", 1]])
    );
}

#[tokio::test]
async fn unless_told_otherwise_it_is_the_last_thirty_days_and_today() {
    let app = TestApp::start().await;
    app.sql("UPDATE tenant SET time_zone = 'UTC'").await;
    let today = "date_trunc('day', now(), 'UTC')";
    let starts = [
        format!("{today} - interval '30 days' + interval '23 hours 59 minutes'"),
        format!("{today} - interval '29 days'"),
        today.to_string(),
        format!("{today} + interval '23 hours 59 minutes'"),
        format!("{today} + interval '24 hours'"),
    ];
    book(&app, &starts.each_ref().map(String::as_str)).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let reports = admin.ok(DAYS, json!({})).await["reports"].take();
    let series = reports["bookingsPerDay"].as_array().unwrap();
    assert_eq!(series.len(), 30);
    assert_eq!((&series[0]["count"], &series[29]["count"]), (&json!(1), &json!(2)));
    assert_eq!(series.iter().map(|day| day["count"].as_i64().unwrap()).sum::<i64>(), 3);
    assert_eq!(series[29]["date"].as_str(), app.text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')").await.as_deref());
    assert_eq!(reports["overview"]["bookings"], 5, "the overview is of all time");
    // From some day until today; the thirty days before some day.
    let from = app.text("SELECT to_char(now() AT TIME ZONE 'UTC' - interval '9 days', 'YYYY-MM-DD\"T00:00:00Z\"')").await.unwrap();
    assert_eq!(admin.ok(DAYS, json!({ "from": from })).await["reports"]["bookingsPerDay"].as_array().unwrap().len(), 10);
    let series = admin.ok(DAYS, json!({ "to": "2026-03-01T00:00:00Z" })).await["reports"]["bookingsPerDay"].take();
    assert_eq!((&series[0]["date"], &series[29]["date"], &series[30]), (&json!("2026-01-30"), &json!("2026-02-28"), &Value::Null));
}

#[tokio::test]
async fn wrong_zones_and_endless_ranges_are_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let refused =
        async |from: &str, to: Option<&str>, zone: &str| admin.refused(DAYS, json!({ "from": from, "to": to, "zone": zone })).await;
    for zone in ["", "Europe/Atlantis", "Berlin", "+01:00", "Europe/Berlin\u{0}", &"x".repeat(5000)] {
        assert_eq!(refused("2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z"), zone).await, "BAD_USER_INPUT @timeZone", "{zone:?}");
    }
    let year = async |to: &str| admin.ask(DAYS, json!({ "from": "2027-01-01T00:00:00Z", "to": to, "zone": "UTC" })).await;
    assert_eq!(year("2028-01-02T00:00:00Z").await["data"]["reports"]["bookingsPerDay"].as_array().unwrap().len(), 366);
    for to in ["2028-01-02T00:00:01Z", "2999-01-01T00:00:00Z"] {
        assert_eq!(refused("2027-01-01T00:00:00Z", Some(to), "UTC").await, "BAD_USER_INPUT @to");
    }
    assert_eq!(refused("1900-01-01T00:00:00Z", Some("2999-12-31T00:00:00Z"), "Pacific/Apia").await, "BAD_USER_INPUT @to");
    assert_eq!(refused("2999-12-31T23:00:00Z", None, "Pacific/Kiritimati").await, "BAD_USER_INPUT @to");
}

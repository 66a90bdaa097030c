//! Moments are RFC 3339 and nothing else, and time zones are those of IANA; a refusal says what is missing.

use serde_json::{Value, json};

use crate::app::{TestApp, Who, refusal};

const LOG: &str = "query($from: DateTime) { auditLog(first: 1, filter: { from: $from }) { totalCount } }";
const BOOK: &str = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { startsAt endsAt } }";
const NO_MOMENT: &str = "must be an RFC 3339 date-time between the years 1900 and 2999, such as \"2026-11-20T09:30:00Z\".";
const NO_OFFSET: &str = "must end with its offset from UTC: Z, or one such as +02:00.";
const WRONG_OFFSET: &str = "must end with its offset from UTC: Z, or hours and minutes from -23:59 to +23:59, such as +02:00.";

#[tokio::test]
async fn a_moment_that_is_not_rfc_3339_is_refused_with_what_would_be_right() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (text, said) in [
        ("2026-11-20T09:30:60Z", "must have a second from 00 to 59."),
        ("2016-12-31T23:59:60Z", "must have a second from 00 to 59."),
        ("2026-11-20T09:30:00", NO_OFFSET),
        ("2026-11-20T09:30:00.5", NO_OFFSET),
        ("2026-11-20T09:30:00+25:59", WRONG_OFFSET),
        ("2026-11-20T09:30:00+24:00", WRONG_OFFSET),
        ("2026-11-20T09:30:00+01:60", WRONG_OFFSET),
        ("2026-11-20T09:30:00+01", WRONG_OFFSET),
        ("2026-11-20T09:30:00+0100", WRONG_OFFSET),
        ("2026-11-20T09:30:00+01:00:30", WRONG_OFFSET),
        ("2026-11-20T09:30:00 +01:00", WRONG_OFFSET),
        ("2026-11-20T09:30:00Z[UTC]", WRONG_OFFSET),
        ("2026-11-20T09:30:00,5Z", WRONG_OFFSET),
        ("2026-11-20T09:30:00.Z", NO_MOMENT),
        ("2026-11-20 09:30:00Z", NO_MOMENT),
        ("2026-11-20T09:30Z", NO_MOMENT),
        ("2026-11-20", NO_MOMENT),
        ("20261120T093000Z", NO_MOMENT),
        ("2026-02-30T09:30:00Z", NO_MOMENT),
        ("2026-11-20T24:00:00Z", NO_MOMENT),
        ("+002026-11-20T09:30:00Z", NO_MOMENT),
        ("2026-11-20T09:30:0éZ", NO_MOMENT),
        ("3000-01-01T00:00:00Z", NO_MOMENT),
        ("", NO_MOMENT),
    ] {
        let literal = format!("{{ auditLog(first: 1, filter: {{ from: {} }}) {{ totalCount }} }}", json!(text));
        for answer in [admin.ask(LOG, json!({ "from": text })).await, admin.ask(&literal, json!({})).await] {
            assert_eq!(answer["errors"][0]["message"], format!("`filter.from` {said}"), "{text} {answer}");
            assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT @filter.from");
            assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
        }
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let input = json!({ "i": { "startsAt": "2099-01-01T10:00:00", "endsAt": "2099-01-01T11:00:00Z" } });
    let answer = learner.ask(BOOK, input).await;
    assert_eq!(answer["errors"][0]["message"], format!("`startsAt` {NO_OFFSET}"));
    assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT @startsAt");
}

#[tokio::test]
async fn every_form_of_rfc_3339_is_taken_and_answered_in_utc() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for (text, answered) in [
        ("2099-01-01T10:00:00Z", "2099-01-01T10:00:00Z"),
        ("2099-01-01t10:00:00z", "2099-01-01T10:00:00Z"),
        ("2099-01-01T10:00:00+23:59", "2098-12-31T10:01:00Z"),
        ("2099-01-01T10:00:00-23:59", "2099-01-02T09:59:00Z"),
        ("2099-01-01T10:00:00-00:00", "2099-01-01T10:00:00Z"),
        ("2099-01-01T10:00:00.123456789012Z", "2099-01-01T10:00:00.123456Z"),
        ("2099-01-01T10:00:00.5+05:30", "2099-01-01T04:30:00.5Z"),
    ] {
        let end = answered.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_hours(1);
        let booked = learner.ok(BOOK, json!({ "i": { "startsAt": text, "endsAt": end.to_string() } })).await;
        assert_eq!(booked["requestBooking"]["startsAt"], answered, "{text}");
    }
}

#[tokio::test]
async fn a_time_zone_is_one_of_ianas() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let query = "query($z: String) { calendar(from: \"2026-03-01T00:00:00Z\", to: \"2026-03-03T00:00:00Z\", timeZone: $z) { __typename } }";
    for zone in ["Europe/Berlin", "europe/berlin", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"] {
        admin.ok(query, json!({ "z": zone })).await;
    }
    for zone in
        ["localtime", "posixrules", "Factory", "factory", "posix/Europe/Berlin", "right/UTC", "Etc/Unknown", "+02:00", "Mars/Olympus", ""]
    {
        let answer: Value = admin.ask(query, json!({ "z": zone })).await;
        assert_eq!(answer["errors"][0]["message"], "`timeZone` must be an IANA time zone such as Europe/Berlin.", "{zone}");
    }
}

#[tokio::test]
async fn reports_take_the_same_time_zones() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for field in ["bookingsPerDay(timeZone: $z) { count }", "activity(timeZone: $z) { events }"] {
        let query = format!("query($z: String) {{ reports {{ {field} }} }}");
        for zone in ["localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/UTC"] {
            assert_eq!(admin.refused(&query, json!({ "z": zone })).await, "BAD_USER_INPUT @timeZone", "{field} {zone}");
        }
        for zone in ["europe/berlin", "UTC"] {
            admin.ok(&query, json!({ "z": zone })).await;
        }
    }
}

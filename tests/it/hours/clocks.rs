//! Rules over changes of clocks: a time on the wall is the first moment at which the clock shows it, or has passed it.

use serde_json::json;

use super::*;
use crate::app::{TestApp, Who};

const ALL_WEEK: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

#[tokio::test]
async fn rules_keep_the_walls_clock_where_clocks_change() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let rule = "mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id } }";
    for (zone, from, until, range, expected) in [
        // Nine o'clock is an hour earlier in UTC from the last Sunday of March on, and later again from that of October.
        (
            "Europe/Berlin",
            "09:00",
            "10:00",
            ("2027-03-27T00:00:00Z", "2027-03-29T00:00:00Z"),
            "03-27T08:00/03-27T09:00 03-28T07:00/03-28T08:00",
        ),
        (
            "Europe/Berlin",
            "09:00",
            "10:00",
            ("2027-10-30T00:00:00Z", "2027-11-01T00:00:00Z"),
            "10-30T07:00/10-30T08:00 10-31T08:00/10-31T09:00",
        ),
        // Half past two does not come: it is the moment of the change, three o'clock. So the first hour has only its half, the second nothing.
        ("Europe/Berlin", "01:30", "02:30", ("2027-03-28T00:00:00Z", "2027-03-28T12:00:00Z"), "03-28T00:30/03-28T01:00"),
        ("Europe/Berlin", "02:00", "03:00", ("2027-03-28T00:00:00Z", "2027-03-28T12:00:00Z"), ""),
        ("Europe/Berlin", "02:30", "04:00", ("2027-03-28T00:00:00Z", "2027-03-28T12:00:00Z"), "03-28T01:00/03-28T02:00"),
        // Half past two comes twice: it is the first. From there to four there are two hours and a half.
        ("Europe/Berlin", "02:30", "04:00", ("2027-10-31T00:00:00Z", "2027-10-31T12:00:00Z"), "10-31T00:30/10-31T03:00"),
        ("Europe/Berlin", "02:00", "03:00", ("2027-10-31T00:00:00Z", "2027-10-31T12:00:00Z"), "10-31T00:00/10-31T02:00"),
        // A whole day has 23 hours, and 25.
        ("Europe/Berlin", "00:00", "24:00", ("2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"), "03-27T23:00/03-28T22:00"),
        ("Europe/Berlin", "00:00", "24:00", ("2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"), "10-30T22:00/10-31T23:00"),
        ("America/New_York", "22:00", "06:00", ("2027-03-13T12:00:00Z", "2027-03-14T20:00:00Z"), "03-14T03:00/03-14T10:00"),
        ("America/New_York", "22:00", "06:00", ("2027-11-06T12:00:00Z", "2027-11-07T20:00:00Z"), "11-07T02:00/11-07T11:00"),
        // Half an hour on Lord Howe Island.
        ("Australia/Lord_Howe", "01:00", "03:00", ("2027-10-02T12:00:00Z", "2027-10-02T22:00:00Z"), "10-02T14:30/10-02T16:00"),
        ("Australia/Lord_Howe", "01:00", "03:00", ("2027-04-03T12:00:00Z", "2027-04-03T22:00:00Z"), "04-03T14:00/04-03T16:30"),
    ] {
        let input = json!({ "weekdays": ALL_WEEK, "from": from, "until": until, "timeZone": zone, "validFrom": "2027-01-01" });
        let id = ada.ok(rule, json!({ "i": input })).await["createAvailabilityRule"]["id"].take();
        let days = if until < from { "UTC" } else { zone }; // whose midnights cut nothing here
        assert_eq!(free(&ada, &ada.user_id, days, range.0, range.1).await, expected, "{zone} {from} {until} {range:?}");
        ada.ok(DROP_RULE, json!({ "id": id })).await;
    }
}

#[tokio::test]
async fn a_wall_time_is_the_first_moment_at_which_its_clock_shows_it_or_has_passed_it() {
    let app = TestApp::start().await;
    for (zone, wall, moment) in [
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59"),
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45"),
        // Midnight that was skipped, and an evening that came twice.
        ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04T03:00"),
        ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18T01:30"),
        // A date that was skipped.
        ("Pacific/Apia", "2011-12-29 24:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-30 17:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31 09:00", "2011-12-30T19:00"),
    ] {
        let sql = format!("SELECT to_char(app.wall_moment('{zone}', '{wall}') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI')");
        assert_eq!(app.text(&sql).await.as_deref(), Some(moment), "{zone} {wall}");
    }
    // By its own words, over every quarter of an hour around many changes.
    let strays = "(SELECT z.zone, w.wall, app.wall_moment(z.zone, w.wall) AS at \
         FROM unnest('{Europe/Berlin,Europe/Dublin,America/New_York,America/Havana,America/Sao_Paulo,Australia/Lord_Howe,Pacific/Apia,Africa/Casablanca,Antarctica/Troll}'::text[]) AS z(zone), \
              unnest('{2026-03-28,2026-10-24,2018-02-16,2018-11-02,2011-12-29,2026-04-04,2026-10-03,2026-03-07,2026-02-14}'::timestamp[]) AS d(day), \
              LATERAL (SELECT d.day + n * interval '15 minutes' FROM generate_series(0, 4 * 72) AS n) AS w(wall)) AS m \
         WHERE m.at AT TIME ZONE m.zone < m.wall OR (m.at - interval '1 second') AT TIME ZONE m.zone >= m.wall \
            OR EXISTS (SELECT FROM generate_series(1, 60) AS n WHERE (m.at - n * interval '30 minutes') AT TIME ZONE m.zone >= m.wall)";
    assert_eq!(app.count(strays).await, 0);
}

//! The calendar: the days of a zone, the bookings one sees, and what is left free whether one sees why or not.

use serde_json::{Value, json};

use super::*;

const CALENDAR: &str = "query($from: DateTime!, $to: DateTime!, $i: ID, $z: String) { calendar(from: $from, to: $to, instructorId: $i, timeZone: $z) { \
    days { date bookings { id } free { startsAt endsAt instructor { name } } } } }";

/// A calendar in short: each day's date, bookings by the names given, and free spans.
async fn calendar(client: &Client, variables: Value, names: &[(&str, &Value)]) -> Vec<String> {
    let answer = client.ok(CALENDAR, variables).await;
    let short = |at: &Value| at.as_str().unwrap()[5..16].to_owned();
    let days = answer["calendar"]["days"].as_array().unwrap().iter().map(|day| {
        let bookings = day["bookings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|booking| names.iter().find(|(_, id)| **id == booking["id"]).map_or("?", |(name, _)| name));
        let free = day["free"].as_array().unwrap().iter().map(|slot| {
            let name = slot["instructor"]["name"].as_str().unwrap().split(' ').next().unwrap();
            format!("{}/{} {name}", short(&slot["startsAt"]), short(&slot["endsAt"]))
        });
        format!("{}: {} | {}", day["date"].as_str().unwrap(), bookings.collect::<Vec<_>>().join(" "), free.collect::<Vec<_>>().join(", "))
    });
    days.collect()
}

/// Puts a booking or availability at an absolute time.
async fn put(app: &TestApp, instructor: &Client, student: Option<(&Client, &str)>, from: &str, to: &str) -> Value {
    let id = Uuid::now_v7();
    let (tenant, teacher) = (app.oak.tenant, uuid_of(instructor));
    let sql = match student {
        None => format!(
            "INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at) VALUES ('{tenant}', '{id}', '{teacher}', '{from}', '{to}')"
        ),
        Some((student, status)) => {
            let assigned = if matches!(status, "ASSIGNED" | "COMPLETED" | "CANCELLED") { format!("'{teacher}'") } else { "NULL".into() };
            format!(
                "INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, status, starts_at, ends_at) \
                 VALUES ('{tenant}', '{id}', '{}', '{teacher}', {assigned}, '{status}', '{from}', '{to}')",
                uuid_of(student)
            )
        }
    };
    app.sql(&sql).await;
    json!(ids::encode("booking", id))
}

#[tokio::test]
async fn a_calendar_shows_what_one_sees_and_takes_off_what_one_does_not() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let bob = person_with(&app, &app.oak, "bob", &["BOOKING_REQUEST"]).await;
    // Two pieces that adjoin, one that lies within; the admin is free through two midnights.
    put(&app, &ada, None, "2027-03-01T08:00Z", "2027-03-01T10:00Z").await;
    put(&app, &ada, None, "2027-03-01T10:00Z", "2027-03-01T16:00Z").await;
    put(&app, &ada, None, "2027-03-01T12:00Z", "2027-03-01T13:00Z").await;
    put(&app, &admin, None, "2027-03-01T20:00Z", "2027-03-03T06:00Z").await;
    let asked = put(&app, &ada, Some((&learner, "REQUESTED")), "2027-03-01T08:00Z", "2027-03-01T09:00Z").await;
    let held = put(&app, &ada, Some((&bob, "ASSIGNED")), "2027-03-01T09:30Z", "2027-03-01T10:30Z").await;
    let next = put(&app, &ada, Some((&learner, "COMPLETED")), "2027-03-01T10:30Z", "2027-03-01T11:00Z").await;
    let off = put(&app, &ada, Some((&bob, "CANCELLED")), "2027-03-01T14:00Z", "2027-03-01T15:00Z").await;
    let granted = put(&app, &ada, Some((&bob, "APPROVED")), "2027-03-01T14:00Z", "2027-03-01T15:00Z").await;
    let night = put(&app, &admin, Some((&learner, "ASSIGNED")), "2027-03-01T22:00Z", "2027-03-02T02:00Z").await;
    let names = [("asked", &asked), ("held", &held), ("next", &next), ("off", &off), ("granted", &granted), ("night", &night)];
    let range = json!({ "from": "2027-03-01T00:00:00Z", "to": "2027-03-03T00:00:00Z", "z": "UTC" });

    let free = "03-01T08:00/03-01T09:30 INSTRUCTOR, 03-01T11:00/03-01T16:00 INSTRUCTOR, 03-01T20:00/03-01T22:00 ADMIN";
    let second = "03-02T02:00/03-03T00:00 ADMIN";
    for (client, bookings) in [
        (&admin, "asked held next granted night"),
        (&viewer, "asked held next granted night"),
        (&ada, "asked held next granted"),
        (&learner, "asked next night"),
        (&bob, "held granted"),
    ] {
        let night = if bookings.contains("night") { "night" } else { "" };
        let expected = [format!("2027-03-01: {bookings} | {free}"), format!("2027-03-02: {night} | {second}")];
        assert_eq!(calendar(client, range.clone(), &names).await, expected);
    }
    let elsewhere = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(calendar(&elsewhere, range, &names).await, ["2027-03-01:  | ", "2027-03-02:  | "]);

    // Cut at the range's ends; of one instructor alone, with what wishes for her and is still open.
    let cut = json!({ "from": "2027-03-01T09:00:00Z", "to": "2027-03-01T15:30:00Z", "z": "UTC", "i": ada.user_id });
    assert_eq!(
        calendar(&admin, cut.clone(), &names).await,
        ["2027-03-01: held next granted | 03-01T09:00/03-01T09:30 INSTRUCTOR, 03-01T11:00/03-01T15:30 INSTRUCTOR"]
    );
    assert_eq!(
        calendar(&learner, cut, &names).await,
        ["2027-03-01: next | 03-01T09:00/03-01T09:30 INSTRUCTOR, 03-01T11:00/03-01T15:30 INSTRUCTOR"]
    );
    for unknown in [nobody("user"), elsewhere.user_id] {
        let cut = json!({ "from": "2027-03-01T09:00:00Z", "to": "2027-03-01T15:30:00Z", "z": "UTC", "i": unknown });
        assert_eq!(calendar(&admin, cut, &names).await, ["2027-03-01:  | "]);
    }
    // Whoever is no active instructor any more can't be booked, whatever they said.
    app.sql(&format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'", uuid_of(&ada))).await;
    let day = json!({ "from": "2027-03-01T00:00:00Z", "to": "2027-03-01T18:00:00Z", "z": "UTC" });
    assert_eq!(calendar(&viewer, day, &names).await, ["2027-03-01: asked held next granted | "]);
}

#[tokio::test]
async fn days_are_those_of_the_zone_also_where_the_clocks_change() {
    let app = TestApp::start().await;
    let [ada, learner, viewer] =
        [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await];
    put(&app, &ada, None, "2027-03-27T00:00Z", "2027-03-30T00:00Z").await;
    put(&app, &ada, None, "2027-10-30T00:00Z", "2027-11-02T00:00Z").await;
    let late = put(&app, &ada, Some((&learner, "ASSIGNED")), "2027-03-28T21:30Z", "2027-03-28T22:30Z").await;
    let night = put(&app, &ada, Some((&learner, "ASSIGNED")), "2027-10-31T22:30Z", "2027-10-31T23:30Z").await;
    let names = [("late", &late), ("night", &night)];

    // The school's own zone is Berlin's: on 28 March 2027 its day has 23 hours, on 31 October 25.
    let spring = json!({ "from": "2027-03-26T23:00:00Z", "to": "2027-03-29T22:00:00Z" });
    assert_eq!(
        calendar(&viewer, spring, &names).await,
        [
            "2027-03-27:  | 03-27T00:00/03-27T23:00 INSTRUCTOR",
            "2027-03-28: late | 03-27T23:00/03-28T21:30 INSTRUCTOR",
            "2027-03-29: late | 03-28T22:30/03-29T22:00 INSTRUCTOR"
        ]
    );
    let autumn = json!({ "from": "2027-10-29T22:00:00Z", "to": "2027-11-01T23:00:00Z", "z": "Europe/Berlin" });
    assert_eq!(
        calendar(&viewer, autumn, &names).await,
        [
            "2027-10-30:  | 10-30T00:00/10-30T22:00 INSTRUCTOR",
            "2027-10-31: night | 10-30T22:00/10-31T22:30 INSTRUCTOR",
            "2027-11-01: night | 10-31T23:30/11-01T23:00 INSTRUCTOR"
        ]
    );
    // Half an hour past five in Kolkata; a quarter to six in Kathmandu; without summer time in São Paulo.
    for (zone, expected) in [
        (
            "Asia/Kolkata",
            [
                "2027-03-28: late | 03-28T18:00/03-28T18:30 INSTRUCTOR",
                "2027-03-29: late | 03-28T18:30/03-28T21:30 INSTRUCTOR, 03-28T22:30/03-28T23:00 INSTRUCTOR",
            ],
        ),
        (
            "Asia/Kathmandu",
            [
                "2027-03-28: late | 03-28T18:00/03-28T18:15 INSTRUCTOR",
                "2027-03-29: late | 03-28T18:15/03-28T21:30 INSTRUCTOR, 03-28T22:30/03-28T23:00 INSTRUCTOR",
            ],
        ),
    ] {
        let variables = json!({ "from": "2027-03-28T18:00:00Z", "to": "2027-03-28T23:00:00Z", "z": zone });
        let expected = expected.map(|day| if day.contains("03-28: late") { day.replace(" late", " ") } else { day.to_owned() });
        assert_eq!(calendar(&viewer, variables, &names).await, expected, "{zone}");
    }
    let dates = async |from: &str, to: &str, zone: &str| {
        let answer = viewer
            .ok(
                "query($f: DateTime!, $t: DateTime!, $z: String) { calendar(from: $f, to: $t, timeZone: $z) { days { date } } }",
                json!({ "f": from, "t": to, "z": zone }),
            )
            .await;
        answer["calendar"]["days"].as_array().unwrap().iter().map(|day| day["date"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(dates("2018-11-04T02:59:00Z", "2018-11-04T03:01:00Z", "America/Sao_Paulo").await, ["2018-11-03", "2018-11-04"]);
    assert_eq!(dates("2011-12-30T09:00:00Z", "2011-12-30T11:00:00Z", "Pacific/Apia").await, ["2011-12-29", "2011-12-31"]);
    assert_eq!(dates("2027-03-01T05:00:00Z", "2027-03-01T05:00:01Z", "America/New_York").await, ["2027-03-01"]);
    assert_eq!(dates("2027-03-01T00:00:00Z", "2027-05-02T00:00:00Z", "UTC").await.len(), 62);
    assert_eq!(dates("2027-03-01T12:00:00Z", "2027-05-02T12:00:00Z", "UTC").await.len(), 63);
}

#[tokio::test]
async fn a_calendar_answers_what_is_asked_however_it_is_asked() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    put(&app, &ada, None, "2027-03-01T08:00Z", "2027-03-01T10:00Z").await;
    put(&app, &ada, Some((&learner, "ASSIGNED")), "2027-03-01T08:00Z", "2027-03-01T09:00Z").await;
    let query = "query($no: Boolean!) {
        a: calendar(from: \"2027-03-01T00:00:00Z\", to: \"2027-03-02T00:00:00Z\", timeZone: \"UTC\") { ...C }
        b: calendar(from: \"2027-03-01T00:00:00Z\", to: \"2027-03-02T00:00:00Z\", timeZone: \"UTC\") {
            x: days { booked: bookings { teacher: instructor { name } } } y: days { ... on CalendarDay { free { endsAt } bookings @include(if: $no) { id } } } } }
        fragment C on Calendar { days { bookings { ...B } } }
        fragment B on Booking { student { name } allowedTransitions }";
    assert_eq!(
        learner.ok(query, json!({ "no": false })).await,
        json!({
            "a": { "days": [{ "bookings": [{ "student": { "name": "LEARNER of oak" }, "allowedTransitions": ["APPROVED", "CANCELLED"] }] }] },
            "b": { "x": [{ "booked": [{ "teacher": { "name": "INSTRUCTOR of oak" } }] }], "y": [{ "free": [{ "endsAt": "2027-03-01T10:00:00Z" }] }] }
        })
    );
}

#[tokio::test]
async fn a_wrong_calendar_names_its_field() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for (variables, refusal) in [
        (json!({ "to": "2027-03-01T00:00:00Z" }), "BAD_USER_INPUT @to"),
        (json!({ "to": "2027-02-01T00:00:00Z" }), "BAD_USER_INPUT @to"),
        (json!({ "to": "2027-05-02T00:00:01Z" }), "BAD_USER_INPUT @to"),
        (json!({ "to": "2028-03-01T00:00:00Z" }), "BAD_USER_INPUT @to"),
        (json!({ "from": "1900-01-01T00:00:00Z", "to": "2999-12-31T23:59:59Z" }), "BAD_USER_INPUT @to"),
        (json!({ "from": "2027-03-01" }), "BAD_USER_INPUT @from"),
        (json!({ "z": "Mars/Olympus" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "z": "" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "z": "Europe/Berlin\u{0}" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "z": "../../etc/passwd" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "i": "user_1" }), "BAD_USER_INPUT @instructorId"),
        (json!({ "i": nobody("booking") }), "BAD_USER_INPUT @instructorId"),
    ] {
        let mut all = json!({ "from": "2027-03-01T00:00:00Z", "to": "2027-03-02T00:00:00Z" });
        all.as_object_mut().unwrap().extend(variables.as_object().unwrap().clone());
        assert_eq!(learner.refused(CALENDAR, all).await, refusal, "{variables}");
    }
    // The whole range that dates have can be walked without falling off its end.
    let end = json!({ "from": "2999-12-30T00:00:00Z", "to": "2999-12-31T23:59:59Z", "z": "Pacific/Kiritimati" });
    assert_eq!(learner.ok(CALENDAR, end).await["calendar"]["days"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_calendar_of_too_many_bookings_is_refused_before_it_is_built() {
    let app = TestApp::start().await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at) \
         SELECT '{}', app.uuid_v7(), '{}', '{}', '{}' FROM generate_series(1, 10001)",
        app.oak.tenant,
        uuid_of(&admin),
        hour(8),
        hour(9)
    ))
    .await;
    let query = "query($f: DateTime!, $t: DateTime!) { calendar(from: $f, to: $t) { days { bookings { id } } } }";
    let range = json!({ "f": hour(0), "t": hour(24) });
    assert_eq!(admin.refused(query, range.clone()).await, "QUERY_TOO_COMPLEX");
    learner.ok(query, range).await;
}

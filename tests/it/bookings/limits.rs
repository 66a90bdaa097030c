//! How much of an instructor's time may be booked.

use serde_json::{Value, json};

use super::*;

const LIMIT: &str = "mutation($i: SetInstructorLimitsInput!) { setInstructorLimits(input: $i) { id instructorLimits { maxMinutesPerDay maxMinutesPerWeek } } }";
const LOOK: &str = "query($id: ID!) { user(id: $id) { instructorLimits { maxMinutesPerDay maxMinutesPerWeek } } }";

fn limits(who: &Client, day: Value, week: Value) -> Value {
    json!({ "i": { "userId": who.user_id, "maxMinutesPerDay": day, "maxMinutesPerWeek": week } })
}

fn assign(booking: &Value, to: &Client) -> Value {
    json!({ "i": { "id": booking, "instructorId": to.user_id } })
}

#[tokio::test]
async fn nobody_is_assigned_beyond_their_limits_by_the_schools_dates_and_weeks() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    app.sql(&format!("UPDATE tenant SET time_zone = 'UTC' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    available(&app, &app.oak, &ada, (0, 14 * 1440)).await;
    let set = admin.ok(LIMIT, limits(&ada, json!(120), Value::Null)).await["setInstructorLimits"].take();
    assert_eq!(set, json!({ "id": ada.user_id, "instructorLimits": { "maxMinutesPerDay": 120, "maxMinutesPerWeek": null } }));
    let first = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (600, 690)).await;
    let second = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (700, 731)).await;
    admin.ok(ASSIGN, assign(&first, &ada)).await;
    let answer = admin.ask(ASSIGN, assign(&second, &ada)).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!((&said["reason"], &said["field"]), (&json!("BOOKING_LIMIT"), &json!("instructorId")), "{answer}");
    assert_eq!((&said["limit"], &said["used"]), (&json!(120), &json!(90)));
    refused(&app, &admin, ASSIGN, assign(&second, &ada), "CONFLICT BOOKING_LIMIT @instructorId").await;
    // Half an hour fits; what lasts into the next day counts where it begins.
    let third = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (740, 770)).await;
    admin.ok(ASSIGN, assign(&third, &ada)).await;
    let night = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (1430, 1500)).await;
    refused(&app, &admin, ASSIGN, assign(&night, &ada), "CONFLICT BOOKING_LIMIT @instructorId").await;
    let tomorrow = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (1510, 1630)).await;
    admin.ok(ASSIGN, assign(&tomorrow, &ada)).await;
    // Of the week: 240 are used at least where both days lie in one.
    admin.ok(LIMIT, limits(&ada, Value::Null, json!(1))).await;
    refused(&app, &admin, ASSIGN, assign(&second, &ada), "CONFLICT BOOKING_LIMIT @instructorId").await;
    // Without any, there is none.
    let set = admin.ok(LIMIT, limits(&ada, Value::Null, Value::Null)).await["setInstructorLimits"].take();
    assert_eq!(set["instructorLimits"], json!({ "maxMinutesPerDay": null, "maxMinutesPerWeek": null }));
    admin.ok(ASSIGN, assign(&second, &ada)).await;
    assert_eq!(app.changes("setInstructorLimits").await, 3);
}

#[tokio::test]
async fn limits_are_set_by_managers_for_instructors_and_seen_by_both() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let foreign = app.sign_in(&app.elm, Who::Instructor).await;
    admin.ok(LIMIT, limits(&ada, json!(480), json!(2400))).await;
    let both = json!({ "maxMinutesPerDay": 480, "maxMinutesPerWeek": 2400 });
    for (client, seen) in [(&admin, both.clone()), (&ada, both), (&viewer, Value::Null), (&learner, Value::Null)] {
        assert_eq!(client.ok(LOOK, json!({ "id": ada.user_id })).await["user"]["instructorLimits"], seen);
    }
    for (day, week, field) in [
        (json!(0), Value::Null, "maxMinutesPerDay"),
        (json!(1441), Value::Null, "maxMinutesPerDay"),
        (Value::Null, json!(0), "maxMinutesPerWeek"),
        (Value::Null, json!(10_081), "maxMinutesPerWeek"),
    ] {
        refused(&app, &admin, LIMIT, limits(&ada, day, week), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &admin, LIMIT, limits(&learner, json!(60), Value::Null), "BAD_USER_INPUT @userId").await;
    refused(&app, &admin, LIMIT, limits(&foreign, json!(60), Value::Null), "NOT_FOUND @userId").await;
    refused(&app, &ada, LIMIT, limits(&ada, json!(60), Value::Null), "FORBIDDEN [BOOKING_MANAGE]").await;
    assert_eq!(app.count("instructor_limit").await, 1);
}

#[tokio::test]
async fn of_two_who_assign_at_once_one_meets_the_limit() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    app.sql(&format!("UPDATE tenant SET time_zone = 'UTC' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    available(&app, &app.oak, &ada, (0, 30 * 1440)).await;
    admin.ok(LIMIT, limits(&ada, json!(100), Value::Null)).await;
    for day in 0..10 {
        let at = |minute: i64| day * 1440 + minute;
        let one = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (at(600), at(660))).await;
        let two = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (at(700), at(760))).await;
        let (first, second) = tokio::join!(admin.ask(ASSIGN, assign(&one, &ada)), admin.ask(ASSIGN, assign(&two, &ada)));
        let lost = [&first, &second].iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "BOOKING_LIMIT").count();
        assert_eq!(lost, 1, "{first} {second}");
    }
}

//! One person is in one place, as learner and as instructor together, whatever path leads there.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::*;
use crate::app::PASSWORD;

/// Somebody who teaches and learns, and is available on the first day.
async fn both(app: &TestApp, word: &str) -> Client {
    let person = app.person(&app.oak, &format!("{word}@oak.example"), &["INSTRUCTOR", "LEARNER"]).await;
    available(app, &app.oak, &person, (0, 2880)).await;
    // Acts as a learner where it matters; BOOKING_REQUEST is in that role alone.
    let learner = "mutation { switchRole(input: { roleKey: \"LEARNER\" }) { accessToken refreshToken viewer { user { id } } } }";
    let session = person.ok(learner, json!({})).await;
    person.with_session(&session["switchRole"])
}

fn assign(booking: &Value, to: &Client) -> Value {
    json!({ "i": { "id": booking, "instructorId": to.user_id } })
}

/// A refusal because somebody is elsewhere, and the span in which they are; nothing has changed.
async fn elsewhere(app: &TestApp, client: &Client, mutation: &str, variables: Value, field: Option<&str>, busy: (i64, i64)) {
    let before = contents(app).await;
    let answer = client.ask(mutation, variables).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["reason"]), (&json!("CONFLICT"), &json!("BOOKING_CONFLICT")), "{answer}");
    assert_eq!(extensions["field"].as_str(), field, "{answer}");
    assert_eq!(extensions["busy"], json!({ "startsAt": minute(busy.0), "endsAt": minute(busy.1) }), "{answer}");
    assert!(answer["data"].is_null() && !answer.to_string().contains("claim"), "{answer}");
    assert_eq!(contents(app).await, before);
}

#[tokio::test]
async fn whoever_learns_at_a_time_does_not_teach_then_in_either_order() {
    let app = TestApp::start().await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let pat = both(&app, "pat").await;

    // Learns first: can't teach at half past, may do so right before and right after.
    let request = async |client: &Client, from: i64, to: i64| {
        let asked = client.ok(REQUEST, json!({ "i": { "startsAt": minute(from), "endsAt": minute(to) } })).await;
        asked["requestBooking"]["id"].clone()
    };
    let lesson = request(&pat, 480, 540).await;
    let other = booking_in(&app, &app.oak, "APPROVED", &learner, &admin, (510, 540)).await;
    // A request holds nobody's time.
    assert_eq!(app.count("time_claim WHERE party_id <> (SELECT student_id FROM booking WHERE status = 'APPROVED')").await, 0);
    admin.ok(APPROVE, json!({ "id": lesson })).await;
    elsewhere(&app, &admin, ASSIGN, assign(&other, &pat), Some("instructorId"), (480, 540)).await;
    for span in [(420, 480), (540, 600)] {
        // Of somebody else, for the learner is busy at half past.
        let fits = booking_in(&app, &app.oak, "APPROVED", &admin, &admin, span).await;
        admin.ok(ASSIGN, assign(&fits, &pat)).await;
    }

    // Teaches first: can't be granted a lesson of their own, nor move one there.
    let taught = booking_in(&app, &app.oak, "APPROVED", &learner, &admin, (700, 760)).await;
    admin.ok(ASSIGN, assign(&taught, &pat)).await;
    let wished = request(&pat, 730, 790).await;
    elsewhere(&app, &admin, APPROVE, json!({ "id": wished }), None, (700, 760)).await;
    let to = |from: i64, to: i64| json!({ "i": { "id": lesson, "startsAt": minute(from), "endsAt": minute(to) } });
    elsewhere(&app, &pat, RESCHEDULE, to(690, 710), Some("startsAt"), (700, 760)).await;
    elsewhere(&app, &admin, RESCHEDULE, to(701, 706), Some("startsAt"), (700, 760)).await;
    pat.ok(RESCHEDULE, to(760, 820)).await;
    // Where it was there is room now.
    admin.ok(ASSIGN, assign(&other, &pat)).await;

    // What is over still holds the time of both; what is called off does not.
    app.sql(&format!("UPDATE booking SET status = 'COMPLETED' WHERE id = '{}'", uuid(&taught))).await;
    elsewhere(&app, &admin, APPROVE, json!({ "id": wished }), None, (700, 760)).await;
    pat.ok(CANCEL, json!({ "i": { "id": lesson } })).await;
    let later = booking_in(&app, &app.oak, "APPROVED", &learner, &admin, (770, 800)).await;
    admin.ok(ASSIGN, assign(&later, &pat)).await;
    elsewhere(&app, &admin, APPROVE, json!({ "id": wished }), None, (700, 760)).await;
    // An assignment that is taken back gives the instructor's time back as well.
    admin.ok(APPROVE, json!({ "id": later })).await;
    let lesson = request(&pat, 770, 800).await;
    admin.ok(APPROVE, json!({ "id": lesson })).await;

    let claims =
        "SELECT string_agg(kind, ' ' ORDER BY starts_at) FROM time_claim WHERE party_id = ".to_owned() + &format!("'{}'", uuid_of(&pat));
    assert_eq!(app.text(&claims).await.as_deref(), Some("INSTRUCTOR INSTRUCTOR INSTRUCTOR INSTRUCTOR LEARNER"));
}

#[tokio::test]
async fn nobody_is_assigned_to_their_own_booking() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let pat = both(&app, "pat").await;
    available(&app, &app.oak, &admin, (0, 1440)).await;
    for person in [&pat, &admin] {
        let id = booking_in(&app, &app.oak, "APPROVED", person, person, (480, 540)).await;
        let before = contents(&app).await;
        assert_eq!(admin.refused(ASSIGN, assign(&id, person)).await, "BAD_USER_INPUT @instructorId");
        assert_eq!(contents(&app).await, before);
    }
    // Not even past the service.
    let own = format!("UPDATE booking SET status = 'ASSIGNED', instructor_id = student_id WHERE student_id = '{}'", uuid_of(&pat));
    assert_eq!(app.try_sql(&own).await, Err(Some("claim_person_overlap".to_owned())));
    let insert = format!(
        "INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at) \
         VALUES ('{}', gen_random_uuid(), '{pat}', '{pat}', 'ASSIGNED', '{}', '{}')",
        app.oak.tenant,
        hour(20),
        hour(21),
        pat = uuid_of(&pat)
    );
    assert_eq!(app.try_sql(&insert).await, Err(Some("claim_person_overlap".to_owned())));
}

#[tokio::test]
async fn a_calendar_offers_no_hour_in_which_the_instructor_learns() {
    let app = TestApp::start().await;
    let [admin, learner, viewer] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await];
    let pat = app.person(&app.oak, "pat@oak.example", &["INSTRUCTOR", "LEARNER"]).await;
    available(&app, &app.oak, &pat, (480, 720)).await;
    booking_in(&app, &app.oak, "APPROVED", &pat, &admin, (510, 540)).await;
    booking_in(&app, &app.oak, "REQUESTED", &pat, &admin, (550, 600)).await;
    booking_in(&app, &app.oak, "CANCELLED", &pat, &admin, (550, 600)).await;
    booking_in(&app, &app.oak, "ASSIGNED", &learner, &pat, (600, 660)).await;
    // Somebody else's time is not theirs.
    booking_in(&app, &app.oak, "APPROVED", &learner, &admin, (700, 720)).await;
    let free = "query($f: DateTime!, $t: DateTime!, $i: ID) { calendar(from: $f, to: $t, instructorId: $i, timeZone: \"UTC\") { days { free { startsAt endsAt } } } }";
    let expected = json!([
        { "startsAt": minute(480), "endsAt": minute(510) },
        { "startsAt": minute(540), "endsAt": minute(600) },
        { "startsAt": minute(660), "endsAt": minute(720) }
    ]);
    for client in [&admin, &learner, &viewer] {
        for instructor in [Value::Null, json!(pat.user_id)] {
            let answer = client.ok(free, json!({ "f": hour(0), "t": hour(24), "i": instructor })).await;
            assert_eq!(answer["calendar"]["days"][0]["free"], expected);
        }
    }
}

#[tokio::test]
async fn nobody_reads_what_holds_time_and_other_schools_do_not_count() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    for (statement, role) in [
        ("SELECT count(*) FROM time_claim", "lectern_app"),
        ("DELETE FROM time_claim", "lectern_app"),
        ("INSERT INTO time_claim SELECT * FROM time_claim", "lectern_app"),
        ("SELECT app.time_clashes()", "lectern_app"),
        ("SELECT app.unclaimed_time(1)", "lectern_app"),
    ] {
        let tried = format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{}'; {statement}", app.oak.tenant);
        let refused = app.try_sql(&tried).await;
        app.sql("ROLLBACK").await;
        assert_eq!(refused, Err(None), "{statement}");
    }
    // The same person's ids in another school, at the same time.
    app.sql(&format!(
        "INSERT INTO app_user (tenant_id, id, name, email) SELECT '{elm}', id, name, 'twin-' || email FROM app_user WHERE id IN ('{ada}', '{learner}');
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at)
             VALUES ('{elm}', gen_random_uuid(), '{ada}', '{learner}', 'ASSIGNED', '{from}', '{to}')",
        elm = app.elm.tenant,
        ada = uuid_of(&ada),
        learner = uuid_of(&learner),
        from = minute(500),
        to = minute(520)
    ))
    .await;
    // Whoever is deleted holds nobody's time.
    assert_eq!(app.count("time_claim").await, 4);
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": learner.user_id })).await;
    assert_eq!(app.count(&format!("time_claim WHERE tenant_id = '{}'", app.oak.tenant)).await, 0);
    assert_eq!(app.count("time_claim").await, 2);
}

/// How many of these were done; the others found somebody elsewhere.
async fn raced(requests: Vec<(Client, &'static str, Value)>) -> usize {
    let mut racing = JoinSet::new();
    for (client, mutation, variables) in requests {
        racing.spawn(async move { client.ask(mutation, variables).await });
    }
    let answers = racing.join_all().await;
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["reason"], "BOOKING_CONFLICT", "{answer}");
        assert!(extensions["busy"]["startsAt"].is_string(), "{answer}");
    }
    answers.iter().filter(|answer| answer.get("errors").is_none()).count()
}

#[tokio::test]
async fn of_those_who_want_one_person_in_several_places_at_once_exactly_one_wins() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (pat, kim) = (both(&app, "pat").await, both(&app, "kim").await);
    people(&app, &app.oak, "LEARNER", 3).await;
    let learners = app.text("SELECT string_agg(id::text, ' ' ORDER BY id) FROM app_user WHERE email LIKE '%@more.example'").await.unwrap();
    let learners: Vec<Client> =
        learners.split(' ').map(|id| Client { user_id: ids::encode("user", id.parse().unwrap()), ..app.stranger() }).collect();
    for round in 0..12 {
        let at = 60 + round * 200;
        // A lesson of Pat's own to be granted, another to be moved there, and two to be taught.
        let own = booking_in(&app, &app.oak, "REQUESTED", &pat, &kim, (at, at + 60)).await;
        let moved = booking_in(&app, &app.oak, "APPROVED", &pat, &kim, (at + 100, at + 120)).await;
        let one = booking_in(&app, &app.oak, "APPROVED", &learners[0], &kim, (at + 30, at + 90)).await;
        let two = booking_in(&app, &app.oak, "APPROVED", &learners[1], &kim, (at + 20, at + 50)).await;
        let won = raced(vec![
            (admin.clone(), APPROVE, json!({ "id": own })),
            (pat.clone(), RESCHEDULE, json!({ "i": { "id": moved, "startsAt": minute(at + 35), "endsAt": minute(at + 45) } })),
            (admin.clone(), ASSIGN, assign(&one, &pat)),
            (admin.clone(), ASSIGN, assign(&two, &pat)),
        ])
        .await;
        assert_eq!(won, 1, "round {round}");
    }
    // Two who teach each other, crossed: nobody waits for the other in a circle, and one of the two lessons takes place.
    app.sql("DELETE FROM booking").await;
    for round in 0..12 {
        let at = 60 + round * 100;
        let of_pat = booking_in(&app, &app.oak, "REQUESTED", &pat, &kim, (at, at + 60)).await;
        let of_kim = booking_in(&app, &app.oak, "APPROVED", &kim, &pat, (at + 30, at + 90)).await;
        let won = raced(vec![(admin.clone(), APPROVE, json!({ "id": of_pat })), (admin.clone(), ASSIGN, assign(&of_kim, &pat))]).await;
        assert_eq!(won, 1, "round {round}");
    }
    let twice = "time_claim a JOIN time_claim b ON a.tenant_id = b.tenant_id AND a.party_id = b.party_id AND a.id < b.id \
                 AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at";
    assert_eq!(app.count(twice).await, 0);
    assert_eq!(app.sign_in_as(&app.oak, "pat@oak.example", PASSWORD).await.user_id, pat.user_id);
}

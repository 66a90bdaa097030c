//! When instructors can be booked.

use serde_json::{Value, json};

use super::*;

const LIST: &str = "query($first: Int, $after: String, $f: AvailabilityFilter) { availabilities(first: $first, after: $after, filter: $f) { \
    totalCount pageInfo { endCursor hasNextPage } nodes { startsAt instructor { name } } } }";

fn starts(list: &Value) -> Vec<&str> {
    list["availabilities"]["nodes"].as_array().unwrap().iter().map(|node| node["startsAt"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_whole_school_sees_when_its_instructors_are_available_and_no_other_school_does() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    let made = ada.ok(AVAILABLE, json!({ "i": { "startsAt": hour(9), "endsAt": hour(12) } })).await;
    let id = made["createAvailability"]["id"].clone();
    assert_eq!(
        made["createAvailability"],
        json!({ "id": id, "startsAt": hour(9), "endsAt": hour(12), "instructor": { "id": ada.user_id } })
    );
    // Overlapping, adjoining, one's own by name, an admin's for another; begun already; 31 days long.
    let begun = (now() - SignedDuration::from_hours(1)).to_string();
    for (client, input) in [
        (&ada, json!({ "startsAt": hour(11), "endsAt": hour(13), "instructorId": ada.user_id })),
        (&admin, json!({ "startsAt": hour(13), "endsAt": minute(13 * 60 + 5), "instructorId": ada.user_id })),
        (&admin, json!({ "startsAt": hour(14), "endsAt": hour(14 + 31 * 24) })),
        (&ada, json!({ "startsAt": begun, "endsAt": hour(1) })),
    ] {
        client.ok(AVAILABLE, json!({ "i": input })).await;
    }

    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let all = learner.ok(LIST, json!({})).await;
    let expected = [begun, hour(9), hour(11), hour(13), hour(14)];
    assert_eq!(starts(&all)[1..], expected[1..]);
    assert_eq!(all["availabilities"]["totalCount"], 5);
    assert_eq!(all["availabilities"]["nodes"][4]["instructor"]["name"], "ADMIN of oak");
    for who in Who::ALL {
        assert_eq!(app.sign_in(&app.oak, who).await.ok(LIST, json!({})).await, all);
        assert_eq!(starts(&app.sign_in(&app.elm, who).await.ok(LIST, json!({})).await), Vec::<&str>::new());
    }
    // Pages.
    let first = learner.ok(LIST, json!({ "first": 2 })).await;
    let rest = learner.ok(LIST, json!({ "first": 3, "after": first["availabilities"]["pageInfo"]["endCursor"] })).await;
    assert_eq!([starts(&first), starts(&rest)].concat(), starts(&all));
    // Filters: what overlaps a range, half-open; whose.
    for (filter, expected) in [
        (json!({ "from": hour(13), "to": hour(14) }), vec![hour(13)]),
        (json!({ "from": hour(12), "to": hour(13) }), vec![hour(11)]),
        (json!({ "from": hour(12) }), vec![hour(11), hour(13), hour(14)]),
        (json!({ "from": hour(14 + 31 * 24 - 1) }), vec![hour(14)]),
        (json!({ "from": hour(14 + 31 * 24) }), vec![]),
        (json!({ "instructorId": admin.user_id }), vec![hour(14)]),
        (json!({ "instructorId": nobody("user") }), vec![]),
    ] {
        assert_eq!(starts(&learner.ok(LIST, json!({ "f": filter })).await), expected, "{filter}");
    }
    for (filter, refusal) in [
        (json!({ "from": hour(13), "to": hour(13) }), "BAD_USER_INPUT @filter.to"),
        (json!({ "instructorId": id }), "BAD_USER_INPUT @filter.instructorId"),
    ] {
        assert_eq!(learner.refused(LIST, json!({ "f": filter })).await, refusal);
    }

    // By its id; and taken back.
    let node = "query($id: ID!) { node(id: $id) { ... on Availability { endsAt } } }";
    assert_eq!(learner.ok(node, json!({ "id": id })).await["node"]["endsAt"], hour(12));
    assert_eq!(app.sign_in(&app.elm, Who::Admin).await.ok(node, json!({ "id": id })).await["node"], Value::Null);
    assert_eq!(ada.ok(UNAVAILABLE, json!({ "id": id })).await["deleteAvailability"], id);
    assert_eq!(learner.ok(node, json!({ "id": id })).await["node"], Value::Null);
    assert_eq!(app.count("audit_entry WHERE operation = 'deleteAvailability' AND before IS NOT NULL AND after IS NULL").await, 1);
    assert_eq!(app.changes("createAvailability").await, 5);
}

#[tokio::test]
async fn the_time_of_others_is_a_managers_to_say_and_only_instructors_have_any() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let foreign = app.sign_in(&app.elm, Who::Instructor).await;
    let of_admin = available(&app, &app.oak, &admin, (600, 660)).await;
    let of_elm = available(&app, &app.elm, &foreign, (600, 660)).await;
    let before = contents(&app).await;

    let create = |extra: Value| {
        let mut input = json!({ "startsAt": hour(9), "endsAt": hour(10) });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let past = |minutes: i64| (now() - SignedDuration::from_mins(minutes)).to_string();
    for (client, extra, refusal) in [
        (&ada, json!({ "instructorId": admin.user_id }), "FORBIDDEN [BOOKING_MANAGE] @instructorId"),
        (&ada, json!({ "instructorId": nobody("user") }), "FORBIDDEN [BOOKING_MANAGE] @instructorId"),
        (&admin, json!({ "instructorId": learner.user_id }), "BAD_USER_INPUT @instructorId"),
        (&admin, json!({ "instructorId": nobody("user") }), "NOT_FOUND @instructorId"),
        (&admin, json!({ "instructorId": foreign.user_id }), "NOT_FOUND @instructorId"),
        (&admin, json!({ "instructorId": of_admin }), "BAD_USER_INPUT @instructorId"),
        (&ada, json!({ "endsAt": hour(9) }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "endsAt": hour(8) }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "endsAt": minute(9 * 60 + 4) }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "endsAt": minute((9 + 31 * 24 + 2) * 60) }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "startsAt": past(60), "endsAt": past(1) }), "BAD_USER_INPUT @endsAt"),
        (&ada, json!({ "startsAt": "3000-01-01T00:00:00Z" }), "BAD_USER_INPUT @startsAt"),
    ] {
        assert_eq!(client.refused(AVAILABLE, create(extra.clone())).await, refusal, "{extra}");
    }
    assert_eq!(ada.refused(UNAVAILABLE, json!({ "id": of_admin })).await, "FORBIDDEN NOT_YOURS");
    assert_eq!(ada.refused(UNAVAILABLE, json!({ "id": ada.user_id })).await, "BAD_USER_INPUT @id");
    for (client, mutation, foreign, prefix) in [
        (&admin, AVAILABLE, &json!(foreign.user_id), "user"),
        (&admin, UNAVAILABLE, &of_elm, "availability"),
        (&ada, UNAVAILABLE, &of_elm, "availability"),
    ] {
        let about = |id: &str| if mutation == AVAILABLE { create(json!({ "instructorId": id })) } else { json!({ "id": id }) };
        let (foreign, unknown) = (foreign.as_str().unwrap(), nobody(prefix));
        let answer = answer_about(client, mutation, about(foreign), foreign).await;
        assert_eq!(answer, answer_about(client, mutation, about(&unknown), &unknown).await);
        assert!(answer.contains("NOT_FOUND"), "{answer}");
    }
    assert_eq!(contents(&app).await, before);
    assert_eq!(app.changes("createAvailability").await + app.changes("deleteAvailability").await, 0);

    // A manager takes back what is another's.
    let of_ada = available(&app, &app.oak, &ada, (600, 660)).await;
    admin.ok(UNAVAILABLE, json!({ "id": of_ada })).await;
}

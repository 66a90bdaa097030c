//! Lists of bookings: who sees which, narrowed, ordered and paged.

use serde_json::{Value, json};

use super::*;
use crate::introspection::Schema;

const LIST: &str = "query($first: Int, $after: String, $last: Int, $before: String, $f: BookingFilter, $o: BookingOrder) { \
    bookings(first: $first, after: $after, last: $last, before: $before, filter: $f, orderBy: $o) { \
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id startsAt status } } }";

fn ids_of(list: &Value) -> Vec<Value> {
    list["bookings"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect()
}

#[tokio::test]
async fn everybody_sees_their_own_and_readers_all_of_their_school() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let bob = person_with(&app, &app.oak, "bob", &["BOOKING_REQUEST"]).await;
    let row = |student, instructor, wished, status, span| Row { student, instructor, wished, status, span };
    let wished = row(&learner, None, Some(&ada), "REQUESTED", (500, 560)).put(&app, &app.oak).await;
    let assigned = row(&bob, Some(&ada), Some(&admin), "ASSIGNED", (600, 660)).put(&app, &app.oak).await;
    let others = row(&bob, Some(&admin), None, "COMPLETED", (660, 720)).put(&app, &app.oak).await;
    let nobodys = row(&learner, None, None, "CANCELLED", (660, 720)).put(&app, &app.oak).await;
    let [elm_learner, elm_ada] = [app.sign_in(&app.elm, Who::Learner).await, app.sign_in(&app.elm, Who::Instructor).await];
    let elms = booking_in(&app, &app.elm, "ASSIGNED", &elm_learner, &elm_ada, (600, 660)).await;

    let everything = vec![wished.clone(), assigned.clone(), others.clone(), nobodys.clone()];
    for (client, expected) in [
        (&admin, everything.clone()),
        (&viewer, everything.clone()),
        (&ada, vec![wished.clone(), assigned.clone()]),
        (&learner, vec![wished.clone(), nobodys.clone()]),
        (&bob, vec![assigned.clone(), others.clone()]),
        (&elm_learner, vec![elms.clone()]),
    ] {
        let list = client.ok(LIST, json!({})).await;
        assert_eq!(ids_of(&list), expected);
        assert_eq!(list["bookings"]["totalCount"], expected.len());
        for id in everything.iter().chain([&elms]) {
            let seen = client.ok("query($id: ID!) { booking(id: $id) { id } node(id: $id) { id } }", json!({ "id": id })).await;
            let expected = if expected.contains(id) { json!({ "id": id }) } else { Value::Null };
            assert_eq!(seen, json!({ "booking": expected, "node": expected }));
        }
    }

    // Whom one doesn't see by oneself, one sees on one's bookings: the name, and no more.
    let people =
        "{ bookings { nodes { student { name email } requestedInstructor { name email } instructor { name email } course { title } } } }";
    assert_eq!(
        bob.ok(people, json!({})).await["bookings"]["nodes"],
        json!([
            { "student": { "name": "bob", "email": "bob@custom.example" }, "requestedInstructor": { "name": "ADMIN of oak", "email": null },
              "instructor": { "name": "INSTRUCTOR of oak", "email": null }, "course": null },
            { "student": { "name": "bob", "email": "bob@custom.example" }, "requestedInstructor": null,
              "instructor": { "name": "ADMIN of oak", "email": null }, "course": null }
        ])
    );
}

#[tokio::test]
async fn bookings_are_filtered_ordered_and_paged() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = person_with(&app, &app.oak, "bob", &["BOOKING_REQUEST"]).await;
    let mut all = Vec::new();
    for (place, status) in STATES.into_iter().enumerate() {
        let start = 540 + 60 * i64::try_from(place).unwrap();
        all.push(booking_in(&app, &app.oak, status, if place % 2 == 0 { &learner } else { &bob }, &ada, (start, start + 60)).await);
    }
    app.sql("UPDATE booking SET created_at = now() - (starts_at - now())").await;
    let pick = |places: &[usize]| places.iter().map(|place| all[*place].clone()).collect::<Vec<_>>();
    let filtered = async |filter: Value| ids_of(&admin.ok(LIST, json!({ "f": filter })).await);

    // What overlaps, half-open: what ends where the range begins is not in it, nor what begins where it ends.
    assert_eq!(filtered(json!({ "from": hour(10), "to": hour(12) })).await, pick(&[1, 2]));
    assert_eq!(filtered(json!({ "from": minute(659), "to": minute(661) })).await, pick(&[1, 2]));
    assert_eq!(filtered(json!({ "from": hour(12) })).await, pick(&[3, 4]));
    assert_eq!(filtered(json!({ "to": hour(10) })).await, pick(&[0]));
    assert_eq!(filtered(json!({ "statuses": ["CANCELLED", "REQUESTED"] })).await, pick(&[0, 4]));
    assert_eq!(filtered(json!({ "statuses": [] })).await, pick(&[]));
    assert_eq!(filtered(json!({ "instructorId": ada.user_id })).await, pick(&[2, 3]));
    assert_eq!(filtered(json!({ "requestedInstructorId": ada.user_id, "studentId": bob.user_id })).await, pick(&[1, 3]));
    assert_eq!(filtered(json!({ "studentId": learner.user_id, "from": hour(10) })).await, pick(&[2, 4]));
    for foreign in [nobody("user"), app.sign_in(&app.elm, Who::Learner).await.user_id] {
        assert_eq!(filtered(json!({ "studentId": foreign })).await, pick(&[]));
    }
    for (filter, refusal) in [
        (json!({ "from": hour(10), "to": hour(10) }), "BAD_USER_INPUT @filter.to"),
        (json!({ "from": hour(10), "to": hour(9) }), "BAD_USER_INPUT @filter.to"),
        (json!({ "studentId": "bob" }), "BAD_USER_INPUT @filter.studentId"),
        (json!({ "instructorId": all[0] }), "BAD_USER_INPUT @filter.instructorId"),
        (json!({ "requestedInstructorId": "" }), "BAD_USER_INPUT @filter.requestedInstructorId"),
    ] {
        assert_eq!(admin.refused(LIST, json!({ "f": filter })).await, refusal, "{filter}");
    }

    // A booking of a whole day is found from anywhere within it.
    let long = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (3000, 3000 + 1440)).await;
    assert_eq!(filtered(json!({ "from": minute(4439), "to": minute(4440) })).await, std::slice::from_ref(&long));
    assert_eq!(filtered(json!({ "from": minute(4440) })).await, pick(&[]));
    app.sql(&format!("DELETE FROM booking WHERE id = '{}'", uuid(&long))).await;

    for (field, direction, expected) in [
        ("STARTS_AT", "ASC", [0, 1, 2, 3, 4]),
        ("STARTS_AT", "DESC", [4, 3, 2, 1, 0]),
        ("CREATED_AT", "ASC", [4, 3, 2, 1, 0]),
        ("CREATED_AT", "DESC", [0, 1, 2, 3, 4]),
    ] {
        let order = json!({ "field": field, "direction": direction });
        let first = admin.ok(LIST, json!({ "o": order, "first": 2 })).await["bookings"].take();
        let next = admin.ok(LIST, json!({ "o": order, "first": 3, "after": first["pageInfo"]["endCursor"] })).await["bookings"].take();
        let back = admin.ok(LIST, json!({ "o": order, "last": 2, "before": next["pageInfo"]["startCursor"] })).await["bookings"].take();
        let whole = |page: &Value| ids_of(&json!({ "bookings": page }));
        assert_eq!([whole(&first), whole(&next)].concat(), pick(&expected), "{order}");
        assert_eq!(whole(&back), whole(&first), "{order}");
        assert_eq!((&first["pageInfo"]["hasNextPage"], &next["pageInfo"]["hasNextPage"]), (&json!(true), &json!(false)));
        assert_eq!(first["totalCount"], 5);
        // A cursor belongs to its list and order.
        let other = json!({ "field": field, "direction": if direction == "ASC" { "DESC" } else { "ASC" } });
        assert_eq!(admin.refused(LIST, json!({ "o": other, "after": first["pageInfo"]["endCursor"] })).await, "BAD_USER_INPUT @after");
    }
    assert_eq!(admin.refused(LIST, json!({ "first": 101 })).await, "BAD_USER_INPUT @first");
    assert_eq!(admin.refused(LIST, json!({ "last": 0 })).await, "BAD_USER_INPUT @last");
}

#[tokio::test]
async fn a_filter_that_is_null_is_none_of_every_list() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (learner, ada) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (600, 660)).await;
    crate::classroom::course(&admin, json!({ "title": "Algebra" })).await;
    let schema = Schema::read(&admin).await;
    let (mut answered, mut filled) = (0, Vec::new());
    for field in schema.fields("Query") {
        if !field.args.iter().any(|arg| arg.name == "filter") || field.args.iter().any(|arg| arg.ty.is_required()) {
            continue;
        }
        let list = |filter: &str| format!("{{ {}{filter} {{ totalCount }} }}", field.name);
        let with_null = admin.ask(&list("(filter: null)"), json!({})).await;
        let without = admin.ask(&list(""), json!({})).await;
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        assert_eq!(code(&with_null), code(&without), "{}: {with_null}", field.name);
        assert_eq!(with_null["data"], without["data"], "{}", field.name);
        if without.get("errors").is_none() {
            answered += 1;
        }
        if without["data"][field.name.as_str()]["totalCount"].as_u64().is_some_and(|count| count > 0) {
            filled.push(field.name.as_str());
        }
    }
    assert!(answered > 20, "{answered} lists with a filter were answered");
    for list in ["bookings", "courses", "users"] {
        assert!(filled.contains(&list), "nothing is in {list}, but in {filled:?}");
    }
}

//! Ids of another school where the rest of an input decides first: they are refused as ids that never existed are.

use serde_json::{Value, json};

use super::*;
use crate::classroom::nothing;

const FEED: &str = "mutation($i: CreateCalendarFeedInput!) { createCalendarFeed(input: $i) { url } }";
const JOIN: &str = "mutation($i: JoinWaitlistInput!) { joinWaitlist(input: $i) { id } }";

#[tokio::test]
async fn ids_of_another_school_are_refused_as_none_behind_the_rest_of_an_input() {
    let stage = Stage::start().await;
    let elm = Stage::at(&stage.app.elm, &stage.app).await;
    let room = stage.room("Blue", 8).await;
    let needs = json!([{ "name": "Room", "resourceIds": [room] }]);
    let kind = stage.kind(json!({ "seats": 1, "requirements": needs })).await;
    let class = stage.kind(json!({ "name": "Class", "seats": 2, "requirements": needs })).await;
    let session = stage.ada.ok(OPEN, slot(&class, &at(3, 9))).await["openGroupSessions"][0]["id"].take();
    let window = json!({ "from": at(2, 9), "to": at(2, 11) });
    let of_kind = json!({ "bookingTypeId": kind, "from": at(2, 9), "to": at(2, 11) });
    let with = |base: Value, name: &str, id: &str| {
        let mut input = base;
        input[name] = if name.ends_with('s') { json!([id]) } else { json!(id) };
        json!({ "i": input })
    };
    for (client, mutation, base, name, foreign, prefix) in [
        (&stage.admin, FEED, json!({ "name": "A", "scope": "INSTRUCTOR" }), "instructorId", &elm.instructor, "user"),
        (&stage.admin, FEED, json!({ "name": "A", "scope": "RESOURCE" }), "resourceId", &elm.room, "resource"),
        (&stage.lea, BOOK, json!({ "bookingTypeId": kind, "startsAt": at(2, 9) }), "courseId", &elm.course, "course"),
        (&stage.admin, CHANGE, json!({ "id": session }), "instructorId", &elm.instructor, "user"),
        (&stage.admin, CHANGE, json!({ "id": session }), "resourceIds", &elm.room, "resource"),
        (&stage.admin, OPEN, json!({ "bookingTypeId": class, "startsAt": at(4, 9) }), "instructorId", &elm.instructor, "user"),
        (&stage.admin, OPEN, json!({ "bookingTypeId": class, "startsAt": at(4, 9) }), "resourceIds", &elm.room, "resource"),
        (&stage.lea, JOIN, window, "bookingTypeId", &elm.kind, "bookingtype"),
        (&stage.lea, JOIN, of_kind, "instructorId", &elm.instructor, "user"),
    ] {
        let mut answers = Vec::new();
        for id in [foreign.as_str(), &nothing(prefix)] {
            let answer = client.ask(mutation, with(base.clone(), name, id)).await;
            assert!(!answer["errors"][0].is_null(), "{mutation} took a {name} of nothing");
            let mut error = answer["errors"][0].clone();
            error["extensions"].as_object_mut().unwrap().remove("correlationId");
            answers.push(error.to_string().replace(id, "ID"));
        }
        assert_eq!(answers[0], answers[1], "{mutation} with {name}");
    }
}

/// What the other school has.
struct Elsewhere {
    instructor: String,
    room: String,
    course: String,
    kind: String,
}

impl Stage {
    async fn at(school: &crate::app::School, app: &TestApp) -> Elsewhere {
        let admin = app.sign_in(school, Who::Admin).await;
        let instructor = app.sign_in(school, Who::Instructor).await.user_id;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let room = json!({ "i": { "name": "Theirs", "kind": "ROOM" } });
        let room = admin.ok("mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }", room).await;
        let course = json!({ "i": { "title": "Theirs", "instructorId": instructor } });
        let course = admin.ok("mutation($i: CreateCourseInput!) { createCourse(input: $i) { id } }", course).await;
        let kind = json!({ "i": { "name": "Theirs", "durations": [60], "instructors": [{ "instructorId": instructor }] } });
        let kind = admin.ok(MAKE, kind).await;
        let [room, course, kind] =
            [&room["createResource"]["id"], &course["createCourse"]["id"], &kind["createBookingType"]["id"]].map(text);
        Elsewhere { instructor, room, course, kind }
    }
}

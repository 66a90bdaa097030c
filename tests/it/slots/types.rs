//! Booking types: what they are made of, who may change them, and what they must not be.

use super::*;
use crate::{
    classroom::{self, course, draft, group, nothing},
    hours::resource,
};

const WHOLE: &str = "query($id: ID!) { bookingType(id: $id) { name description isActive course { title } location durations slotStepMinutes bufferBeforeMinutes \
    bufferAfterMinutes minNoticeMinutes maxHorizonDays seats needsInstructor strategy learnerChoosesInstructor instructors { weight instructor { id } } \
    requirements { name resources { name } } needsApproval holdsWhileRequested limits { perLearner perLearnerPerDay perLearnerPerWeek openPerLearner perInstructorPerDay \
    perInstructorPerWeek } eligibility { kind maxCount subjects { id } } cancelNoticeMinutes allowsLateCancel rescheduleNoticeMinutes maxReschedules requiresReason \
    reminderMinutes } }";
const LIST: &str = "query($f: BookingTypeFilter) { bookingTypes(filter: $f) { nodes { name } totalCount } }";

async fn names(client: &Client, filter: Value) -> String {
    let answer = client.ok(LIST, json!({ "f": filter })).await["bookingTypes"].take();
    let names: Vec<&str> = answer["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(answer["totalCount"], names.len());
    names.join(", ")
}

#[tokio::test]
async fn a_type_is_what_was_said_of_it_and_else_what_types_are() {
    let cast = Cast::start().await;
    let id = cast.kind(json!({})).await;
    assert!(id.as_str().unwrap().starts_with("bookingtype_"));
    let usual = json!({
        "name": "Flight", "description": null, "isActive": true, "course": null, "location": null, "durations": [60], "slotStepMinutes": 15, "bufferBeforeMinutes": 0,
        "bufferAfterMinutes": 0, "minNoticeMinutes": 0, "maxHorizonDays": null, "seats": 1, "needsInstructor": true, "strategy": "ROUND_ROBIN",
        "learnerChoosesInstructor": true, "instructors": [{ "weight": 1, "instructor": { "id": cast.ada.user_id } }], "requirements": [], "needsApproval": false,
        "holdsWhileRequested": false,
        "limits": { "perLearner": null, "perLearnerPerDay": null, "perLearnerPerWeek": null, "openPerLearner": null, "perInstructorPerDay": null, "perInstructorPerWeek": null },
        "eligibility": [], "cancelNoticeMinutes": 0, "allowsLateCancel": false, "rescheduleNoticeMinutes": 0, "maxReschedules": null, "requiresReason": false,
        "reminderMinutes": [1440]
    });
    assert_eq!(cast.lea.ok(WHOLE, json!({ "id": id })).await["bookingType"], usual);

    let algebra = course(&cast.admin, json!({ "title": "Algebra" })).await;
    let owls = group(&cast.admin, json!({ "name": "Owls" })).await;
    let plane = resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let room = resource(&cast.admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let mary = cast.instructor("mary").await;
    let limits = json!({ "perLearner": 1, "perLearnerPerDay": 2, "perLearnerPerWeek": 3, "openPerLearner": 4, "perInstructorPerDay": 5, "perInstructorPerWeek": 6 });
    let all = json!({
        "id": id, "name": "Check flight", "description": "With everything", "courseId": algebra, "location": "Hangar 2", "durations": [90, 60], "slotStepMinutes": 30,
        "bufferBeforeMinutes": 10, "bufferAfterMinutes": 480, "minNoticeMinutes": 525_600, "maxHorizonDays": 1095, "strategy": "FIXED", "learnerChoosesInstructor": false,
        "instructors": [{ "instructorId": mary.user_id, "weight": 3 }, { "instructorId": cast.ada.user_id }],
        "requirements": [{ "name": "Aircraft", "resourceIds": [plane] }, { "name": "Briefing", "resourceIds": [room] }], "needsApproval": true, "holdsWhileRequested": true,
        "limits": limits, "eligibility": [{ "kind": "COURSE_ENROLLED", "subjectIds": [algebra] }, { "kind": "MAX_NO_SHOWS", "maxCount": 0 }, { "kind": "GROUP_MEMBER", "subjectIds": [owls] }],
        "cancelNoticeMinutes": 1440, "allowsLateCancel": true, "rescheduleNoticeMinutes": 60, "maxReschedules": 0, "requiresReason": true, "reminderMinutes": [60, 10]
    });
    cast.admin.ok(CHANGE_TYPE, json!({ "i": all })).await;
    let mut expected = all.clone();
    let object = expected.as_object_mut().unwrap();
    for gone in ["id", "courseId"] {
        object.remove(gone);
    }
    object.insert("isActive".into(), json!(true));
    object.insert("seats".into(), json!(1));
    object.insert("needsInstructor".into(), json!(true));
    object.insert("course".into(), json!({ "title": "Algebra" }));
    object.insert(
        "instructors".into(),
        json!([{ "weight": 3, "instructor": { "id": mary.user_id } }, { "weight": 1, "instructor": { "id": cast.ada.user_id } }]),
    );
    object.insert(
        "requirements".into(),
        json!([{ "name": "Aircraft", "resources": [{ "name": "Cessna" }] }, { "name": "Briefing", "resources": [{ "name": "Room" }] }]),
    );
    object.insert(
        "eligibility".into(),
        json!([{ "kind": "COURSE_ENROLLED", "maxCount": null, "subjects": [{ "id": algebra }] }, { "kind": "MAX_NO_SHOWS", "maxCount": 0, "subjects": [] },
               { "kind": "GROUP_MEMBER", "maxCount": null, "subjects": [{ "id": owls }] }]),
    );
    assert_eq!(cast.admin.ok(WHOLE, json!({ "id": id })).await["bookingType"], expected);
    // A learner sees of what is asked what they may see at all.
    let seen = cast.lea.ok(WHOLE, json!({ "id": id })).await["bookingType"]["eligibility"].take();
    assert_eq!(seen[2]["subjects"], json!([]));

    // The same again is no change; what is left out stays.
    let before = cast.app.count("audit_entry").await;
    cast.admin.ok(CHANGE_TYPE, json!({ "i": all })).await;
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": id } })).await;
    assert_eq!(cast.app.count("audit_entry").await, before);
    let cleared = json!({ "i": { "id": id, "description": null, "courseId": null, "location": null, "maxHorizonDays": null, "requirements": null, "limits": null,
                                 "eligibility": null, "maxReschedules": null, "reminderMinutes": null } });
    cast.admin.ok(CHANGE_TYPE, cleared).await;
    let cleared = cast.admin.ok(WHOLE, json!({ "id": id })).await["bookingType"].take();
    assert_eq!((&cleared["course"], &cleared["requirements"], &cleared["eligibility"]), (&json!(null), &json!([]), &json!([])));
    assert_eq!((&cleared["limits"], &cleared["reminderMinutes"]), (&usual["limits"], &json!([])));
}

#[tokio::test]
async fn each_wrong_type_is_refused_with_its_field_and_changes_nothing() {
    let cast = Cast::start().await;
    let (app, admin) = (&cast.app, &cast.admin);
    let id = cast.kind(json!({})).await;
    let plane = resource(admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let algebra = course(admin, json!({ "title": "Algebra" })).await;
    let secret = draft(admin, json!({ "title": "Draft" })).await;
    let of_elm = resource(&app.sign_in(&app.elm, Who::Admin).await, json!({ "name": "Theirs", "kind": "ROOM" })).await;
    let elm = app.sign_in(&app.elm, Who::Instructor).await.user_id;
    let ada = &cast.ada.user_id;
    let rule = |extra: Value| json!({ "eligibility": [extra] });
    let needs = |ids: Value| json!({ "requirements": [{ "name": "Aircraft", "resourceIds": ids }] });
    let by = |extra: Value| json!({ "instructors": [extra] });
    for (extra, line) in [
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "durations": [] }), "BAD_USER_INPUT @durations"),
        (json!({ "durations": [4] }), "BAD_USER_INPUT @durations.0"),
        (json!({ "durations": [60, 1441] }), "BAD_USER_INPUT @durations.1"),
        (json!({ "durations": [60, 60] }), "BAD_USER_INPUT @durations.1"),
        (json!({ "slotStepMinutes": 4 }), "BAD_USER_INPUT @slotStepMinutes"),
        (json!({ "bufferBeforeMinutes": 481 }), "BAD_USER_INPUT @bufferBeforeMinutes"),
        (json!({ "bufferAfterMinutes": -1 }), "BAD_USER_INPUT @bufferAfterMinutes"),
        (json!({ "minNoticeMinutes": 525_601 }), "BAD_USER_INPUT @minNoticeMinutes"),
        (json!({ "maxHorizonDays": 0 }), "BAD_USER_INPUT @maxHorizonDays"),
        (json!({ "seats": 1001 }), "BAD_USER_INPUT @seats"),
        (json!({ "maxReschedules": 101 }), "BAD_USER_INPUT @maxReschedules"),
        (json!({ "reminderMinutes": [5, 10, 15, 20] }), "BAD_USER_INPUT @reminderMinutes"),
        (json!({ "limits": { "perLearner": 0 } }), "BAD_USER_INPUT @limits.perLearner"),
        (json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "courseId": secret }), "CONFLICT COURSE_NOT_PUBLISHED @courseId"),
        (json!({ "instructors": [] }), "BAD_USER_INPUT @instructors"),
        (json!({ "needsInstructor": false }), "BAD_USER_INPUT @instructors"),
        (json!({ "needsInstructor": false, "instructors": [] }), "BAD_USER_INPUT @requirements"),
        (by(json!({ "instructorId": cast.lea.user_id })), "BAD_USER_INPUT @instructors.0.instructorId"),
        (by(json!({ "instructorId": elm })), "NOT_FOUND @instructors.0.instructorId"),
        (by(json!({ "instructorId": ada, "weight": 101 })), "BAD_USER_INPUT @instructors.0.weight"),
        (json!({ "instructors": [{ "instructorId": ada }, { "instructorId": ada }] }), "BAD_USER_INPUT @instructors.1.instructorId"),
        (needs(json!([])), "BAD_USER_INPUT @requirements.0.resourceIds"),
        (needs(json!([plane, plane])), "BAD_USER_INPUT @requirements.0.resourceIds.1"),
        (needs(json!([plane, of_elm])), "NOT_FOUND @requirements.0.resourceIds.1"),
        (
            json!({ "requirements": [{ "name": "One", "resourceIds": [plane] }, { "name": "Two", "resourceIds": [plane] }] }),
            "BAD_USER_INPUT @requirements.1.resourceIds.0",
        ),
        (rule(json!({ "kind": "COURSE_COMPLETED" })), "BAD_USER_INPUT @eligibility.0.subjectIds"),
        (rule(json!({ "kind": "GROUP_MEMBER", "subjectIds": [algebra] })), "BAD_USER_INPUT @eligibility.0.subjectIds.0"),
        (rule(json!({ "kind": "COURSE_COMPLETED", "subjectIds": [algebra, nothing("course")] })), "NOT_FOUND @eligibility.0.subjectIds.1"),
        (rule(json!({ "kind": "COURSE_COMPLETED", "subjectIds": [algebra], "maxCount": 1 })), "BAD_USER_INPUT @eligibility.0.maxCount"),
        (rule(json!({ "kind": "MAX_NO_SHOWS" })), "BAD_USER_INPUT @eligibility.0.maxCount"),
        (rule(json!({ "kind": "MAX_NO_SHOWS", "maxCount": 101 })), "BAD_USER_INPUT @eligibility.0.maxCount"),
        (rule(json!({ "kind": "MAX_NO_SHOWS", "maxCount": 1, "subjectIds": [algebra] })), "BAD_USER_INPUT @eligibility.0.subjectIds"),
    ] {
        let with = |mut input: Value| {
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!({ "i": input })
        };
        let whole = json!({ "name": "Other", "durations": [60], "instructors": [{ "instructorId": ada }] });
        classroom::refused(app, admin, TYPE, with(whole), line).await;
        classroom::refused(app, admin, CHANGE_TYPE, with(json!({ "id": id })), line).await;
    }
    for null in ["name", "durations", "slotStepMinutes", "seats", "strategy", "isActive"] {
        classroom::refused(app, admin, CHANGE_TYPE, json!({ "i": { "id": id, null: null } }), &format!("BAD_USER_INPUT @{null}")).await;
    }
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    for wrong in [(&foreign, id.clone()), (admin, json!(nothing("bookingtype")))] {
        classroom::refused(app, wrong.0, CHANGE_TYPE, json!({ "i": { "id": wrong.1, "name": "Ours" } }), "NOT_FOUND @id").await;
        classroom::refused(app, wrong.0, DROP_TYPE, json!({ "id": wrong.1 }), "NOT_FOUND @id").await;
    }
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        let whole = json!({ "i": { "name": "Other", "durations": [60], "instructors": [{ "instructorId": ada }] } });
        classroom::refused(app, &client, TYPE, whole, "FORBIDDEN [SCHEDULE_MANAGE]").await;
        classroom::refused(app, &client, CHANGE_TYPE, json!({ "i": { "id": id, "name": "Mine" } }), "FORBIDDEN [SCHEDULE_MANAGE]").await;
        classroom::refused(app, &client, DROP_TYPE, json!({ "id": id }), "FORBIDDEN [SCHEDULE_MANAGE]").await;
    }
}

#[tokio::test]
async fn types_are_found_and_what_is_booked_of_one_keeps_it() {
    let cast = Cast::start().await;
    let (admin, lea) = (&cast.admin, &cast.lea);
    let algebra = course(admin, json!({ "title": "Algebra" })).await;
    let plane = resource(admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let flight = cast.kind(json!({ "location": "Hangar 2", "requirements": [{ "name": "Aircraft", "resourceIds": [plane] }] })).await;
    let talk = cast.kind(json!({ "name": "Äther talk", "courseId": algebra })).await;
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": talk, "isActive": false } })).await;
    for (filter, expected) in [
        (json!({}), "Flight"),
        (json!({ "isActive": false }), "Äther talk"),
        (json!({ "search": "hang" }), "Flight"),
        (json!({ "search": "athe", "isActive": false }), "Äther talk"),
        (json!({ "courseId": algebra, "isActive": false }), "Äther talk"),
        (json!({ "courseId": algebra }), ""),
        (json!({ "instructorId": cast.ada.user_id }), "Flight"),
        (json!({ "instructorId": lea.user_id }), ""),
        (json!({ "resourceId": plane }), "Flight"),
    ] {
        assert_eq!(names(lea, filter.clone()).await, expected, "{filter}");
    }
    // What a type requires is not deleted, and what was booked of one is no reason to change what it was.
    classroom::refused(&cast.app, admin, "mutation($id: ID!) { deleteResource(id: $id) }", json!({ "id": plane }), "CONFLICT IN_USE @id")
        .await;
    let booked = book(lea, &flight, "09:00", json!({})).await;
    admin.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": booked["id"] } })).await;
    classroom::refused(&cast.app, admin, DROP_TYPE, json!({ "id": flight }), "CONFLICT IN_USE @id").await;
    classroom::refused(&cast.app, admin, CHANGE_TYPE, json!({ "i": { "id": flight, "seats": 2 } }), "CONFLICT IN_USE @seats").await;
    assert_eq!(admin.ok(DROP_TYPE, json!({ "id": talk })).await["deleteBookingType"], talk);
    assert_eq!(admin.ok(WHOLE, json!({ "id": talk })).await["bookingType"], Value::Null);
    // Whoever is deleted takes no bookings.
    let mary = cast.instructor("mary").await;
    let both = json!([{ "instructorId": cast.ada.user_id }, { "instructorId": mary.user_id }]);
    admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "instructors": both } })).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": mary.user_id })).await;
    let left = admin.ok(WHOLE, json!({ "id": flight })).await["bookingType"]["instructors"].take();
    assert_eq!(left, json!([{ "weight": 1, "instructor": { "id": cast.ada.user_id } }]));
    // Where nobody is left, it can be ended all the same.
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": cast.ada.user_id })).await;
    let ended =
        admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "name": "Old flight", "isActive": false } })).await["updateBookingType"].take();
    assert_eq!((&ended["name"], &ended["isActive"]), (&json!("Old flight"), &json!(false)));
    let kept = json!({ "i": { "id": flight, "needsInstructor": true } });
    classroom::refused(&cast.app, admin, CHANGE_TYPE, kept, "BAD_USER_INPUT @instructors").await;
}

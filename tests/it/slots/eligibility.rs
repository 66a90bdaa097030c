//! Who may book at all.

use super::*;
use crate::classroom::{ADD_MEMBERS, course, enroll, group};

const MINE: &str = "query($id: ID!) { bookingType(id: $id) { viewerEligibility { isMet message rule { kind } } } }";

async fn met(client: &Client, kind: &Value) -> Vec<bool> {
    let checks = client.ok(MINE, json!({ "id": kind })).await["bookingType"]["viewerEligibility"].take();
    checks.as_array().unwrap().iter().map(|check| check["isMet"] == json!(true)).collect()
}

#[tokio::test]
async fn every_rule_must_hold_and_any_of_its_subjects_will_do() {
    let cast = Cast::start().await;
    let [algebra, botany] =
        [course(&cast.admin, json!({ "title": "Algebra" })).await, course(&cast.admin, json!({ "title": "Botany" })).await];
    let owls = group(&cast.admin, json!({ "name": "Owls" })).await;
    let flight = cast
        .kind(json!({ "eligibility": [
            { "kind": "COURSE_ENROLLED", "subjectIds": [algebra, botany] },
            { "kind": "COURSE_IN_PROGRESS", "subjectIds": [botany] },
            { "kind": "COURSE_COMPLETED", "subjectIds": [botany] },
            { "kind": "GROUP_MEMBER", "subjectIds": [owls] },
            { "kind": "MAX_NO_SHOWS", "maxCount": 1 }
        ] }))
        .await;
    assert_eq!(met(&cast.lea, &flight).await, [false, false, false, false, true]);
    assert_eq!(offered(&cast.lea, &flight).await, "NOT_ELIGIBLE");
    let unmet = refused(&cast, &cast.lea, &flight, "10:00", "NOT_ELIGIBLE", "startsAt").await["unmet"].take();
    assert_eq!(
        unmet,
        json!([{ "kind": "COURSE_ENROLLED" }, { "kind": "COURSE_IN_PROGRESS" }, { "kind": "COURSE_COMPLETED" }, { "kind": "GROUP_MEMBER" }])
    );
    let mine = enroll(&cast.admin, &botany, &cast.lea.user_id).await;
    assert_eq!(met(&cast.lea, &flight).await, [true, false, false, false, true]);
    let record = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status } }";
    cast.lea.ok(record, json!({ "i": { "id": mine, "progress": 40 } })).await;
    assert_eq!(met(&cast.lea, &flight).await, [true, true, false, false, true]);
    cast.lea.ok(record, json!({ "i": { "id": mine, "progress": 100 } })).await;
    cast.admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": owls, "userIds": [cast.lea.user_id] } })).await;
    assert_eq!(met(&cast.lea, &flight).await, [true, true, true, true, true]);
    book(&cast.lea, &flight, "10:00", json!({})).await;
    // Whoever did not come twice is out for ninety days.
    cast.app
        .sql(&format!(
            "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, instructor_id, starts_at, ends_at, status, outcome) \
             SELECT '{}', gen_random_uuid(), '{}', '{}', s, s + interval '1 hour', 'COMPLETED', 'NO_SHOW' \
             FROM (VALUES (now() - interval '100 days'), (now() - interval '80 days'), (now() - interval '1 day')) AS v(s); RESET app.audit",
            cast.app.oak.tenant,
            crate::classroom::uuid(&cast.lea.user_id),
            crate::classroom::uuid(&cast.ada.user_id)
        ))
        .await;
    assert_eq!(met(&cast.lea, &flight).await, [true, true, true, true, false]);
    let checks = cast.admin.ok(EXPLAIN, json!({ "t": flight, "s": at("12:00"), "l": cast.lea.user_id })).await["explainSlot"].take();
    assert_eq!((&checks["reason"], &checks["eligibility"][4]["isMet"]), (&json!("NOT_ELIGIBLE"), &json!(false)));
    assert_eq!(checks["eligibility"][4]["message"], "No more than 1 bookings missed within 90 days: not met.");
    // Without anybody to ask about, nobody's rules are asked.
    assert_eq!(cast.ada.ok(EXPLAIN, json!({ "t": flight, "s": at("12:00") })).await["explainSlot"]["isBookable"], true);
}

#[tokio::test]
async fn what_is_gone_is_met_by_nobody_and_lessons_count_once_completed() {
    let cast = Cast::start().await;
    let algebra = course(&cast.admin, json!({ "title": "Algebra" })).await;
    let section = "mutation($i: CreateSectionInput!) { createSection(input: $i) { id } }";
    let section = cast.admin.ok(section, json!({ "i": { "courseId": algebra, "title": "Sets" } })).await["createSection"]["id"].take();
    let lesson = "mutation($i: CreateLessonInput!) { createLesson(input: $i) { id } }";
    let of = json!({ "i": { "sectionId": section, "kind": "TEXT", "title": "Sets", "isPublished": true } });
    let lesson = cast.admin.ok(lesson, of).await["createLesson"]["id"].take();
    enroll(&cast.admin, &algebra, &cast.lea.user_id).await;
    let flight = cast.kind(json!({ "eligibility": [{ "kind": "LESSON_COMPLETED", "subjectIds": [lesson] }] })).await;
    assert_eq!(met(&cast.lea, &flight).await, [false]);
    cast.lea
        .ok("mutation($i: CompleteLessonInput!) { completeLesson(input: $i) { status } }", json!({ "i": { "lessonId": lesson } }))
        .await;
    assert_eq!(met(&cast.lea, &flight).await, [true]);
    book(&cast.lea, &flight, "10:00", json!({})).await;
    let owls = group(&cast.admin, json!({ "name": "Owls" })).await;
    let talk = cast.kind(json!({ "name": "Talk", "eligibility": [{ "kind": "GROUP_MEMBER", "subjectIds": [owls] }] })).await;
    cast.admin.ok("mutation($id: ID!) { deleteGroup(id: $id) }", json!({ "id": owls })).await;
    assert_eq!(met(&cast.lea, &talk).await, [false]);
}

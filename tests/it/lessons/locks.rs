//! What is locked, for whom, and why.

use serde_json::json;

use super::{COMPLETE, DRIP, LOCK, TRACK, UPDATE, classroom, complete, lesson, lesson_of, look, section};
use crate::{
    app::{TestApp, Who},
    classroom::{UNENROLL, enroll, refused, uuid},
};

#[tokio::test]
async fn the_outline_is_shown_to_whoever_sees_the_course_and_the_rest_to_those_for_whom_it_is_open() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (admin, viewer) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (stranger, elm) = (app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await, app.sign_in(&app.elm, Who::Admin).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let open = lesson(&ada, &sets, "Sets").await;
    let draft = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "Draft", "body": "secret" })).await;
    let preview =
        lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "Preview", "body": "Welcome", "isPublished": true, "isPreview": true }))
            .await;

    for staff in [&ada, &admin] {
        assert_eq!(look(staff, &open).await, "open: About Sets");
        assert_eq!(look(staff, &draft).await, "open: secret");
        assert_eq!(look(staff, &preview).await, "open: Welcome");
    }
    for client in [&lea, &viewer, &stranger] {
        assert_eq!(look(client, &draft).await, "absent");
        assert_eq!(look(client, &preview).await, "open: Welcome");
    }
    assert_eq!(look(&lea, &open).await, "open: About Sets");
    for outsider in [&viewer, &stranger] {
        assert_eq!(look(outsider, &open).await, "NOT_ENROLLED");
    }
    for id in [&open, &draft, &preview] {
        assert_eq!(look(&elm, id).await, "absent");
    }
    // Everything but the outline is null, whatever the kind.
    let all = "query($id: ID!) { lesson(id: $id) { title kind durationMinutes body bodyHtml url mediaSeconds file { id } startsAt endsAt materials { id } viewerBooking { id }
        viewerProgress { status } } }";
    let shown = viewer.ok(all, json!({ "id": open })).await["lesson"].take();
    assert_eq!(
        shown,
        json!({ "title": "Sets", "kind": "TEXT", "durationMinutes": null, "body": null, "bodyHtml": null, "url": null, "mediaSeconds": null, "file": null,
                "startsAt": null, "endsAt": null, "materials": null, "viewerBooking": null, "viewerProgress": null })
    );
    let counted = "query($id: ID!) { course(id: $id) { lessonCount sections { isLocked lockReason lessons { title } } } }";
    let of = viewer.ok(counted, json!({ "id": algebra })).await["course"].take();
    let titles = json!([{ "title": "Sets" }, { "title": "Preview" }]);
    assert_eq!(of, json!({ "lessonCount": 2, "sections": [{ "isLocked": true, "lockReason": "NOT_ENROLLED", "lessons": titles }] }));

    // Verbs say the same.
    refused(&app, &viewer, COMPLETE, json!({ "i": { "lessonId": open } }), "FORBIDDEN [ENROLLMENT_SELF ENROLLMENT_MANAGE]").await;
    let other = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    for verb in [COMPLETE, TRACK] {
        refused(&app, &other, verb, json!({ "i": { "lessonId": open } }), "FORBIDDEN NOT_ENROLLED @lessonId").await;
        refused(&app, &other, verb, json!({ "i": { "lessonId": preview } }), "FORBIDDEN NOT_ENROLLED @lessonId").await;
        refused(&app, &other, verb, json!({ "i": { "lessonId": draft } }), "NOT_FOUND @lessonId").await;
    }
    // What ended is closed; what one did stays to be read.
    complete(&lea, &open).await;
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    assert_eq!(look(&lea, &open).await, "ENROLLMENT_ENDED");
    assert_eq!(look(&lea, &preview).await, "open: Welcome");
    let own = "query($id: ID!) { lesson(id: $id) { viewerProgress { status } } }";
    assert_eq!(lea.ok(own, json!({ "id": open })).await["lesson"]["viewerProgress"]["status"], "COMPLETED");
    refused(&app, &lea, TRACK, json!({ "i": { "lessonId": open } }), "FORBIDDEN NOT_ENROLLED @lessonId").await;
    let status = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { status } }";
    for (status_now, expected) in [("FAILED", "ENROLLMENT_ENDED"), ("EXPIRED", "ENROLLMENT_ENDED"), ("COMPLETED", "open: About Sets")] {
        ada.ok(status, json!({ "i": { "id": enrolled, "status": status_now } })).await;
        assert_eq!(look(&lea, &open).await, expected, "{status_now}");
    }
}

#[tokio::test]
async fn drip_opens_at_the_very_moment_and_not_before() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, first, enrolled) = classroom(&app, &ada, &lea).await;
    let (days, date, after) =
        (section(&ada, &algebra, "Days").await, section(&ada, &algebra, "Date").await, section(&ada, &algebra, "After").await);
    let intro = lesson(&ada, &first, "Intro").await;
    let extra = lesson_of(&ada, &first, json!({ "kind": "TEXT", "title": "Extra", "isPublished": true, "isRequired": false })).await;
    let (in_days, on_date, behind) =
        (lesson(&ada, &days, "Days").await, lesson(&ada, &date, "Date").await, lesson(&ada, &after, "After").await);
    ada.ok(DRIP, json!({ "i": { "sectionId": days, "kind": "DAYS_AFTER_ENROLLMENT", "days": 3 } })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": date, "kind": "ON_DATE", "at": "2099-01-01T09:30:00Z" } })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": after, "kind": "AFTER_SECTION", "afterSectionId": first } })).await;

    // Rows move, not clocks: an enrollment of exactly three days ago is what `now()` of the request's own transaction makes open.
    let ago =
        |interval: &str| format!("UPDATE enrollment SET enrolled_at = now() - interval '{interval}' WHERE id = '{}'", uuid(&enrolled));
    let found = lea.ok(LOCK, json!({ "id": in_days })).await["lesson"].take();
    assert_eq!(found["lockReason"], "NOT_YET");
    let expected = app
        .text(&format!(
            "SELECT to_char((enrolled_at + interval '72 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') FROM enrollment WHERE id = '{}'",
            uuid(&enrolled)
        ))
        .await
        .unwrap();
    let unlocks = found["unlocksAt"].as_str().unwrap().trim_end_matches('Z').to_owned();
    assert!(
        expected.trim_end_matches('0').trim_end_matches('.') == unlocks.trim_end_matches('0').trim_end_matches('.'),
        "{expected} {unlocks}"
    );
    app.sql(&ago("72 hours - 1 minute")).await;
    assert_eq!(look(&lea, &in_days).await, "NOT_YET");
    app.sql(&ago("72 hours")).await;
    assert_eq!(look(&lea, &in_days).await, "open: About Days");

    let of_section = "query($id: ID!) { node(id: $id) { ... on Section { dripKind dripAt isLocked lockReason unlocksAt } } }";
    assert_eq!(
        lea.ok(of_section, json!({ "id": date })).await["node"],
        json!({ "dripKind": "ON_DATE", "dripAt": "2099-01-01T09:30:00Z", "isLocked": true, "lockReason": "NOT_YET", "unlocksAt": "2099-01-01T09:30:00Z" })
    );
    assert_eq!(look(&lea, &on_date).await, "NOT_YET");
    for (moment, expected) in
        [("now() + interval '1 minute'", "NOT_YET"), ("now()", "open: About Date"), ("now() - interval '1 second'", "open: About Date")]
    {
        app.sql(&format!("UPDATE section SET drip_at = {moment} WHERE id = '{}'", uuid(&date))).await;
        assert_eq!(look(&lea, &on_date).await, expected, "{moment}");
    }
    // The very instant, in one transaction's clock.
    let at_once = format!(
        "BEGIN; SELECT set_config('app.tenant_id', '{}', true); UPDATE section SET drip_at = now() WHERE id = '{}';
         DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM app.locks_of('{}', ARRAY['{}'::uuid]) AS k WHERE k.reason IS NOT NULL); END $$; COMMIT",
        app.oak.tenant,
        uuid(&date),
        uuid(&lea.user_id),
        uuid(&on_date)
    );
    app.sql(&at_once).await;

    assert_eq!(look(&lea, &behind).await, "AFTER_SECTION");
    refused(&app, &lea, COMPLETE, json!({ "i": { "lessonId": behind } }), "CONFLICT LESSON_LOCKED @lessonId").await;
    refused(&app, &lea, TRACK, json!({ "i": { "lessonId": behind } }), "CONFLICT LESSON_LOCKED @lessonId").await;
    complete(&lea, &intro).await;
    assert_eq!(look(&lea, &behind).await, "open: About After", "the extra is not required");
    complete(&lea, &behind).await;
    // A lesson that is added to the section before closes it again, but not what was completed.
    let more = lesson(&ada, &after, "More").await;
    lesson(&ada, &first, "Later").await;
    assert_eq!((look(&lea, &behind).await.as_str(), look(&lea, &more).await.as_str()), ("open: About After", "AFTER_SECTION"));
    assert_eq!(look(&lea, &extra).await, "open: ");
    assert_eq!(look(&ada, &on_date).await, "open: About Date");
}

#[tokio::test]
async fn a_sequential_course_opens_one_lesson_after_the_other() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let maps = section(&ada, &algebra, "Maps").await;
    let (a, b) = (lesson(&ada, &sets, "a").await, lesson(&ada, &sets, "b").await);
    let extra = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "extra", "isPublished": true, "isRequired": false })).await;
    let (c, d) = (lesson(&ada, &maps, "c").await, lesson(&ada, &maps, "d").await);
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, isSequential: true }) { isSequential } }", json!({ "id": algebra })).await;
    let all = [&a, &b, &extra, &c, &d];
    let line = async |client| {
        let mut line = String::new();
        for id in all {
            line.push(if look(client, id).await == "AFTER_LESSON" { '-' } else { '+' });
        }
        line
    };
    assert_eq!(line(&lea).await, "+----");
    assert_eq!(line(&ada).await, "+++++");
    complete(&lea, &a).await;
    assert_eq!(line(&lea).await, "++---");
    complete(&lea, &b).await;
    assert_eq!(line(&lea).await, "++++-", "what is not required keeps nobody waiting");
    refused(&app, &lea, COMPLETE, json!({ "i": { "lessonId": d } }), "CONFLICT LESSON_LOCKED @lessonId").await;
    complete(&lea, &c).await;
    // What is completed stays open when something is put before it.
    ada.ok(super::REOPEN, json!({ "i": { "lessonId": a, "userId": lea.user_id } })).await;
    assert_eq!(line(&lea).await, "++-+-");
    // Time and order: time alone would not open it.
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    let found = lea.ok(LOCK, json!({ "id": d })).await["lesson"].take();
    assert_eq!(json!([found["lockReason"], found["unlocksAt"]]), json!(["NOT_YET", null]));
    complete(&lea, &a).await;
    let found = lea.ok(LOCK, json!({ "id": d })).await["lesson"].take();
    assert_eq!(json!([found["lockReason"], found["unlocksAt"]]), json!(["NOT_YET", "2099-01-01T00:00:00Z"]));
    ada.ok(UPDATE, json!({ "i": { "id": d, "isPreview": true } })).await;
    assert_eq!(look(&lea, &d).await, "open: About d");
}

#[tokio::test]
async fn sections_never_wait_for_each_other_in_a_circle() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, one, _) = classroom(&app, &ada, &lea).await;
    let (two, three) = (section(&ada, &algebra, "Two").await, section(&ada, &algebra, "Three").await);
    let after = |section: &str, after: &str| json!({ "i": { "sectionId": section, "kind": "AFTER_SECTION", "afterSectionId": after } });
    let changed = ada.ok(DRIP, after(&two, &one)).await["setSectionDrip"].take();
    assert_eq!(changed, json!({ "dripKind": "AFTER_SECTION", "dripDays": null, "dripAt": null, "dripAfter": { "id": one } }));
    ada.ok(DRIP, after(&three, &two)).await;
    refused(&app, &ada, DRIP, after(&one, &one), "CONFLICT DRIP_CYCLE @afterSectionId").await;
    refused(&app, &ada, DRIP, after(&one, &two), "CONFLICT DRIP_CYCLE @afterSectionId").await;
    refused(&app, &ada, DRIP, after(&one, &three), "CONFLICT DRIP_CYCLE @afterSectionId").await;
    let (_, other, _) = classroom(&app, &ada, &app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await).await;
    refused(&app, &ada, DRIP, after(&one, &other), "NOT_FOUND @afterSectionId").await;
    // Two at once, each right by itself: one of them is refused.
    ada.ok(DRIP, json!({ "i": { "sectionId": two, "kind": "NONE" } })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": three, "kind": "NONE" } })).await;
    let (first, second) = tokio::join!(ada.ask(DRIP, after(&one, &two)), ada.ask(DRIP, after(&two, &one)));
    let done = [&first, &second].iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(done, 1, "{first} {second}");

    for (input, field) in [
        (json!({ "kind": "NONE", "days": 3 }), "days"),
        (json!({ "kind": "DAYS_AFTER_ENROLLMENT" }), "days"),
        (json!({ "kind": "DAYS_AFTER_ENROLLMENT", "days": 0 }), "days"),
        (json!({ "kind": "DAYS_AFTER_ENROLLMENT", "days": 3651 }), "days"),
        (json!({ "kind": "DAYS_AFTER_ENROLLMENT", "days": 3, "at": "2099-01-01T00:00:00Z" }), "at"),
        (json!({ "kind": "ON_DATE" }), "at"),
        (json!({ "kind": "AFTER_SECTION" }), "afterSectionId"),
        (json!({ "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z", "afterSectionId": one }), "afterSectionId"),
    ] {
        let mut input = input;
        input["sectionId"] = json!(three);
        refused(&app, &ada, DRIP, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &lea, DRIP, after(&three, &one), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &stranger, DRIP, after(&three, &one), "FORBIDDEN NOT_YOURS @sectionId").await;
}

#[tokio::test]
async fn enrolling_again_goes_on_from_what_was_completed() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let (a, _) = (lesson(&ada, &sets, "a").await, lesson(&ada, &sets, "b").await);
    complete(&lea, &a).await;
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    // Meanwhile the course grows.
    lesson(&ada, &sets, "c").await;
    lesson(&ada, &sets, "d").await;
    assert_eq!(super::state(&lea, &enrolled).await, "DROPPED 50 1/4", "what had ended keeps its progress, and the counts tell the truth");
    enroll(&lea, &algebra, &lea.user_id).await;
    assert_eq!(super::state(&lea, &enrolled).await, "IN_PROGRESS 25 1/4");
    assert_eq!(look(&lea, &a).await, "open: About a");
}

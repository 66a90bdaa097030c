//! A program of many: what is linked to it is given to the first twenty applications with the link, and to all others by a job; and taken back so.

use futures_util::future::join_all;
use serde_json::json;

use super::Camp;
use crate::classroom::{ENROLL, course, group, learners, uuid};

const MANY: i64 = 45;

/// Each of these people is accepted.
async fn accepted(camp: &Camp, people: &[String]) {
    let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id } }";
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status } }";
    for some in people.chunks(9) {
        join_all(some.iter().map(|person| async move {
            let input = json!({ "i": { "programId": camp.program, "userId": person } });
            let id = camp.admin.ok(start, input).await["startApplication"]["id"].take();
            assert_eq!(camp.admin.ok(submit, json!({ "id": id })).await["submitApplication"]["status"], "ACCEPTED");
        }))
        .await;
    }
}

/// All that waits is done, by two workers at once.
async fn work(camp: &Camp) {
    let (stop, working) = camp.app.keep_working();
    camp.app.work().await;
    stop.cancel();
    working.await.unwrap();
    camp.app.work().await;
}

/// How many grants stand like this.
async fn grants(camp: &Camp, so: &str) -> i64 {
    camp.app.count(&format!("attendee_grant WHERE {so}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_five_get_what_is_linked_each_once_and_lose_it_when_more_is_asked_for() {
    let camp = Camp::start(json!({ "enrollWhen": "ACCEPTED" })).await;
    let people = learners(&camp.app, &camp.app.oak, usize::try_from(MANY).unwrap()).await;
    accepted(&camp, &people).await;
    let algebra = course(&camp.admin, json!({ "title": "Algebra" })).await;
    let cohort = group(&camp.admin, json!({ "name": "Cohort", "capacity": 40 })).await;
    // One of them is enrolled already.
    camp.admin.ok(ENROLL, json!({ "i": { "courseId": algebra, "userId": people[44] } })).await;
    camp.link(&[&algebra], &[&cohort]).await;
    let at_once = grants(&camp, "course_id IS NOT NULL").await;
    assert!((20..MANY).contains(&at_once), "{at_once}: some at once, and not all in the request");
    assert!(camp.app.count("job WHERE kind = 'grant.settle' AND state = 'QUEUED'").await > 0);
    work(&camp).await;
    let enrolled = format!("enrollment WHERE course_id = '{}' AND status = 'NOT_STARTED'", uuid(&algebra));
    let members = format!("group_member WHERE group_id = '{}'", uuid(&cohort));
    assert_eq!((camp.app.count(&enrolled).await, camp.app.count(&members).await), (MANY, 40));
    // What the group refuses stops nobody.
    assert_eq!(
        (grants(&camp, "course_id IS NOT NULL AND state = 'DONE'").await, grants(&camp, "group_id IS NOT NULL AND state = 'DONE'").await),
        (MANY, 40)
    );
    assert_eq!(grants(&camp, "state = 'FAILED' AND reason = 'GROUP_FULL'").await, MANY - 40);
    assert_eq!(grants(&camp, "is_given AND course_id IS NOT NULL").await, MANY - 1, "one had it before");
    // Asked for once more, there is nothing left to do; and where there is room, the others follow.
    let (tenant, program) = (camp.app.oak.tenant, uuid(camp.program.as_str().unwrap()));
    let settle = format!(
        "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SELECT app.enqueue('grant.settle', 'again', '{{\"program\": \"{program}\"}}'); COMMIT"
    );
    camp.app.sql(&settle).await;
    work(&camp).await;
    assert_eq!((grants(&camp, "true").await, camp.app.count(&enrolled).await, camp.app.count(&members).await), (2 * MANY, MANY, 40));
    let widen = "mutation($i: UpdateGroupInput!) { updateGroup(input: $i) { id } }";
    camp.admin.ok(widen, json!({ "i": { "id": cohort, "capacity": 60 } })).await;
    camp.retry().await;
    assert_eq!((camp.app.count(&members).await, grants(&camp, "state = 'DONE'").await), (MANY, 2 * MANY));
    // What asks for more than they have done takes it back: from twenty at once, from the others by a job, and not what somebody had before.
    let update = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }";
    camp.admin.ok(update, json!({ "i": { "id": camp.program, "enrollWhen": "PAID" } })).await;
    let left = camp.app.count(&members).await;
    assert!(left > 0 && left <= MANY - 20, "{left}");
    work(&camp).await;
    assert_eq!((grants(&camp, "state = 'REVOKED'").await, camp.app.count(&members).await), (2 * MANY, 0));
    assert_eq!(camp.app.count(&enrolled).await, 1);
    assert_eq!(camp.app.count(&format!("enrollment WHERE course_id = '{}'", uuid(&algebra))).await, MANY, "nobody is enrolled twice");
    // And gives it again.
    camp.admin.ok(update, json!({ "i": { "id": camp.program, "enrollWhen": "ACCEPTED" } })).await;
    work(&camp).await;
    assert_eq!(
        (camp.app.count(&enrolled).await, camp.app.count(&members).await, grants(&camp, "state = 'DONE'").await),
        (MANY, MANY, 2 * MANY)
    );
    assert_eq!(camp.app.count("job WHERE kind = 'grant.settle' AND state <> 'SUCCEEDED'").await, 0);
}

//! Groups under contention.

use futures_util::future::{join, join_all};
use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{DELETE, UPDATE, courses, members};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::{ADD_COURSES, ADD_MEMBERS, PUBLISH, course, draft, group, learners, uuid},
};

fn line(answer: &Value) -> String {
    answer["errors"].get(0).map_or("done".to_owned(), refusal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_want_the_last_places_as_many_join_as_there_are() {
    let app = TestApp::start_with(&["--pool-size=20"], HttpOptions::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 40).await;
    let id = group(&admin, json!({ "name": "Class 7b", "capacity": 7 })).await;
    // Two at a time: three pairs fit, and the seventh place stays free.
    let answers = join_all(people.chunks(2).map(|pair| admin.ask(ADD_MEMBERS, members(&id, pair)))).await;
    let joined = answers.iter().filter(|answer| line(answer) == "done").count();
    let refused = answers.iter().filter(|answer| line(answer) == "CONFLICT GROUP_FULL @userIds").count();
    assert_eq!((joined, refused), (3, 17), "{answers:?}");
    assert_eq!(app.count(&format!("group_member where group_id = '{}'", uuid(&id))).await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_people_added_ten_times_at_once_are_members_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut people = learners(&app, &app.oak, 6).await;
    let lesson = course(&admin, json!({ "title": "Algebra" })).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&lesson])).await;
    let lists: Vec<Value> = (0..10)
        .map(|_| {
            people.rotate_left(1); // each names them in another order
            members(&id, &people)
        })
        .collect();
    let answers = join_all(lists.iter().map(|list| admin.ask(ADD_MEMBERS, list.clone()))).await;
    let mut lines: Vec<String> = answers.iter().map(line).collect();
    lines.sort();
    assert_eq!((lines.pop().as_deref(), lines.len()), (Some("done"), 9));
    assert!(lines.iter().all(|line| line == "CONFLICT ALREADY_MEMBER @userIds.0"), "{lines:?}");
    assert_eq!((app.count("group_member").await, app.count("enrollment").await), (6, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_courses_publications_and_a_change_of_mind_at_once_leave_nobody_out() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 12).await;
    for round in 0..3 {
        let id = &group(admin, json!({ "name": format!("Class {round}") })).await;
        let mut ready = Vec::new();
        let mut unready = Vec::new();
        for n in 0..4 {
            ready.push(course(admin, json!({ "title": format!("Ready {n}") })).await);
            unready.push(draft(admin, json!({ "title": format!("Draft {n}") })).await);
        }
        admin.ok(ADD_COURSES, courses(id, &unready.iter().collect::<Vec<_>>())).await;
        let mut work: Vec<(&str, Value)> = Vec::new();
        work.extend(people.chunks(3).map(|some| (ADD_MEMBERS, members(id, some))));
        work.extend(ready.iter().map(|course| (ADD_COURSES, courses(id, &[course]))));
        work.extend(unready.iter().map(|course| (PUBLISH, json!({ "id": course }))));
        work.insert(5, (UPDATE, json!({ "i": { "id": id, "autoEnroll": true } })));
        let answers = join_all(work.iter().map(|(mutation, variables)| admin.ask(mutation, variables.clone()))).await;
        assert!(answers.iter().all(|answer| line(answer) == "done"), "{answers:?}");
        let enrolled = format!(
            "enrollment e JOIN group_course gc USING (tenant_id, course_id) WHERE gc.group_id = '{}' AND e.status = 'NOT_STARTED'",
            uuid(id)
        );
        assert_eq!(app.count(&enrolled).await, 12 * 8, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_joins_a_group_that_was_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 6).await;
    for round in 0..5 {
        let id = &group(admin, json!({ "name": format!("Class {round}") })).await;
        let joining = join_all(people.chunks(1).map(|one| admin.ask(ADD_MEMBERS, members(id, one))));
        let (joined, deleted) = join(joining, admin.ask(DELETE, json!({ "id": id }))).await;
        for answer in joined.iter().chain([&deleted]) {
            assert!(["done", "NOT_FOUND @groupId", "CONFLICT IN_USE @id"].contains(&line(answer).as_str()), "{answer}");
        }
    }
    assert_eq!(
        app.count("group_member m JOIN user_group g USING (tenant_id) WHERE g.id = m.group_id AND g.deleted_at IS NOT NULL").await,
        0
    );
}

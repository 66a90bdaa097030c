//! Documents that change the same things in crossed order.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, group, learners},
};

const TWO: &str =
    "mutation($a: UpdateUserInput!, $b: UpdateUserInput!) { a: updateUser(input: $a) { id } b: updateUser(input: $b) { id } }";

/// Sends all of these at once; each must be served.
async fn at_once(requests: Vec<(Client, &'static str, Value)>) {
    let mut racing = JoinSet::new();
    for (client, mutation, variables) in requests {
        racing.spawn(async move { client.ask(mutation, variables).await });
    }
    for answer in racing.join_all().await {
        assert!(answer.get("errors").is_none(), "{answer}");
    }
}

/// Ends the connections of the service, which begin anew by themselves.
async fn reconnect(app: &TestApp) {
    let connections = "pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app'";
    while app.count(&format!("(SELECT pg_terminate_backend(pid) FROM {connections}) AS ended")).await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many transactions the database ended because they waited in a circle. A connection says so when it ends.
async fn deadlocks(app: &TestApp) -> i64 {
    reconnect(app).await;
    app.text("SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()").await.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_are_updated_in_crossed_order_by_many_and_nobody_is_turned_away() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 3).await;
    let began = Instant::now();
    for round in 0..25 {
        let requests = (0..12).map(|n| {
            let (a, b) = (n % 3, (n + 1 + n / 3 % 2) % 3);
            let rename = |person: usize| json!({ "id": people[person], "name": format!("Person {person} of {round} by {n}") });
            (admin.clone(), TWO, json!({ "a": rename(a), "b": rename(b) }))
        });
        at_once(requests.collect()).await;
    }
    assert_eq!(app.changes("updateUser").await, 25 * 12 * 2, "all of each");
    // None of them had to be ended by the database, which takes a second to find out.
    assert_eq!(deadlocks(&app).await, 0, "in {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutations_of_other_things_in_crossed_order_are_served_as_well() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 12).await;
    let courses = [
        course(&admin, json!({ "title": "Algebra", "capacity": 100 })).await,
        course(&admin, json!({ "title": "Geometry", "capacity": 100 })).await,
    ];
    let groups =
        [group(&admin, json!({ "name": "Owls", "capacity": 100 })).await, group(&admin, json!({ "name": "Larks", "capacity": 100 })).await];
    let enroll = "mutation($a: EnrollInput!, $b: EnrollInput!) { a: enroll(input: $a) { id } b: enroll(input: $b) { id } }";
    let join = "mutation($a: AddGroupMembersInput!, $b: AddGroupMembersInput!) { a: addGroupMembers(input: $a) { id } b: addGroupMembers(input: $b) { id } }";
    let mixed =
        "mutation($a: UpdateCourseInput!, $b: UpdateGroupInput!) { a: updateCourse(input: $a) { id } b: updateGroup(input: $b) { id } }";
    let dexim =
        "mutation($a: UpdateCourseInput!, $b: UpdateGroupInput!) { b: updateGroup(input: $b) { id } a: updateCourse(input: $a) { id } }";
    let mut requests = Vec::new();
    for (n, person) in people.iter().enumerate() {
        let (one, two) = (n % 2, 1 - n % 2);
        let seat = |place: usize| json!({ "courseId": courses[place], "userId": person });
        requests.push((admin.clone(), enroll, json!({ "a": seat(one), "b": seat(two) })));
        let member = |place: usize| json!({ "groupId": groups[place], "userIds": [person] });
        requests.push((admin.clone(), join, json!({ "a": member(one), "b": member(two) })));
        let change =
            json!({ "a": { "id": courses[0], "title": format!("Algebra {n}") }, "b": { "id": groups[0], "name": format!("Owls {n}") } });
        requests.push((admin.clone(), if one == 0 { mixed } else { dexim }, change));
    }
    at_once(requests).await;
    assert_eq!((app.count("enrollment").await, app.count("group_member").await), (24, 24));
}

/// What stands in no document: two mutations of one field each that lock several rows, one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_ends_runs_again_until_it_holds() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 2).await;
    // Whoever updates one of the two goes on to lock the other, a moment later.
    app.sql(&format!(
        "CREATE FUNCTION public.cross() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             PERFORM pg_sleep(0.02);
             PERFORM FROM app_user u WHERE u.tenant_id = NEW.tenant_id AND u.name LIKE 'Person%' AND u.id <> NEW.id FOR UPDATE;
             RETURN NEW; END $$;
         CREATE TRIGGER z_cross AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION public.cross();
         ALTER DATABASE \"{}\" SET deadlock_timeout = '20ms'",
        app.database.name
    ))
    .await;
    reconnect(&app).await;
    let update = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }";
    for round in 0..6 {
        let requests =
            (0..6).map(|n| (admin.clone(), update, json!({ "i": { "id": people[n % 2], "name": format!("Person {round} {n}") } })));
        at_once(requests.collect()).await;
    }
    assert_eq!(app.changes("updateUser").await, 36);
    assert!(deadlocks(&app).await > 0, "nothing was put to the test");
}

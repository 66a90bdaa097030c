//! Programs under contention.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{CREATE, STATUS, UPDATE, active, forms, parts, program};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::{course, uuid},
};

fn line(answer: &Value) -> String {
    answer["errors"].get(0).map_or("done".to_owned(), refusal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_who_set_a_form_at_once_one_does() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = program(&admin, json!({ "name": "Camp" })).await;
    let set = (0..10).map(|nth| {
        let fields = json!([{ "key": format!("k{nth}"), "label": "A", "type": "TEXT" }]);
        admin.ask(forms::SET, forms::form(&id, 0, fields))
    });
    let mut lines: Vec<String> = join_all(set).await.iter().map(line).collect();
    lines.sort();
    assert_eq!(lines.iter().filter(|line| *line == "done").count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "CONFLICT STALE @expectedVersion").count(), 9, "{lines:?}");
    assert_eq!(app.count(&format!("program_form_field WHERE program_id = '{}'", uuid(&id))).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_who_take_a_short_name_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let make = (0..10).map(|_| admin.ask(CREATE, json!({ "i": { "name": "Camp", "slug": "camp", "currencies": ["EUR"] } })));
    let lines: Vec<String> = join_all(make).await.iter().map(line).collect();
    assert_eq!(lines.iter().filter(|line| *line == "done").count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "CONFLICT SLUG_TAKEN @slug").count(), 9, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_are_set_at_once_are_one_of_them() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = program(&admin, json!({ "name": "Camp" })).await;
    let (knots, fire) = (course(&admin, json!({ "title": "Knots" })).await, course(&admin, json!({ "title": "Fire" })).await);
    let set = |course: &str| admin.ask(parts::LINKS, json!({ "i": { "programId": id, "courseIds": [course], "groupIds": [] } }));
    for _ in 0..5 {
        let (one, two) = join(set(&knots), set(&fire)).await;
        assert_eq!((line(&one), line(&two)), ("done".to_owned(), "done".to_owned()));
        assert_eq!(app.count(&format!("program_course WHERE program_id = '{}'", uuid(&id))).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_taken_once_and_a_capacity_never_below_what_is_taken() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = active(&admin, json!({ "name": "Camp", "capacity": 10 })).await;
    let end = (0..5).map(|_| admin.ask(STATUS, json!({ "i": { "id": id, "status": "ENDED" } })));
    let lines: Vec<String> = join_all(end).await.iter().map(line).collect();
    assert_eq!(lines.iter().filter(|line| *line == "done").count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "CONFLICT INVALID_TRANSITION @status").count(), 4, "{lines:?}");
    // Places are taken one by one while the capacity is lowered.
    let school = app.oak.tenant;
    let take = format!(
        "UPDATE program_places SET taken = taken + 1 WHERE tenant_id = '{school}' AND program_id = '{}' AND taken + 1 <= capacity",
        uuid(&id)
    );
    let taking = async {
        for _ in 0..10 {
            app.sql(&take).await;
        }
    };
    let lowering = async {
        for capacity in (1..10).rev() {
            let answer = admin.ask(UPDATE, json!({ "i": { "id": id, "capacity": capacity } })).await;
            assert!(["done", "CONFLICT BELOW_USED @capacity"].contains(&line(&answer).as_str()), "{answer}");
        }
    };
    join(taking, lowering).await;
    let counted = format!(
        "program p JOIN program_places c USING (tenant_id) WHERE p.id = c.program_id AND p.id = '{}' AND c.taken <= c.capacity AND p.capacity = c.capacity",
        uuid(&id)
    );
    assert_eq!(app.count(&counted).await, 1);
}

//! Answers do not depend on how a document asks: with or without directives, with narrow columns or whole rows.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{ENROLL, course},
    introspection::Schema,
    isolation::world::World,
};

/// Shapes of documents that matter; every list with all that its rows have is asked for below. `$` stands where a directive
/// that changes nothing is put in one of the two ways.
const ASKED: [&str; 10] = [
    "courses { nodes { __typename id $ title description status capacity tags createdAt updatedAt instructor { id $ name } enrollmentCount } }",
    "courses { edges { cursor node { id $ words: title i: instructor { __typename who: name $ } } } }",
    "courses { nodes { id $ instructor { id $ } instructor { name $ } title title } }",
    "courses { nodes { ...C $ } }",
    "courses { nodes { id ... { title $ } ... on Course { status instructor { ... on User { name } } } ... on Node { id } } }",
    "enrollments { nodes { id $ status progress enrolledAt completedAt user { id $ name email } course { id $ title instructor { name $ } } } }",
    "bookings { nodes { id $ startsAt endsAt status notes cancelReason escalatedAt createdAt allowedTransitions
        student { id $ name } requestedInstructor { id $ name } instructor { id $ name status } course { id $ title } } }",
    "availabilities { nodes { id $ startsAt endsAt instructor { id $ name } } }",
    "groups { nodes { id $ name description capacity autoEnroll createdAt updatedAt memberCount } }",
    "auditLog(first: 50) { nodes { id $ operation outcome resource resourceId before after code reason correlationId at actor { id $ name } } }",
];

#[tokio::test]
async fn what_is_there_already_is_answered_as_the_executor_would() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    for input in [json!({ "title": "With \"quotes\"\n" }), json!({ "title": "B", "description": "ü", "capacity": 3, "tags": ["a", "b"] })]
    {
        let id = course(&instructor, input).await;
        learner.ok(ENROLL, json!({ "i": { "courseId": id } })).await;
        learner
            .ok(
                "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }",
                json!({ "i": { "courseId": id, "startsAt": "2099-03-02T08:00:00.5Z", "endsAt": "2099-03-02T09:00:00Z", "notes": "?", "requestedInstructorId": instructor.user_id } }),
            )
            .await;
    }
    course(&admin, json!({ "title": "Nobody's" })).await;
    let span = json!({ "i": { "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-02T18:00:00Z" } });
    instructor.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    admin.ok("mutation { createGroup(input: { name: \"G\" }) { id } }", json!({})).await;
    learner.refused("mutation { deleteCourse(id: \"course_01h455vb4pex5vsknk084sn02q\") }", json!({})).await;

    // Narrow columns read alone are the same as beside the wide ones.
    let user = "{ id name enrollments { totalCount nodes { id } } groups { totalCount } }";
    let course = format!(
        "id title status enrollmentCount enrollments {{ totalCount nodes {{ id }} }} groups {{ totalCount }} sections {{ id }} viewerEnrollment {{ id }} instructor {user}"
    );
    for (list, summary, more) in [
        ("courses", course.clone(), "description createdAt"),
        ("enrollments", format!("id status progress enrolledAt completedAt user {user} course {{ {course} }}"), "x: user { email }"),
        (
            "bookings",
            format!(
                "id startsAt endsAt status allowedTransitions student {user} requestedInstructor {user} instructor {user} course {{ {course} }}"
            ),
            "notes y: course { updatedAt }",
        ),
    ] {
        for client in [&admin, &instructor, &learner] {
            let ask = |fields: String| async move {
                client.ok(&format!("{{ {list} {{ nodes {{ {fields} }} edges {{ node {{ id }} }} }} }}"), json!({})).await
            };
            let (summary, mut whole): (Value, Value) = (ask(summary.clone()).await, ask(format!("{summary} {more}")).await);
            for node in whole[list]["nodes"].as_array_mut().unwrap() {
                node.as_object_mut().unwrap().retain(|name, _| summary[list]["nodes"][0].get(name).is_some());
            }
            assert_eq!(summary, whole, "{list}");
        }
    }

    for asked in ASKED {
        let fragment =
            if asked.contains("...C") { "fragment C on Course { id title instructor { ...U } } fragment U on User { name }" } else { "" };
        agree(&[&admin, &instructor, &learner], &format!("{{ {asked} }} {fragment}")).await;
    }
}

/// Asks both ways.
async fn agree(people: &[&Client], document: &str) {
    let mut is_full = false;
    for client in people {
        let [at_once, executed] = ["", "@include(if: true)"].map(|way| document.replace('$', way));
        let (at_once, executed) = (client.post(&at_once, json!({})), client.post(&executed, json!({})));
        let mut answers = Vec::new();
        for request in [at_once, executed] {
            let answer = request.header("x-correlation-id", "same").send().await.unwrap().text().await.unwrap();
            // Errors say where in the document they are.
            let answer = answer.split("\"locations\"").next().unwrap();
            // What is signed says until when.
            let mut parts = answer.split("\"download\":{");
            let mut rest: String = parts.next().unwrap().to_owned();
            for part in parts {
                assert!(part.contains("\"expiresAt\":\""), "{part}");
                rest.push_str(part.split_once('}').unwrap().1);
            }
            answers.push(rest);
        }
        assert_eq!(answers[0], answers[1], "{document}");
        is_full |= answers[0].contains("\"nodes\":[{") || answers[0].contains("\"edges\":[{");
    }
    assert!(is_full, "nobody is shown anything: {document}");
}

#[tokio::test]
async fn every_list_is_answered_at_once_as_the_executor_would() {
    let app = crate::frame::start().await;
    let world = World::build(&app).await;
    app.sql("DELETE FROM ticket_key").await; // the probes' opens no codes
    let people = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let schema = Schema::read(&app.stranger()).await;
    let lists = schema.fields("Query").iter().filter(|field| schema.fields(field.ty.named()).iter().any(|field| field.name == "nodes"));
    let mut walked = 0;
    for list in lists {
        // At every level that has one, a directive on the first field.
        let selection = schema.selection(list.ty.named(), 2).replace("{ __typename", "{ __typename $");
        let needed = list.args.iter().filter(|argument| argument.ty.is_required()).map(|argument| match argument.name.as_str() {
            "tenant" => format!(", tenant: \"{}\"", app.oak.slug),
            "programId" => format!(", programId: \"{}\"", world.foreign["program"]),
            other => panic!("what is {other} of {}?", list.name),
        });
        let document = format!("{{ {}(first: 20{}) {selection} }}", list.name, needed.collect::<String>());
        agree(&people.iter().collect::<Vec<_>>(), &document).await;
        walked += 1;
    }
    assert!(walked >= 9, "only {walked} lists");
}

//! What happens at once.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Class, GRADE, GRANT, RELEASE, SUBMIT, UPDATE, submit, work};
use crate::{
    app::{PASSWORD, TestApp, Who, refusal},
    classroom::{enroll, learners},
};

fn refusals(answers: &[Value]) -> Vec<String> {
    answers.iter().filter_map(|answer| answer["errors"].get(0).map(refusal)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_that_are_handed_in_at_once_with_one_allowed_one_is_there() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let input = json!({ "i": { "assignmentId": class.assignment, "text": "x" } });
    let answers = join_all((0..4).map(|_| class.lea.ask(SUBMIT, input.clone()))).await;
    assert_eq!(refusals(&answers), ["CONFLICT MAX_ATTEMPTS @assignmentId"; 3]);
    assert_eq!(app.count("submission").await, 1);
    assert_eq!(app.count("submission_event").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_graders_at_once_one_is_told_to_read_again() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": null })).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for _ in 0..5 {
        let submission = class.submit("x").await;
        let grade = |points: i32| json!({ "i": { "id": submission, "version": 1, "points": points } });
        let (one, two) = join(class.ada.ask(GRADE, grade(10)), admin.ask(GRADE, grade(20))).await;
        assert_eq!(refusals(&[one.clone(), two.clone()]), ["CONFLICT STALE @version"]);
        let kept = if one.get("errors").is_none() { 10.0 } else { 20.0 };
        assert_eq!(work(&class.ada, &submission).await["points"], kept);
        assert_eq!(work(&class.ada, &submission).await["history"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grades_that_are_given_while_all_are_released_are_released_or_held_and_never_both() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "holdGrades": true })).await;
    let mut submissions = Vec::new();
    for person in learners(&app, &app.oak, 6).await {
        enroll(&class.ada, &class.course, &person).await;
    }
    for n in 1..=6 {
        let person = app.sign_in_as(&app.oak, &format!("person{n}@oak.example"), PASSWORD).await;
        submissions.push(submit(&person, &class.assignment, "x").await);
    }
    for submission in &submissions[..3] {
        class.grade(submission, 1, 50.0).await;
    }
    let grades = join_all(submissions[3..].iter().map(|id| class.ada.ask(GRADE, json!({ "i": { "id": id, "version": 1, "points": 60 } }))));
    let (released, graded) = join(class.ada.ask(RELEASE, json!({ "id": class.assignment })), grades).await;
    assert!(refusals(&graded).is_empty() && refusals(&[released]).is_empty(), "{graded:?}");
    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    assert_eq!(app.count("submission_grade WHERE released_at IS NULL").await, 0);
    assert_eq!(app.count("lesson_grade").await, 6);
    assert_eq!(app.count(DRIFTED).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grades_follow_dates_weights_and_extensions_that_change_meanwhile() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "latePolicy": "PENALTY", "penaltyPercentPerDay": 10, "maxAttempts": null })).await;
    let (other, second) = super::assignment(&class.ada, &class.section, "Second").await;
    let twice = submit(&class.lea, &second, "y").await;
    class.grade(&twice, 1, 20.0).await;
    super::due(&app, &class.assignment, "now() - interval '1 hour'").await;
    for round in 0..5 {
        let submission = class.submit("x").await;
        let grade = class.ada.ask(GRADE, json!({ "i": { "id": submission, "version": 1, "points": 50 + round } }));
        let weigh = class.ada.ask(crate::lessons::UPDATE, json!({ "i": { "id": other, "weight": f64::from(round) + 0.5 } }));
        let late = class.ada.ask(UPDATE, json!({ "i": { "id": class.assignment, "penaltyPercentPerDay": 10 + round } }));
        let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "dueAt": format!("209{round}-01-01T00:00:00Z") });
        let grant = class.ada.ask(GRANT, json!({ "i": grant }));
        let ((one, two), (three, four)) = join(join(grade, weigh), join(late, grant)).await;
        assert!(refusals(&[one.clone(), two.clone(), three.clone(), four.clone()]).is_empty(), "{one} {two} {three} {four}");
        assert_eq!(app.count(DRIFTED).await, 0, "round {round}");
    }
}

/// Enrollments whose grades are not those of their released work, computed anew and slowly.
pub const DRIFTED: &str = "enrollment e
    LEFT JOIN enrollment_grade k ON k.tenant_id = e.tenant_id AND k.enrollment_id = e.id
    CROSS JOIN LATERAL (
        SELECT sum(w.weight * w.percent) / nullif(sum(w.weight) FILTER (WHERE w.percent IS NOT NULL), 0) AS current_grade, coalesce(sum(w.weight * w.percent), 0) / nullif(sum(w.weight), 0) AS final_grade
        FROM (SELECT l.weight::numeric AS weight, (
                  SELECT round(max(g.points::numeric / a.points::numeric * (100 - CASE
                      WHEN a.late_policy = 'PENALTY' AND NOT s.is_again AND s.submitted_at > coalesce(x.due_at, a.due_at)
                      THEN least(a.max_penalty_percent::numeric, a.penalty_percent_per_day::numeric * ceil(extract(epoch FROM s.submitted_at - coalesce(x.due_at, a.due_at)) / 86400)) ELSE 0 END)), 2)
                  FROM assignment a JOIN submission s ON s.assignment_id = a.id AND s.user_id = e.user_id
                  JOIN submission_grade g ON g.submission_id = s.id AND g.released_at IS NOT NULL
                  LEFT JOIN extension x ON x.lesson_id = a.lesson_id AND x.user_id = e.user_id
                  WHERE a.lesson_id = l.id) AS percent
              FROM lesson l WHERE l.course_id = e.course_id AND l.is_published AND l.kind = 'ASSIGNMENT' AND l.weight > 0) AS w) AS n
    WHERE (k.current_grade::numeric, k.final_grade::numeric) IS DISTINCT FROM (round(n.current_grade, 2), round(n.final_grade, 2))
      AND NOT EXISTS (SELECT FROM lesson l WHERE l.course_id = e.course_id AND l.kind = 'QUIZ')";

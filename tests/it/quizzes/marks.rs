//! Marks, held against a second, slow implementation: by hundredths of points, in whole numbers.

use serde_json::{Value, json};

use super::{Asked, Exam, SHEET, all_right};
use crate::{
    classroom::uuid,
    lessons::{REOPEN, TRACK, state},
};

/// A question as the slow implementation knows it.
#[derive(Debug, Clone)]
pub struct Known {
    pub kind: &'static str,
    /// Hundredths of points.
    pub cents: i64,
    /// Of options: how many there are, and how many of the first are right.
    pub options: usize,
    pub right: usize,
    pub is_void: bool,
}

/// An answer as it knows it.
#[derive(Debug, Clone)]
pub enum Given {
    Blank,
    /// Places of options.
    Options(Vec<usize>),
    /// In tenths; right is 40 ± 5.
    Number(i64),
    /// Right is "blue".
    Text(&'static str),
}

/// Half up: the floor of a fraction plus one half.
fn half_up(numerator: i64, denominator: i64) -> i64 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

/// What an answer is worth, in hundredths; and whether it is right.
pub fn mark(known: &Known, given: &Given, marking: &str, penalty_cents: i64) -> (i64, bool) {
    let (good, bad) = match given {
        Given::Options(places) => {
            (places.iter().filter(|place| **place < known.right).count(), places.iter().filter(|place| **place >= known.right).count())
        }
        _ => (0, 0),
    };
    let is_right = match given {
        Given::Blank => false,
        Given::Options(_) => good == known.right && bad == 0,
        Given::Number(tenths) => (tenths - 40).abs() <= 5,
        Given::Text(text) => text.trim().to_lowercase() == "blue",
    };
    if known.is_void {
        return (known.cents, false);
    }
    if is_right {
        return (known.cents, true);
    }
    let share = |least: i64| {
        let (good, bad, right) = (i64::try_from(good).unwrap(), i64::try_from(bad).unwrap(), i64::try_from(known.right).unwrap());
        half_up(((good - bad) * known.cents).max(least * right), right)
    };
    let cents = match (given, marking, known.kind) {
        (Given::Blank, ..) | (_, "ALL_OR_NOTHING", _) => 0,
        (_, "PARTIAL", "MULTIPLE") => share(0),
        (_, "NEGATIVE", "MULTIPLE") => share(-known.cents),
        (_, "NEGATIVE", _) => half_up(-penalty_cents * known.cents, 100),
        _ => 0,
    };
    (cents, false)
}

/// The score of an attempt, its maximum, percent in hundredths (half up), and whether it passes.
pub fn total(marks: &[i64], most: i64, pass_percent: i64) -> (i64, i64, i64, bool) {
    let score = marks.iter().sum::<i64>().max(0);
    (score, most, half_up(score * 10_000, most).min(10_000), score * 100 >= pass_percent * most)
}

/// A generator that is the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap()
    }
}

pub fn question(dice: &mut Dice) -> (Known, Value) {
    let kind = ["SINGLE", "MULTIPLE", "MULTIPLE", "NUMERIC", "SHORT_TEXT"][dice.roll(5)];
    let cents = i64::try_from(1 + dice.roll(700)).unwrap();
    let points = cents as f64 / 100.0;
    let options = 2 + dice.roll(6);
    let right = if kind == "SINGLE" { 1 } else { 1 + dice.roll(options) };
    let known = Known { kind, cents, options, right, is_void: false };
    let words: Vec<String> = (0..options).map(|n| format!("option {n}")).collect();
    let input = match kind {
        "SINGLE" | "MULTIPLE" => {
            json!({ "kind": kind, "prompt": "?", "points": points, "options": words, "correctOptions": (0..right).collect::<Vec<_>>() })
        }
        "NUMERIC" => json!({ "kind": kind, "prompt": "?", "points": points, "number": 4, "tolerance": 0.5 }),
        _ => json!({ "kind": kind, "prompt": "?", "points": points, "texts": ["blue"] }),
    };
    (known, input)
}

pub fn answer(dice: &mut Dice, known: &Known, asked: &Asked) -> (Given, Value) {
    let id = &asked.id;
    if dice.roll(6) == 0 {
        return (Given::Blank, json!({ "questionId": id }));
    }
    match known.kind {
        "SINGLE" | "MULTIPLE" => {
            let most = if known.kind == "SINGLE" { 1 } else { known.options };
            let mut places: Vec<usize> = (0..known.options).filter(|_| dice.roll(2) == 0).collect();
            places.truncate(most);
            let ids: Vec<&String> = places.iter().map(|place| &asked.options[*place]).collect();
            let value = json!({ "questionId": id, "optionIds": ids });
            (if places.is_empty() { Given::Blank } else { Given::Options(places) }, value)
        }
        "NUMERIC" => {
            let tenths = [35, 45, 34, 46, 40][dice.roll(5)];
            (Given::Number(tenths), json!({ "questionId": id, "number": tenths as f64 / 10.0 }))
        }
        _ => {
            let text = ["blue", " BLUE ", "red"][dice.roll(3)];
            (Given::Text(text), json!({ "questionId": id, "text": text }))
        }
    }
}

#[tokio::test]
async fn marks_agree_with_a_second_implementation() {
    let mut dice = Dice(7);
    let exam = Exam::draft().await;
    let (mut known, mut asked) = (Vec::new(), Vec::new());
    for _ in 0..14 {
        let (one, input) = question(&mut dice);
        asked.push(exam.ask(input).await);
        known.push(one);
    }
    exam.publish().await;
    exam.set(json!({ "review": "AFTER_SUBMISSION" })).await;
    let most: i64 = known.iter().map(|known| known.cents).sum();
    for round in 0..18 {
        let marking = ["ALL_OR_NOTHING", "PARTIAL", "NEGATIVE"][round % 3];
        let (penalty, pass) = ([100, 33, 250][dice.roll(3)], [0, 37, 50, 100][dice.roll(4)]);
        exam.set(json!({ "marking": marking, "wrongPenalty": penalty as f64 / 100.0, "passMark": pass })).await;
        let given: Vec<(Given, Value)> = known.iter().zip(&asked).map(|(known, asked)| answer(&mut dice, known, asked)).collect();
        let answers: Vec<&Value> = given.iter().map(|(_, value)| value).collect();
        let (attempt, result) = exam.sit(&exam.lea, json!(answers)).await;
        let sheet = exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"].take();
        let mut marks = Vec::new();
        for (n, (known, (given, _))) in known.iter().zip(&given).enumerate() {
            let (cents, is_right) = mark(known, given, marking, penalty);
            let shown = &sheet["questions"][n];
            assert_eq!(shown["score"], json!(cents as f64 / 100.0), "{marking} {penalty} {known:?} {given:?}");
            assert_eq!(shown["isCorrect"], json!(is_right), "{known:?} {given:?}");
            marks.push(cents);
        }
        let (score, most, percent, is_passed) = total(&marks, most, pass);
        assert_eq!(
            json!([result["score"], result["maxScore"], result["percent"], result["isPassed"]]),
            json!([score as f64 / 100.0, most as f64 / 100.0, percent as f64 / 100.0, is_passed]),
            "{marking} {penalty} {pass}"
        );
    }
}

#[tokio::test]
async fn equal_single_questions_give_the_difference_of_right_and_wrong() {
    let exam = Exam::draft().await;
    exam.set(json!({ "marking": "NEGATIVE" })).await;
    let mut asked = Vec::new();
    for n in 0..10 {
        asked.push(exam.ask(json!({ "kind": "SINGLE", "prompt": format!("{n}?"), "options": ["yes", "no"], "correctOptions": [0] })).await);
    }
    exam.publish().await;
    for (right, wrong, score) in [(7, 3, 4.0), (5, 5, 0.0), (2, 8, 0.0), (6, 0, 6.0), (10, 0, 10.0)] {
        let answers: Vec<Value> = (0..right + wrong)
            .map(|n| json!({ "questionId": asked[n].id, "optionIds": [asked[n].options[usize::from(n >= right)]] }))
            .collect();
        let (_, result) = exam.sit(&exam.lea, json!(answers)).await;
        assert_eq!(result["score"], json!(score), "{right} right, {wrong} wrong");
    }
}

#[tokio::test]
async fn numbers_are_compared_as_decimals_and_texts_without_their_dress() {
    let exam = Exam::draft().await;
    let number = exam.ask(json!({ "kind": "NUMERIC", "prompt": "?", "number": 0.3, "tolerance": 0.1 })).await;
    let huge = exam.ask(json!({ "kind": "NUMERIC", "prompt": "?", "number": 1e300 })).await;
    let text = exam.ask(json!({ "kind": "SHORT_TEXT", "prompt": "?", "texts": ["Straße  nach Süden"] })).await;
    exam.publish().await;
    exam.set(json!({ "review": "AFTER_SUBMISSION" })).await;
    for (given, exact, words, expected) in [
        (0.4, 1e300, "STRASSE NACH SÜDEN", [true, true, true]),
        (0.2, 1.000_000_1e300, " straße\u{a0}nach\n\u{ff33}üden", [true, false, true]),
        (0.400_000_000_1, -1e300, "Strasse nach Sueden", [false, false, false]),
    ] {
        let answers = json!([{ "questionId": number.id, "number": given }, { "questionId": huge.id, "number": exact }, { "questionId": text.id, "text": words }]);
        let (attempt, _) = exam.sit(&exam.lea, answers).await;
        let sheet = exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"]["questions"].take();
        let right: Vec<bool> = sheet.as_array().unwrap().iter().map(|question| question["isCorrect"].as_bool().unwrap()).collect();
        assert_eq!(right, expected, "{given} {exact} {words}");
    }
}

#[tokio::test]
async fn which_attempt_counts_is_the_quizs_to_say_at_once() {
    let exam = Exam::draft().await;
    let asked = exam.ask(json!({ "kind": "MULTIPLE", "prompt": "?", "options": ["a", "b", "c"], "correctOptions": [0, 1, 2] })).await;
    exam.publish().await;
    for count in [2, 3, 1] {
        exam.sit(&exam.lea, json!([{ "questionId": asked.id, "optionIds": asked.options[..count] }])).await;
    }
    let grade = async || exam.app.text(&format!("SELECT percent::text FROM lesson_grade WHERE lesson_id = '{}'", uuid(&exam.lesson))).await;
    assert_eq!(grade().await.as_deref(), Some("100"));
    exam.set(json!({ "attemptGrading": "LATEST" })).await;
    assert_eq!(grade().await.as_deref(), Some("33"));
    exam.set(json!({ "attemptGrading": "AVERAGE" })).await;
    assert_eq!(grade().await.as_deref(), Some("66.67"));
    exam.set(json!({ "attemptGrading": "HIGHEST" })).await;
    assert_eq!(grade().await.as_deref(), Some("100"));
}

#[tokio::test]
async fn a_lower_pass_mark_completes_the_lesson_of_who_passes_only_now_and_the_course_at_their_next_act() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "passMark": 100, "maxAttempts": 1 })).await;
    let mut nearly = all_right(&asked);
    nearly[2]["number"] = json!(7);
    let (_, result) = exam.sit(&exam.lea, nearly).await;
    assert_eq!(result["isPassed"], json!(false));
    let stands = async || state(&exam.lea, &exam.enrollment).await;
    let track = async || exam.lea.ok(TRACK, json!({ "i": { "lessonId": exam.lesson } })).await;
    track().await;
    assert_eq!(stands().await, "IN_PROGRESS 0 0/1");
    exam.set(json!({ "passMark": 50 })).await;
    assert_eq!(stands().await, "IN_PROGRESS 100 1/1");
    track().await;
    assert_eq!(stands().await, "COMPLETED 100 1/1");
    // A manager's word stands above the mark.
    exam.ada.ok(REOPEN, json!({ "i": { "lessonId": exam.lesson, "userId": exam.lea.user_id } })).await;
    track().await;
    exam.set(json!({ "passMark": 40 })).await;
    assert_eq!(stands().await, "IN_PROGRESS 0 0/1");
    for (mark, expected) in [(json!(100), "IN_PROGRESS 0 0/1"), (json!(null), "IN_PROGRESS 100 1/1")] {
        exam.set(json!({ "passMark": mark })).await;
        assert_eq!(stands().await, expected, "{mark}");
    }
}

//! The schema attacks itself: every place that takes an id is given ids of another school's real rows and ids that never
//! existed. The answers must be the same to the byte, nothing of the other school may change or show, and nothing of the
//! own school may move. Fields that are added later are walked without anybody touching this file; one whose arguments
//! can't be filled makes it fail.

pub mod world;

use std::collections::{BTreeMap, BTreeSet};

use lectern_kernel::resolve::{Access, registry::Root};
use serde_json::{Map, Value, json};

use self::world::{CANARY, World};
use crate::{
    app::{Client, TestApp, Who, refusal},
    introspection::{IdPlace, Input, Schema},
};

/// Both answers carry the same correlation id, so that nothing else can tell them apart.
const CORRELATION_ID: &str = "attack";

/// Places that are not reached with whatever else is filled in: something that the rest of the input says is refused first. Their own tests give them
/// ids of another school.
const BEHIND_OTHERS: [(&str, &str); 22] = [
    ("Mutation.sendMessage(input.parentId)", "a finished answer of the conversation: all else is BAD_USER_INPUT"),
    ("Query.previewOrder(input.returnTicketIds)", "a product that needs no other"),
    ("Mutation.placeOrder(input.returnTicketIds)", "a product that needs no other"),
    ("Mutation.createDocument(input.knowledgeBaseIds)", "a file or a text"),
    ("Mutation.grantExtension(input.userId)", "a quiz or an assignment"),
    ("Mutation.recordAttendance(input.userIds)", "a lesson that is LIVE"),
    ("Mutation.gradeSubmission(input.rubricScores.criterionId)", "the version as it was read"),
    ("Mutation.updateQuestion(input.id)", "2 options"),
    ("Mutation.updateQuestion(input.options.id)", "2 options"),
    ("Mutation.regradeQuestion(input.correctOptionIds)", "a question that has options"),
    ("Mutation.setPathCourses(input.courses.afterCourseId)", "an unlock that waits for a course"),
    ("Mutation.issueCertificate(input.userId)", "one of a course and a path"),
    ("Mutation.createBadge(input.courseId)", "a rule about a course"),
    ("Mutation.createBadge(input.pathId)", "a rule about a path"),
    ("Mutation.createCalendarFeed(input.instructorId)", "the scope INSTRUCTOR"),
    ("Mutation.createCalendarFeed(input.resourceId)", "the scope RESOURCE"),
    ("Mutation.createBookingType(input.eligibility.subjectIds)", "instructors who are such"),
    ("Mutation.createBookingType(input.requirements.resourceIds)", "instructors who are such"),
    ("Mutation.updateBookingType(input.eligibility.subjectIds)", "instructors who are such"),
    ("Mutation.updateBookingType(input.requirements.resourceIds)", "instructors who are such"),
    ("Mutation.joinWaitlist(input.bookingTypeId)", "a window of time"),
    ("Mutation.joinWaitlist(input.instructorId)", "a type and a window of time"),
];

/// What kind of id each place takes, as far as the service has said; none where it takes any.
type Kinds = BTreeMap<String, Option<String>>;

fn place_key(place: &IdPlace, path: &[String]) -> String {
    format!("{}.{}({})", place.parent, place.field.name, path.join("."))
}

/// A document that gives `probe` to a place, and fills what else is required with ids of the attacker's own school.
fn document(schema: &Schema, world: &World, kinds: &Kinds, place: &IdPlace, probe: &str) -> (String, Value) {
    let mut variables = Map::new();
    let mut declared = Vec::new();
    let mut given = Vec::new();
    for arg in &place.field.args {
        let mut leaf = |path: &[String], input: &Input| -> Option<Value> {
            if path == place.path {
                return Some(if place.is_list { json!([probe]) } else { json!(probe) });
            }
            // An audience is named with SHARED, and with nothing else.
            if input.ty.named() == "FileVisibility" && input.ty.is_required() {
                return Some(json!(if place.is_list { "SHARED" } else { "PRIVATE" }));
            }
            // A decision leads to some of the states, and a form has keys in lower case.
            match (place.field.name.as_str(), input.name.as_str()) {
                ("decideApplication", "status") => return Some(json!("ACCEPTED")),
                ("setProgramForm", "key") => return Some(json!("probe")),
                _ => {}
            }
            // Who may book is told by courses, lessons or groups; COURSE_ENROLLED is the first kind.
            if input.name == "subjectIds" {
                return Some(json!([world.own["course"]]));
            }
            if input.ty.named() == "ID" {
                let kind = kinds.get(&place_key(place, path)).and_then(Option::as_deref).unwrap_or("course");
                let own = &world.own[kind];
                return input.ty.is_required().then(|| if input.ty.is_list() { json!([own]) } else { json!(own) });
            }
            if schema.types.get(input.ty.named()).is_some_and(|ty| ty.input_fields.is_some()) { None } else { schema.plain(input) }
        };
        if let Some(value) = schema.fill(arg, &mut Vec::new(), &mut leaf) {
            declared.push(format!("${}: {}", arg.name, arg.ty.text()));
            given.push(format!("{0}: ${0}", arg.name));
            variables.insert(arg.name.clone(), value);
        } else {
            assert!(
                !arg.ty.is_required(),
                "the argument {} of {}.{} can't be filled: teach `Schema::plain` its type",
                arg.name,
                place.parent,
                place.field.name
            );
        }
    }
    let selection = if schema.is_composite(&place.field.ty) { schema.selection(place.field.ty.named(), 2) } else { String::new() };
    let call = format!("{}({}) {selection}", place.field.name, given.join(", "));
    let (operation, way, braces) = match place.parent.as_str() {
        "Mutation" => ("mutation", String::new(), 0),
        parent => {
            let (way, braces) =
                schema.way_to(parent).unwrap_or_else(|| panic!("there is no way from the root to {parent} without arguments"));
            ("query", way, braces)
        }
    };
    (format!("{operation}({}) {{ {way} {call} {} }}", declared.join(", "), "}".repeat(braces)), Value::Object(variables))
}

async fn answer(client: &Client, document: &(String, Value)) -> String {
    client.post(&document.0, document.1.clone()).header("x-correlation-id", CORRELATION_ID).send().await.unwrap().text().await.unwrap()
}

/// What an answer says of the ids that its field takes: `a course id begins with …`, or that any id will do.
fn taken(message: &str) -> Option<Option<&str>> {
    if message.contains("; an id is a word") {
        return Some(None);
    }
    let (_, rest) = message.split_once("; a ").or_else(|| message.split_once("; an "))?;
    Some(rest.split_once(" id ").map(|(kind, _)| kind))
}

/// Learns the kinds of all ids that a field takes, from what it says of ids of no kind. Answers what it said of the place
/// itself, where that tells no kind.
async fn learn(schema: &Schema, world: &World, client: &Client, place: &IdPlace, kinds: &mut Kinds) -> Result<(), String> {
    let own = place_key(place, &place.path);
    for _ in 0..8 {
        // Once its own kind is known, an id of that kind makes the service say the kinds of the other places.
        let probe = match kinds.get(&own) {
            Some(Some(kind)) => &world.never[kind],
            Some(None) => return Ok(()),
            None => "nothing",
        };
        let text = answer(client, &document(schema, world, kinds, place, probe)).await;
        let parsed: Value = serde_json::from_str(&text).unwrap();
        let error = &parsed["errors"][0];
        let Some(kind) = taken(error["message"].as_str().unwrap_or_default()) else {
            return if kinds.contains_key(&own) { Ok(()) } else { Err(text) };
        };
        if kind.is_some_and(|kind| !world.own.contains_key(kind)) {
            return Err(text);
        }
        // `userIds.0` speaks of `userIds`; a path inside `input` leaves that word out.
        let field = error["extensions"]["field"].as_str().unwrap_or_default();
        let field: Vec<&str> = field.split('.').filter(|part| part.parse::<usize>().is_err()).collect();
        let mut known = false;
        for path in [field.clone(), [vec!["input"], field].concat()] {
            let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
            let kind = kind.map(str::to_owned);
            known |= kinds.insert(place_key(place, &path), kind.clone()) == Some(kind);
        }
        if known {
            break;
        }
    }
    if kinds.contains_key(&own) { Ok(()) } else { Err("what else it takes is never right".to_owned()) }
}

#[test]
fn what_a_place_says_of_its_ids_is_understood() {
    assert_eq!(taken("is not an id; a course id is `course_` and 26 characters"), Some(Some("course")));
    assert_eq!(taken("is not an id; an upload id is `upload_` and 26 characters"), Some(Some("upload")));
    assert_eq!(taken("is the id of a user; a course id begins with `course_`"), Some(Some("course")));
    assert_eq!(taken("is not an id; an id is a word, `_` and 26 characters"), Some(None));
    assert_eq!(taken("There is no such course."), None);
}

#[tokio::test]
async fn a_kind_without_rows_to_attack_is_named_with_the_file_that_lacks_them() {
    let mut app = crate::frame::start().await;
    app.probes.retain(|(file, _)| !file.contains("bulletins"));
    let (_, missing) = World::found(&app).await;
    let sentence = |school: &str| {
        format!("Bulletin: nothing of it stands in {school}, so it is not attacked: add a row of bulletin to sql/seed/probe/bulletins.sql")
    };
    assert_eq!(missing, [sentence("elm"), sentence("oak")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_of_another_school_are_exactly_like_ids_that_never_existed() {
    // With a domain of a newcomer's, which is attacked without a word here.
    let app = crate::frame::start().await;
    let world = World::build(&app).await;
    // What stands among the probes opens nothing: the school makes itself a key, once it sells something.
    app.sql(&format!("DELETE FROM ticket_key WHERE tenant_id = '{}'", app.elm.tenant)).await;
    let attacker = app.sign_in(&app.elm, Who::Admin).await;
    let schema = Schema::read(&attacker).await;
    let (oak_before, elm_before) = (world.fingerprint(&app, &app.oak).await, world.counts(&app, &app.elm).await);

    // Mutations last: their refusals stand in the own audit log, with the ids that were sent.
    let mut places = schema.id_places();
    places.sort_by_key(|place| place.parent == "Mutation");
    assert!(places.len() > 30, "only {} places take an id", places.len());
    let mut kinds = Kinds::new();
    let mut problems = Vec::new();
    let (mut attacks, mut seen) = (0, BTreeSet::new());
    for place in &places {
        let key = place_key(place, &place.path);
        if BEHIND_OTHERS.iter().any(|(behind, _)| *behind == key) {
            continue;
        }
        if let Err(said) = learn(&schema, &world, &attacker, place, &mut kinds).await {
            problems.push(format!(
                "{} takes an id, and nobody knows of which kind: read it with `Id::parse` or `Node::read_id`. It says {said}",
                place_key(place, &place.path)
            ));
            continue;
        }
        let wanted = kinds[&place_key(place, &place.path)].clone();
        seen.extend(wanted.clone());
        for (kind, foreign) in &world.foreign {
            if wanted.as_ref().is_some_and(|wanted| wanted != kind) {
                continue;
            }
            attacks += 1;
            let never = &world.never[kind];
            let (with_foreign, with_never) =
                (document(&schema, &world, &kinds, place, foreign), document(&schema, &world, &kinds, place, never));
            let foreign_answer = answer(&attacker, &with_foreign).await;
            let never_answer = answer(&attacker, &with_never).await;
            let at = format!("{} given a {kind}", place_key(place, &place.path));
            if foreign_answer.replace(foreign, "ID") != never_answer.replace(never, "ID") {
                problems.push(format!("{at} tells a foreign id from none:\n  {foreign_answer}\n  {never_answer}"));
            }
            if foreign_answer.contains(CANARY) {
                problems.push(format!("{at} shows the other school's text:\n  {foreign_answer}"));
            }
            // The id itself must be what the answer turned on; anything else means that the attack did not reach it.
            let parsed: Value = serde_json::from_str(&never_answer).unwrap();
            if let Some(error) = parsed["errors"].get(0)
                && !refusal(error).starts_with("NOT_FOUND")
                && wanted.is_some()
            {
                problems.push(format!("{at} was refused for another reason: {}\n  {}", refusal(error), error["message"]));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {attacks} attacks:\n{}", problems.len(), problems.join("\n"));
    assert!(attacks > 100 && seen.contains("bulletin"), "{attacks} attacks on {seen:?}");
    assert_eq!(world.fingerprint(&app, &app.oak).await, oak_before, "something of the other school changed");
    assert_eq!(world.counts(&app, &app.elm).await, elm_before, "something of the own school moved");
}

#[tokio::test]
async fn no_trigger_enters_another_school_before_the_wall_is_asked() {
    let app = TestApp::start().await;
    // What goes on in the school of its row comes after the row, or goes back before the wall's WITH CHECK.
    let entering = "pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND p.prosrc LIKE '%app.enter_tenant%'";
    let before = format!("{entering} AND t.tgtype & 2 = 2 AND t.tgtype & 4 = 4 AND p.prosrc NOT LIKE '%set_config(''app.tenant_id''%'");
    assert_eq!(app.text(&format!("SELECT string_agg(t.tgname, ' ') FROM {before}")).await, None);
    assert!(app.count(entering).await > 50, "the triggers that enter the school of their row");
}

#[tokio::test]
async fn cursors_of_another_school_are_exactly_like_cursors_that_never_were() {
    let app = crate::frame::start().await;
    World::build(&app).await;
    let (victim, attacker) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let schema = Schema::read(&attacker).await;
    let mut walked = 0;
    for field in schema.fields("Query") {
        let pages = field.args.iter().any(|arg| arg.name == "after") && field.args.iter().all(|arg| !arg.ty.is_required());
        let is_public =
            app.registry.operation(Root::Query, &field.name).and_then(|operation| operation.field.access) == Some(Access::Public);
        if !pages || is_public {
            continue; // a public list is the same list for everybody
        }
        walked += 1;
        let own = victim.ok(&format!("{{ {} {{ edges {{ cursor }} }} }}", field.name), json!({})).await;
        let cursor = own[&field.name]["edges"][0]["cursor"].as_str().unwrap_or_else(|| panic!("{} is empty", field.name)).to_owned();
        let query = format!("query($after: String) {{ {}(after: $after) {{ totalCount nodes {{ __typename }} }} }}", field.name);
        let foreign = answer(&attacker, &(query.clone(), json!({ "after": cursor }))).await;
        let garbage = answer(&attacker, &(query, json!({ "after": "bm90IGEgY3Vyc29y" }))).await;
        assert_eq!(foreign, garbage, "{}", field.name);
        assert!(foreign.contains("BAD_USER_INPUT"), "{foreign}");
    }
    assert!(walked >= 7, "only {walked} lists");
}

//! What the lists cost at a hundred thousand rows: no big table is read from end to end, and no page costs more than a few
//! hundred blocks, for those who see everything and for those who see next to nothing alike.

use std::collections::{BTreeMap, BTreeSet};

use lectern_kernel::{db::Run, ids};
use serde_json::{Value, json};
use tokio_postgres::{
    NoTls,
    types::{IsNull, ToSql, Type, private::BytesMut},
};
use uuid::Uuid;

use super::{
    lists,
    load::{load, somebody},
};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    introspection::Schema,
};

/// Blocks of 8 KiB that one statement of a list may touch.
const MOST_BLOCKS: i64 = 2_500;
/// Lists of rows that stand behind other rows: each row asks whether its thread, its course, its people are to be seen; or they are sorted by names of
/// others. Blocks that the first page of twenty parents may touch.
const BEHIND: [(&str, i64); 4] =
    [("Course.threads", 5_000), ("Thread.posts", 15_000), ("Course.gradeBook", 15_000), ("certificates", 8_000)];
/// Counting all of them reads all: an index over what their policy asks would be as big.
const COUNTED: [&str; 2] = ["certificate", "waitlist_entry"];
/// Tables that may be read from end to end, listed by hand: they hold a handful of rows however big a school becomes, or so few in this
/// test (1,500 courses, 300 groups, 3,000 people) that their pages are fewer than an index would cost. The latter are tested
/// with more rows in the tests of their domains; the blocks that they cost are counted here all the same.
const SMALL: [&str; 57] = [
    "agent_knowledge_base",
    "generation_source",
    "message_delta",
    "application_transition",
    "calendar_feed",
    "busy_source",
    "currency",
    "program",
    "program_course",
    "program_currency",
    "program_form_field",
    "program_form_key",
    "program_group",
    "program_group_places",
    "program_link_group",
    "program_places",
    "program_reviewer",
    "program_transition",
    "badge",
    "learning_path",
    "tenant_export",
    "sign_in_provider",
    "tenant",
    "tenant_settings",
    "feature_flag",
    "access_version",
    "role",
    "booking_transition",
    "message_transition",
    "document_transition",
    "generation_transition",
    "waitlist_transition",
    "course",
    "user_group",
    "resource",
    "booking_type",
    "app_user",
    "webhook_endpoint",
    "invitation",
    "sign_up_request",
    "password_change_request",
    "product",
    "product_price",
    "product_stock",
    "coupon",
    "coupon_uses",
    "referral",
    "referral_uses",
    "program_code",
    "order_transition",
    "credit_balance",
    "payment_settings",
    "payment_transition",
    "refund",
    "refund_ticket",
    "line_reversal",
    "invoice_counter",
];

/// The id of the first row of a type.
async fn id_of(app: &TestApp, ty: &str) -> String {
    let table = app.registry.catalog().object(ty).and_then(|info| info.def.table.as_ref()).unwrap();
    let sql = format!("SELECT id::text FROM {} WHERE tenant_id = '{}' ORDER BY id LIMIT 1", table.name, app.oak.tenant);
    ids::encode(table.prefix, app.text(&sql).await.unwrap().parse::<Uuid>().unwrap())
}

/// The lists and look-ups of the API: those that need thought, and one for every list and every order that they leave out.
/// Those that need a permission answer null to who lacks it.
pub async fn documents(app: &TestApp) -> Vec<(String, String)> {
    let schema = Schema::read(&app.stranger()).await;
    let mut documents: Vec<_> = written(app).await.into_iter().map(|(name, document)| (name.to_owned(), document)).collect();
    let derived = lists::derived(&schema, &documents);
    let missing =
        |missing| panic!("no document asks for these lists, and none can be derived: add one to tests/it/sql/cost.rs: {missing:?}");
    documents.extend(derived.unwrap_or_else(missing));
    documents
}

/// Documents with arguments and depths that matter.
async fn written(app: &TestApp) -> Vec<(&'static str, String)> {
    let course = id_of(app, "Course").await;
    let user = id_of(app, "User").await;
    let group = id_of(app, "Group").await;
    let enrollment = id_of(app, "Enrollment").await;
    let booking = id_of(app, "Booking").await;
    let availability = id_of(app, "Availability").await;
    let section = id_of(app, "Section").await;
    let file = id_of(app, "File").await;
    let resource = id_of(app, "Resource").await;
    let booking_type = id_of(app, "BookingType").await;
    let session = id_of(app, "GroupSession").await;
    let series = id_of(app, "BookingSeries").await;
    let program = id_of(app, "Program").await;
    let now = jiff::Timestamp::from_second(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64).unwrap();
    let week = format!("from: \"{now}\", to: \"{}\"", now + jiff::SignedDuration::from_hours(7 * 24));
    let with_people = "nodes { id student { name } instructor { name } course { title } allowedTransitions }";
    let list = |text: String| format!("{{ {text} }}");
    vec![
        ("courses", list("courses { nodes { title instructor { name } enrollmentCount viewerEnrollment { status } } }".into())),
        ("roster", list(format!("checkInRoster(programId: \"{program}\") {{ nodes {{ ticketId attendeeName productName codeHash }} pageInfo {{ hasNextPage }} }}"))),
        ("participants", list(format!("programParticipants(programId: \"{program}\") {{ nodes {{ name answers }} totalCount }}"))),
        ("attendees", list("attendees { nodes { kind name createdAt email checkedInAt } }".into())),
        ("attendees, who came", list("attendees(filter: { checkedIn: true }) { nodes { name checkedInAt } }".into())),
        ("attendees, who came, of a program", list(format!("attendees(filter: {{ checkedIn: true, programId: \"{program}\" }}) {{ nodes {{ name checkedInAt }} }}"))),
        ("scans", list("checkIns { nodes { outcome attendeeName firstScannedAt ticket { id checkedInAt } by { name } } }".into())),
        ("scans, of a program", list(format!("checkIns(filter: {{ programId: \"{program}\" }}) {{ nodes {{ outcome station }} }}"))),
        ("scans, in vain", list(format!("checkIns(filter: {{ programId: \"{program}\", outcomes: [ADMITTED], from: \"2020-01-01T00:00:00Z\" }}) {{ nodes {{ outcome }} }}"))),
        ("programs of the public", list("publicPrograms(tenant: \"oak\") { nodes { name isFull products { name availability prices { amount } } } totalCount }".into())),
        ("courses, last", list("courses(last: 20) { nodes { title } }".into())),
        ("courses, newest", list("courses(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { title } }".into())),
        ("courses, found", list("courses(filter: { search: \"bot 77\" }) { nodes { title } totalCount }".into())),
        ("courses, tagged", list("courses(filter: { tag: \"tag7\" }) { nodes { title } totalCount }".into())),
        ("courses, of one", list(format!("courses(filter: {{ instructorId: \"{user}\" }}) {{ nodes {{ title }} totalCount }}"))),
        ("courses, drafts", list("courses(filter: { statuses: [DRAFT] }) { nodes { title } }".into())),
        ("courses, mine", list("courses(filter: { isEnrolled: true, hasSeats: true }) { nodes { title } }".into())),
        ("courses, lessons", list("courses(first: 3) { nodes { lessonCount instructors { name } materials { title } sections { isLocked lessons { title isLocked viewerProgress { status } } } } }".into())),
        ("enrollments, lessons", list(format!("enrollments(first: 5, filter: {{ userId: \"{user}\" }}) {{ nodes {{ resumeLesson {{ title }} lessonProgress {{ status lesson {{ title }} }} }} }}"))),
        ("quiz attempts", list("quizAttempts(first: 20) { nodes { score isReviewable quiz { mode } scoreHistory { score } } }".into())),
        ("quiz attempts, of a group", list(format!("quizAttempts(filter: {{ groupId: \"{group}\" }}) {{ nodes {{ score }} }}"))),
        ("courses, quizzes", list("courses(first: 3) { nodes { sections { lessons { quiz { questionCount maxScore viewerAttempts { score } } } } } }".into())),
        ("courses, pools", list("courses(first: 3) { nodes { questionPools { name questions { prompt key { number } } } } }".into())),
        ("attempts, questions", list("quizAttempts(first: 5) { nodes { quiz { questions { prompt options { text } key { optionIds } } } } }".into())),
        (
            "booking types, eligibility",
            list("bookingTypes(first: 5) { nodes { name eligibility { kind subjects { __typename ... on Course { title } } } } }".into()),
        ),
        ("enrollments, of a group", list(format!("enrollments(filter: {{ groupId: \"{group}\" }}) {{ nodes {{ course {{ title }} }} }}"))),
        ("courses, nested", list("courses(first: 5) { nodes { sections { title } groups { nodes { name } } enrollments { nodes { user { name } } totalCount } } }".into())),
        ("paths", list("learningPaths { nodes { title courses { isLocked obstacle course { title } viewerEnrollment { status } } viewerEnrollment { progress } certificateSettings { isEnabled } } totalCount }".into())),
        ("paths, found", list("learningPaths(filter: { search: \"path 17\", statuses: [PUBLISHED] }) { nodes { title } totalCount }".into())),
        ("courses, obstacles", list("courses(first: 5) { nodes { viewerObstacles prerequisites { isMet course { title } } certificateSettings { validMonths } } }".into())),
        ("certificates", list("certificates { nodes { title status user { name } course { title } } totalCount }".into())),
        ("certificates, of one", list(format!("certificates(filter: {{ userId: \"{user}\" }}) {{ nodes {{ title }} totalCount }}"))),
        ("certificates, expiring", list("certificates(filter: { expiresBefore: \"2020-01-01T00:00:00Z\" }) { nodes { title } }".into())),
        ("enrollments", list("enrollments { nodes { course { title } user { name } } }".into())),
        ("enrollments, progress", list("enrollments(orderBy: { field: PROGRESS, direction: DESC }) { nodes { course { title } user { name } } }".into())),
        ("enrollments, of a course", list(format!("enrollments(filter: {{ courseId: \"{course}\" }}) {{ nodes {{ user {{ name }} }} totalCount }}"))),
        ("enrollments, of a person", list(format!("enrollments(filter: {{ userId: \"{user}\" }}) {{ nodes {{ course {{ title }} }} totalCount }}"))),
        ("users", list("users { nodes { name email roles { key } } }".into())),
        ("users, newest", list("users(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { name } }".into())),
        ("users, with what they may do", list("users(first: 50) { nodes { username timeZone locale avatar { name } roleAssignments { role { key } until grantedBy { name } } permissionGrants permissionDenies effectivePermissions { permission isHeld viaRoles { key } } } }".into())),
        ("users, whose role ends", list("users(filter: { roleEndsBefore: \"2999-01-01T00:00:00Z\" }) { nodes { name } totalCount }".into())),
        ("roles, and whom they manage", list("roles { key manages { key } }".into())),
        ("users, found", list("users(filter: { search: \"ada 77\" }) { nodes { name } totalCount }".into())),
        ("users, nested", list("users(first: 5) { nodes { enrollments(first: 5) { nodes { course { title } } } groups { nodes { name } } } }".into())),
        ("groups", list("groups { nodes { name memberCount } }".into())),
        ("groups, newest", list("groups(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { name } }".into())),
        ("groups, found", list("groups(filter: { search: \"win 77\" }) { nodes { name } totalCount }".into())),
        ("groups, nested", list("groups(first: 5) { nodes { members { nodes { name } } courses { nodes { title } } } }".into())),
        ("bookings", list(format!("bookings {{ {with_people} }}"))),
        ("bookings, newest", list("bookings(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id } }".into())),
        ("bookings, week", list(format!("bookings(filter: {{ {week} }}) {{ {with_people} }}"))),
        ("bookings, of an instructor", list(format!("bookings(filter: {{ instructorId: \"{user}\" }}) {{ {with_people} }}"))),
        ("bookings, of a student", list(format!("bookings(filter: {{ studentId: \"{user}\" }}) {{ {with_people} }}"))),
        ("bookings, pending", list("bookings(filter: { statuses: [REQUESTED] }, orderBy: { field: STARTS_AT, direction: ASC }) { nodes { id } }".into())),
        ("availabilities", list("availabilities { nodes { instructor { name } } }".into())),
        ("availabilities, week", list(format!("availabilities(filter: {{ {week} }}) {{ nodes {{ instructor {{ name }} }} }}"))),
        ("availabilities, of one", list(format!("availabilities(filter: {{ instructorId: \"{user}\" }}) {{ nodes {{ startsAt }} }}"))),
        ("calendar", list(format!("calendar({week}) {{ days {{ date bookings {{ id startsAt course {{ title }} }} free {{ startsAt }} busy {{ startsAt }} }} }}"))),
        ("calendar, of one", list(format!("calendar({week}, instructorId: \"{user}\") {{ days {{ date bookings {{ id }} free {{ startsAt }} }} }}"))),
        ("calendar, of a resource", list(format!("resourceCalendar({week}, resourceId: \"{resource}\") {{ days {{ date bookings {{ id }} free {{ startsAt }} busy {{ startsAt }} }} }}"))),
        ("bookings, with resources", list("bookings { nodes { id resources { name } } }".into())),
        ("bookings, escalated", list("bookings(filter: { isEscalated: true }) { nodes { id outcome cancelUntil rescheduleUntil cancelledBy { name } } totalCount }".into())),
        ("dashboard, escalated", list("dashboard { escalatedBookings }".into())),
        ("users, with limits", list("users(first: 50) { nodes { name instructorLimits { maxMinutesPerDay } } }".into())),
        ("bookings, of a resource", list(format!("bookings(filter: {{ resourceId: \"{resource}\" }}) {{ nodes {{ id }} }}"))),
        ("resources, found", list("resources(filter: { search: \"ces 77\" }) { nodes { name } totalCount }".into())),
        ("resources, tagged", list("resources(filter: { tag: \"tag7\" }) { nodes { name } totalCount }".into())),
        ("resources, free", list(format!("resources(filter: {{ freeFrom: \"{now}\", freeTo: \"{}\" }}) {{ nodes {{ name }} }}", now + jiff::SignedDuration::from_hours(1)))),
        ("booking types", list("bookingTypes { nodes { name course { title } instructors { weight instructor { name } } requirements { name resources { name } } eligibility { kind } } totalCount }".into())),
        ("booking types, found", list("bookingTypes(filter: { search: \"fli 77\" }) { nodes { name } totalCount }".into())),
        ("booking types, of an instructor", list(format!("bookingTypes(filter: {{ instructorId: \"{user}\" }}) {{ nodes {{ name }} }}"))),
        ("booking types, of a resource", list(format!("bookingTypes(filter: {{ resourceId: \"{resource}\", courseId: \"{course}\" }}) {{ nodes {{ name }} }}"))),
        ("slots", list(format!("slots(bookingTypeId: \"{booking_type}\", {week}) {{ days {{ emptyBecause slots {{ startsAt instructors(first: 3) {{ name }} resources {{ name }} }} }} }}"))),
        ("slots, explained", list(format!("explainSlot(bookingTypeId: \"{booking_type}\", startsAt: \"{now}\") {{ reason candidates {{ reason instructor {{ name }} }} eligibility {{ message }} }}"))),
        ("sessions", list(format!("groupSessions(filter: {{ {week} }}) {{ nodes {{ startsAt seatsTaken waitlistCount bookingType {{ name }} instructor {{ name }} resources {{ name }} bookings(first: 3) {{ nodes {{ id }} }} }} totalCount }}"))),
        ("sessions, with seats", list(format!("groupSessions(filter: {{ bookingTypeId: \"{booking_type}\", hasSeats: true }}) {{ nodes {{ startsAt }} }}"))),
        ("sessions, of an instructor", list(format!("groupSessions(filter: {{ instructorId: \"{user}\", statuses: [SCHEDULED] }}) {{ nodes {{ startsAt }} }}"))),
        ("bookings, of sessions and series", list("bookings { nodes { id groupSession { startsAt } series { recurrence learner { name } } } }".into())),
        ("bookings, of a session", list(format!("bookings(filter: {{ groupSessionId: \"{session}\" }}) {{ nodes {{ id }} }}"))),
        ("bookings, of a series", list(format!("bookings(filter: {{ seriesId: \"{series}\" }}) {{ nodes {{ id }} }}"))),
        ("waitlist", list("waitlistEntries { nodes { position status learner { name } bookingType { name } groupSession { startsAt } offer { expiresAt } } totalCount }".into())),
        ("waitlist, of a session", list(format!("waitlistEntries(filter: {{ groupSessionId: \"{session}\", statuses: [WAITING] }}) {{ nodes {{ position }} }}"))),
        ("waitlist, of a type", list(format!("waitlistEntries(filter: {{ bookingTypeId: \"{booking_type}\", learnerId: \"{user}\" }}) {{ nodes {{ position }} }}"))),
        ("dashboard, offers", list("dashboard { waitlistOffers { offer { expiresAt } } }".into())),
        ("slots, held", list("slotHolds { startsAt bookingType { name } instructor { name } resources { name } }".into())),
        ("bookings, with types", list("bookings { nodes { id bookingType { name } assignment { reason candidates { instructor { name } } } } }".into())),
        ("bookings, and who could take one", list(format!("assignmentCandidates(bookingId: \"{booking}\") {{ reason instructor {{ name }} }}"))),
        ("rules, of one", list(format!("availabilityRules(filter: {{ instructorId: \"{user}\", validOn: \"2026-11-20\" }}) {{ nodes {{ from until }} totalCount }}"))),
        ("times off, week", list(format!("timeOffs(filter: {{ {week} }}) {{ nodes {{ startsAt reason instructor {{ name }} bookings {{ nodes {{ id }} totalCount }} }} }}"))),
        ("times off, of a resource", list(format!("timeOffs(filter: {{ resourceId: \"{resource}\" }}) {{ nodes {{ startsAt }} }}"))),
        ("payments", list("payments { nodes { provider amount { amount } order { reference status } events { outcome } } totalCount }".into())),
        ("payments, to be looked at", list("payments(filter: { needsAttention: true }) { nodes { attention } totalCount }".into())),
        ("invoices", list("invoices { nodes { code total { amount } order { reference } file { name } } totalCount }".into())),
        ("ledger", list("ledger { nodes { kind order { reference } postings { account amount product { name } } } totalCount }".into())),
        ("ledger, of an account", list("ledger(filter: { account: REVENUE }) { nodes { kind } }".into())),
        ("audit", list("auditLog { nodes { operation actor { name } } }".into())),
        ("audit, of one", list(format!("auditLog(filter: {{ actorId: \"{user}\" }}) {{ nodes {{ operation }} }}"))),
        ("audit, of a thing", list(format!("auditLog(filter: {{ resource: \"Course\", resourceId: \"{course}\" }}) {{ nodes {{ operation }} }}"))),
        ("audit, of an operation", list("auditLog(filter: { operation: \"enroll\" }) { nodes { operation } }".into())),
        ("audit, of a kind", list("auditLog(filter: { resource: \"Booking\" }) { nodes { operation } }".into())),
        ("audit, week", list(format!("auditLog(filter: {{ {week} }}) {{ nodes {{ operation }} }}"))),
        ("dashboard", list("dashboard { viewer { user { name } } enrollments { nodes { course { title } } } upcomingBookings { nodes { startsAt } } pendingBookings }".into())),
        ("nodes", list(format!("nodes(ids: [\"{course}\", \"{user}\", \"{group}\", \"{enrollment}\", \"{booking}\", \"{availability}\", \"{section}\"]) {{ id }}"))),
        ("files", list("files(first: 50) { nodes { name owner { name } download { url } audience { users { name } groups { name } courses { title } } } }".into())),
        ("files, by name", list("files(orderBy: { field: NAME, direction: ASC }) { nodes { name } }".into())),
        ("files, the biggest", list("files(orderBy: { field: SIZE, direction: DESC }) { nodes { name } }".into())),
        ("files, found", list("files(filter: { search: \"pic 777\" }) { nodes { name } totalCount }".into())),
        ("files, of a folder", list("files(filter: { folder: \"folder-7\" }) { nodes { name } }".into())),
        ("files, of one", list(format!("files(filter: {{ ownerId: \"{user}\" }}) {{ nodes {{ name }} totalCount }}"))),
        ("files, of a course", list(format!("files(filter: {{ courseId: \"{course}\" }}) {{ nodes {{ name }} totalCount }}"))),
        ("files, of a group", list(format!("files(filter: {{ groupId: \"{group}\" }}) {{ nodes {{ name }} totalCount }}"))),
        ("files, shown", list("files(filter: { visibilities: [TENANT, PUBLIC] }) { nodes { name } totalCount }".into())),
        ("file", list(format!("file(id: \"{file}\") {{ name owner {{ name }} download {{ url }} }}"))),
        ("look-ups", list(format!("course(id: \"{course}\") {{ title instructor {{ name }} }} user(id: \"{user}\") {{ name }} group(id: \"{group}\") {{ name }} enrollment(id: \"{enrollment}\") {{ status }} booking(id: \"{booking}\") {{ status }}"))),
    ]
}

/// A value as it went over the wire before.
#[derive(Debug)]
struct Raw<'a>(&'a Option<Vec<u8>>);

impl ToSql for Raw<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(bytes) = self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    tokio_postgres::types::to_sql_checked!();
}

/// Somebody who asks, and the same person at the database itself, past the service.
struct Person {
    name: &'static str,
    client: Client,
    database: tokio_postgres::Client,
}

impl Person {
    async fn new(app: &TestApp, name: &'static str, client: Client) -> Person {
        let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let identity = app.engine.services().tokens.verify(client.token.as_ref().unwrap()).unwrap().identity();
        let (tenant, user) = (identity.tenant, identity.user);
        database.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'")).await.unwrap();
        database.execute("SELECT FROM app.load_actor($1, $2, $3)", &[&tenant, &user, &identity.session]).await.unwrap();
        Person { name, client, database }
    }

    /// The statements of a document, but for the loading of the actor.
    async fn statements(&self, app: &TestApp, document: &str) -> Vec<Run> {
        app.runs(&self.client, document).await.1.into_iter().filter(|run| !run.sql.contains("app.load_actor")).collect()
    }

    /// How a statement is run with the values that it was run with.
    async fn plan(&self, run: &Run) -> Value {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {}", run.sql);
        let statement = self.database.prepare_typed(&explain, &run.types).await.unwrap();
        let values: Vec<Raw<'_>> = run.values.iter().map(Raw).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let mut plan: Value = self.database.query_one(&statement, &values).await.unwrap().get(0);
        plan[0]["Plan"].take()
    }

    /// How many blocks it touches.
    async fn blocks(&self, run: &Run) -> i64 {
        blocks(&self.plan(run).await)
    }

    /// The tables that a statement's generic plan reads from end to end.
    async fn whole_tables(&self, sql: &str, params: usize) -> BTreeSet<String> {
        let nulls = if params == 0 { String::new() } else { format!("({})", vec!["NULL"; params].join(", ")) };
        let setup = format!("DEALLOCATE ALL; SET LOCAL plan_cache_mode = force_generic_plan; PREPARE it AS {sql}");
        self.database.batch_execute(&setup).await.unwrap();
        let plan: Value = self.database.query_one(&format!("EXPLAIN (FORMAT JSON) EXECUTE it{nulls}"), &[]).await.unwrap().get(0);
        self.database.batch_execute("SET LOCAL plan_cache_mode = auto").await.unwrap();
        let mut found = BTreeSet::new();
        collect(&plan, &mut found);
        found
    }
}

fn blocks(plan: &Value) -> i64 {
    plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
}

/// How often it asks the function that it asks most often for a set of values.
fn most_asked(plan: &Value) -> i64 {
    let own = if plan["Node Type"] == "ProjectSet" { plan["Actual Loops"].as_i64().unwrap() } else { 0 };
    plan["Plans"].as_array().into_iter().flatten().map(most_asked).fold(own, i64::max)
}

fn collect(plan: &Value, found: &mut BTreeSet<String>) {
    match plan {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(node) => {
            if node.get("Node Type").is_some_and(|kind| kind == "Seq Scan") {
                let table = node["Relation Name"].as_str().unwrap();
                if !SMALL.contains(&table) {
                    found.insert(table.to_owned());
                }
            }
            node.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn lists_cost_what_their_page_costs_however_big_the_school_is() {
    let app = TestApp::start().await;
    load(&app).await;
    let instructor = somebody(&app, &app.oak, 7).await;
    let learner = somebody(&app, &app.oak, 777).await;
    assert_ne!(instructor.id, learner.id);
    let people = [
        Person::new(&app, "admin", app.sign_in(&app.oak, Who::Admin).await).await,
        Person::new(&app, "viewer", app.sign_in(&app.oak, Who::Viewer).await).await,
        Person::new(&app, "instructor", app.sign_in_as(&app.oak, &instructor.email, PASSWORD).await).await,
        Person::new(&app, "learner", app.sign_in_as(&app.oak, &learner.email, PASSWORD).await).await,
    ];
    for table in app.registry.catalog().objects().filter_map(|info| info.def.table.as_ref()).filter(|table| table.is_table()) {
        let rows = app.count(&format!("{} WHERE tenant_id = '{}'", table.name, app.oak.tenant)).await;
        assert!(SMALL.contains(&table.name) || rows >= 1_000, "{rows} rows of {}: fill it in tests/it/sql/load.rs", table.name);
    }
    let documents = documents(&app).await;
    let mut looked_at: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut costs = String::new();
    for (name, document) in &documents {
        for person in &people {
            let statements = person.statements(&app, document).await;
            assert!(person.name != "admin" || !statements.is_empty(), "{name} reads nothing: {document}");
            for run in statements {
                if !looked_at.contains_key(&run.sql) {
                    let found = person.whole_tables(&run.sql, run.types.len()).await;
                    looked_at.insert(run.sql.clone(), found);
                }
                let is_count = run.sql.starts_with("SELECT count(*)");
                for table in looked_at[&run.sql].iter().filter(|table| !(is_count && COUNTED.contains(&table.as_str()))) {
                    problems.push(format!("{name}: reads the whole of {table}: {}", run.sql));
                }
                let plan = person.plan(&run).await;
                let blocks = blocks(&plan);
                costs.push_str(&format!("{blocks:>7} {:<10} {name}: {:.150}\n", person.name, run.sql));
                let most = BEHIND.iter().find(|(list, _)| list == name).map_or(MOST_BLOCKS, |(_, most)| *most);
                if blocks > most {
                    problems.push(format!("{name} touches {blocks} blocks for the {}: {}", person.name, run.sql));
                }
                if ["app.search_", "app.own_certificates"].iter().any(|set| run.sql.contains(set)) && most_asked(&plan) > 1 {
                    problems.push(format!("{name} asks {} times for the {}: {}", most_asked(&plan), person.name, run.sql));
                }
            }
        }
    }
    if std::env::var_os("SHOW_COSTS").is_some() {
        println!("{costs}");
    }
    assert!(looked_at.len() > 50, "{}", looked_at.len());
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    // Everybody was served, too.
    let data = people[3].client.ok("{ enrollments { totalCount } }", json!({})).await;
    assert_eq!(data["enrollments"]["totalCount"], 50);
    let all = "{ files(orderBy: { field: NAME, direction: ASC }) { nodes { name } totalCount } }";
    assert_eq!(people[3].client.ok(all, json!({})).await["files"]["totalCount"], 50, "of a hundred thousand");
    for run in people[3].statements(&app, all).await {
        let blocks = people[3].blocks(&run).await;
        assert!(blocks <= 400, "{blocks} blocks to find fifty: {}", run.sql);
    }
}

#[tokio::test]
async fn every_list_of_the_schema_is_asked_for_and_one_that_can_not_be_is_named() {
    let app = crate::frame::start().await;
    crate::isolation::world::World::build(&app).await;
    let mut schema = Schema::read(&app.stranger()).await;
    let documents = documents(&app).await;
    let asked: BTreeSet<lists::Path> = documents.iter().flat_map(|(_, document)| lists::asked(&schema, document)).collect();
    let lists: BTreeSet<lists::Path> = lists::lists(&schema).into_keys().collect();
    assert_eq!(lists.difference(&asked).next(), None);
    for (ty, name) in [("Query", "courses"), ("Query", "nodes"), ("Course", "sections"), ("User", "roles"), ("Course", "bulletins")] {
        assert!(lists.contains(&(ty.to_owned(), name.to_owned())), "{ty}.{name} is no list");
    }
    assert!(documents.iter().any(|(name, _)| name == "Course.bulletins") && documents.len() > 60, "{}", documents.len());

    // One that needs an argument can't be derived.
    let fields = schema.types.get_mut("Course").unwrap().fields.as_mut().unwrap();
    let list = fields.iter_mut().find(|field| field.name == "bulletins").unwrap();
    list.args.push(list.args[0].clone());
    let required = list.args.last_mut().unwrap();
    required.ty =
        serde_json::from_value(json!({ "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "Int" } })).unwrap();
    let derived = lists::derived(&schema, &written(&app).await.into_iter().map(|(name, text)| (name.to_owned(), text)).collect::<Vec<_>>());
    assert_eq!(derived, Err(vec![("Course".to_owned(), "bulletins".to_owned())]));
}

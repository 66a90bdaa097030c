//! `lectern smoke URL`: the main operations of a running service, read and written through HTTP as a client would, one line
//! an operation. What it makes it removes again, as far as the API removes anything: deleted courses and groups, dropped
//! enrollments, finished bookings, called-off exports and imports and audit entries stay in the school's history; a deleted project and conversation for 30 days.

mod assistants;
mod calendars;
mod client;
mod commerce;
mod exchange;
mod hours;
mod sessions;
mod slots;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{clock, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use self::client::Client;
use super::report::Report;

/// Whom to sign in as.
#[derive(Debug, Clone)]
pub struct Account {
    /// The school's slug.
    pub tenant: String,
    /// The email address of somebody with every permission.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Works through the main operations of the service at `url`. Stopped half way by `stop`, it still cleans up.
///
/// # Errors
/// When there is nothing to ask; a failed operation is a line of the report.
pub async fn smoke(url: &str, account: &Account, stop: impl Future<Output = ()>) -> anyhow::Result<Report> {
    let mut smoke = Smoke { client: Client::new(url)?, me: String::new(), left: Vec::new() };
    let stopped = tokio::select! {
        () = smoke.run(account) => false,
        () = stop => true,
    };
    smoke.clean_up().await;
    anyhow::ensure!(!stopped, "stopped; what had been made is removed");
    Ok(Report { checks: smoke.client.checks })
}

/// Something that is still to be removed: its id, and the document that removes it.
struct Left {
    id: String,
    document: &'static str,
    variables: Value,
    /// How it is refused where there is nothing to remove any more.
    unless: Option<&'static str>,
}

struct Smoke {
    client: Client,
    /// The id of the person who is signed in.
    me: String,
    left: Vec<Left>,
}

const PAGE: &str = "(first: 5) { totalCount nodes { __typename } pageInfo { hasNextPage endCursor } }";

const DELETE_COURSE: &str = "mutation($id: ID!) { deleteCourse(id: $id) }";
const DELETE_GROUP: &str = "mutation($id: ID!) { deleteGroup(id: $id) }";
const DELETE_AVAILABILITY: &str = "mutation($id: ID!) { deleteAvailability(id: $id) }";
const DELETE_FILE: &str = "mutation($id: ID!) { deleteFile(id: $id) }";
const CREATE_UPLOAD: &str = "mutation($i: CreateUploadInput!) { createUpload(input: $i) { id url headers { name value } } }";
const COMPLETE_UPLOAD: &str = "mutation($id: ID!) { completeUpload(id: $id) { id name size visibility } }";
const CANCEL_UPLOAD: &str = "mutation($id: ID!) { cancelUpload(id: $id) }";
const REVOKE_KEY: &str = "mutation($id: ID!) { revokeApiKey(id: $id) { isLive } }";
const DELETE_ROLE: &str = "mutation($id: ID!) { deleteRole(id: $id) }";
const DELETE_FLAG: &str = "mutation($key: String!) { deleteFeatureFlag(key: $key) }";
const UNENROLL: &str = "mutation($id: ID!) { unenroll(id: $id) { status } }";
const CANCEL: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { status } }";
const REMOVE_MEMBERS: &str = "mutation($i: RemoveGroupMembersInput!) { removeGroupMembers(input: $i) { memberCount } }";

impl Smoke {
    async fn run(&mut self, account: &Account) {
        for path in ["/healthz", "/readyz", "/.well-known/jwks.json"] {
            if self.client.get(path).await.is_none() && path == "/healthz" {
                return; // nobody is there
            }
        }
        self.signed_out(account).await;
        let input = json!({ "i": { "tenant": account.tenant, "email": account.email, "password": account.password } });
        let login = "mutation($i: LoginInput!) { login(input: $i) { accessToken viewer { user { id } } } }";
        let Some(session) = self.client.ask("session", login, input).await else { return };
        self.client.sign_in(session["accessToken"].as_str().map(str::to_owned));
        self.me = text(&session["viewer"]["user"]["id"]);

        self.client.is_nobody_at_the_platform().await;
        self.reading().await;
        self.key(&text(&session["accessToken"])).await;
        self.rights().await;
        self.course().await;
        self.group().await;
        self.bookings().await;
        self.hours().await;
        self.calendars().await;
        self.sessions().await;
        self.slots().await;
        self.commerce().await;
        self.assistants().await;
        self.files().await;
        self.exports().await;
        self.imports().await;
        self.notifications().await;
        self.reports().await;
    }

    async fn signed_out(&mut self, account: &Account) {
        self.client.ask("session", &format!("{{ publicTenants{PAGE} }}"), json!({})).await;
        self.client.answers("session", "viewer, signed out", "{ viewer { permissions } }", json!({}), Value::Null).await;
        self.client.refused("courses, signed out", "{ courses { totalCount } }", json!({}), "UNAUTHENTICATED").await;
        let wrong = json!({ "i": { "tenant": account.tenant, "email": "nobody@smoke.invalid", "password": Uuid::now_v7().to_string() } });
        self.client
            .refused("login, unknown email", "mutation($i: LoginInput!) { login(input: $i) { accessToken } }", wrong, "UNAUTHENTICATED")
            .await;
    }

    async fn reading(&mut self) {
        let client = &mut self.client;
        client
            .ask(
                "session",
                "{ viewer { user { id name email } tenant { slug timeZone settings { mailSenderName } } activeRole { key } permissions } }",
                json!({}),
            )
            .await;
        client.ask("read", "{ roles { key permissions } }", json!({})).await;
        for list in [
            "users",
            "courses",
            "enrollments",
            "quizAttempts",
            "groups",
            "availabilities",
            "bookings",
            "auditLog",
            "files",
            "jobs",
            "outbox",
            "webhookEndpoints",
            "notifications",
            "exportRuns",
            "reportSchedules",
            "importRuns",
            "tenantExports",
        ] {
            client.ask("read", &format!("{{ {list}{PAGE} }}"), json!({})).await;
        }
        client.ask("read", "{ jobsByState { state count } webhookEventTypes { name } }", json!({})).await;
        client.ask("read", "{ reports { activity { startsAt events people } activityByName { name events } } }", json!({})).await;
        client.ask("read", "query($id: ID!) { node(id: $id) { id __typename } }", json!({ "id": self.me })).await;
        let explain = "{ explainAccess(field: \"Mutation.createCourse\") { allowed decidedBy message } }";
        client.ask("read", explain, json!({})).await;
        let never = ids::encode("course", Uuid::now_v7());
        let course = "query($id: ID!) { course(id: $id) { id } }";
        client.answers("read", "course, unknown id", course, json!({ "id": never }), Value::Null).await;
        client.refused("course, no id", course, json!({ "id": "course-1" }), "BAD_USER_INPUT").await;
        let oneself = json!({ "i": { "userId": self.me, "reason": "Is it refused?" } });
        client
            .refused(
                "startViewAs, oneself",
                "mutation($i: StartViewAsInput!) { startViewAs(input: $i) { id } }",
                oneself,
                "FORBIDDEN ROLE_TOO_HIGH",
            )
            .await;
        let job = json!({ "id": ids::encode("job", Uuid::now_v7()) });
        client.refused("retryJob, unknown id", "mutation($id: ID!) { retryJob(id: $id) { state } }", job, "NOT_FOUND").await;
        client
            .refused(
                "publishCourse, unknown id",
                "mutation($id: ID!) { publishCourse(id: $id) { id } }",
                json!({ "id": never }),
                "NOT_FOUND",
            )
            .await;
    }

    /// A key reads, changes nothing, and is dead once it is revoked.
    async fn key(&mut self, token: &str) -> Option<()> {
        let create = "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret apiKey { id isReadOnly } } }";
        let input = json!({ "i": { "name": "Smoke test", "permissions": ["COURSE_READ"] } });
        let made = self.client.ask("key", create, input).await?;
        let key = text(&made["apiKey"]["id"]);
        self.remember(&key, REVOKE_KEY, json!({ "id": key }));
        self.client.sign_in(made["secret"].as_str().map(str::to_owned));
        self.client.ask("key", &format!("{{ courses{PAGE} }}"), json!({})).await;
        self.client.refused("users, by a key without it", "{ users { totalCount } }", json!({}), "FORBIDDEN").await;
        let course = "mutation { createCourse(input: { title: \"Smoke test\" }) { id } }";
        self.client.refused("createCourse, by a key that reads", course, json!({}), "FORBIDDEN API_KEY_READ_ONLY").await;
        self.client.sign_in(Some(token.to_owned()));
        self.remove(&key, "key").await;
        self.client.sign_in(made["secret"].as_str().map(str::to_owned));
        self.client.answers("key", "viewer, by a revoked key", "{ viewer { permissions } }", json!({}), Value::Null).await;
        self.client.sign_in(Some(token.to_owned()));
        self.client.ask("session", "{ signIns(first: 1) { totalCount nodes { method isCurrent } } }", json!({})).await;
        Some(())
    }

    /// A role with its place on the ladder, what is held and why, and a feature flag.
    async fn rights(&mut self) -> Option<()> {
        let word = Uuid::now_v7().simple().to_string().to_uppercase();
        let key = format!("SMOKE_{word}");
        let create = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id permissions manages { key } } }";
        let input = json!({ "i": { "key": key, "name": "Smoke test", "permissions": ["COURSE_READ"], "managesRoleKeys": ["LEARNER"] } });
        let role = text(&self.client.ask("rights", create, input).await?["id"]);
        self.remember(&role, DELETE_ROLE, json!({ "id": role }));
        let update = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { permissions } }";
        self.client.ask("rights", update, json!({ "i": { "id": role, "permissions": ["COURSE_READ", "GROUP_READ"] } })).await;
        let never = json!({ "i": { "userIds": [ids::encode("user", Uuid::now_v7())], "roleKey": key } });
        let grant = "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }";
        self.client.refused("grantRole, unknown person", grant, never, "NOT_FOUND").await;
        let held =
            "{ viewer { user { roleAssignments { role { key } until } effectivePermissions { permission isHeld viaRoles { key } } } } }";
        self.client.ask("rights", held, json!({})).await;
        self.remove(&role, "rights").await;

        let flag = format!("smoke-{}", &word.to_lowercase()[..20]);
        let set = "mutation($i: SetFeatureFlagInput!) { setFeatureFlag(input: $i) { key isOn } }";
        self.client.ask("rights", set, json!({ "i": { "key": flag, "isOn": true } })).await?;
        self.remember(&flag, DELETE_FLAG, json!({ "key": flag }));
        self.client.ask("rights", "{ viewer { features } }", json!({})).await;
        self.remove(&flag, "rights").await;
        Some(())
    }

    async fn course(&mut self) -> Option<()> {
        let create = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id status } }";
        let input = json!({ "i": { "title": "Smoke test", "description": "Made and removed by lectern smoke.", "capacity": 3, "tags": ["smoke"] } });
        let course = text(&self.client.ask("course", create, input).await?["id"]);
        self.remember(&course, DELETE_COURSE, json!({ "id": course }));
        let section = "mutation($i: CreateSectionInput!) { createSection(input: $i) { id position } }";
        let section = text(&self.client.ask("course", section, json!({ "i": { "courseId": course, "title": "First" } })).await?["id"]);
        let update = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title capacity } }";
        self.client.ask("course", update, json!({ "i": { "id": course, "title": "Smoke test, renamed", "capacity": null } })).await;
        let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { id status } }";
        let input = json!({ "i": { "courseId": course } });
        self.client.refused("enroll, in a draft", enroll, input.clone(), "CONFLICT COURSE_NOT_PUBLISHED").await;
        self.client.ask("course", "mutation($id: ID!) { publishCourse(id: $id) { status } }", json!({ "id": course })).await?;
        let enrollment = text(&self.client.ask("course", enroll, input.clone()).await?["id"]);
        self.remember(&enrollment, UNENROLL, json!({ "id": enrollment }));
        self.client.refused("enroll, twice", enroll, input, "CONFLICT ALREADY_ENROLLED").await;
        let progress = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { progress status } }";
        self.client.ask("course", progress, json!({ "i": { "id": enrollment, "progress": 40.0 } })).await;
        let read = "query($id: ID!) { course(id: $id) { title enrollmentCount viewerEnrollment { progress } sections { title } enrollments { totalCount } } }";
        self.client.ask("course", read, json!({ "id": course })).await;
        self.paths(&course).await;
        self.lessons(&section, &enrollment).await;
        self.work(&section).await;
        self.client.refused("deleteCourse, in use", DELETE_COURSE, json!({ "id": course }), "CONFLICT IN_USE").await;
        self.remove(&enrollment, "course").await;
        self.remove(&course, "course").await;
        Some(())
    }

    /// A path of the one course, taken and left again.
    async fn paths(&mut self, course: &str) -> Option<()> {
        let settings = "mutation($i: UpdateCertificateSettingsInput!) { updateCertificateSettings(input: $i) { isEnabled validMonths } }";
        self.client.ask("paths", settings, json!({ "i": { "courseId": course, "validMonths": 12 } })).await;
        let unknown = "{ verifyCertificate(tenant: \"smoke\", code: \"0000000000000000\") { status } }";
        self.client.answers("paths", "verifyCertificate, unknown", unknown, json!({}), Value::Null).await;
        let create = "mutation($i: CreateLearningPathInput!) { createLearningPath(input: $i) { id status } }";
        let path = text(&self.client.ask("paths", create, json!({ "i": { "title": "Smoke test" } })).await?["id"]);
        let delete = "mutation($id: ID!) { deleteLearningPath(id: $id) }";
        self.remember(&path, delete, json!({ "id": path }));
        let set = "mutation($i: SetPathCoursesInput!) { setPathCourses(input: $i) { courses { position isLocked course { title } } } }";
        self.client.ask("paths", set, json!({ "i": { "pathId": path, "courses": [{ "courseId": course, "unlock": "NONE" }] } })).await;
        self.client.ask("paths", "mutation($id: ID!) { publishLearningPath(id: $id) { status } }", json!({ "id": path })).await;
        let take = "mutation($i: EnrollInPathInput!) { enrollInPath(input: $i) { id status progress } }";
        let part = text(&self.client.ask("paths", take, json!({ "i": { "pathId": path } })).await?["id"]);
        self.client.refused("deleteLearningPath, in use", delete, json!({ "id": path }), "CONFLICT IN_USE").await;
        self.client.ask("paths", "mutation($id: ID!) { leavePath(id: $id) { status } }", json!({ "id": part })).await;
        self.remove(&path, "paths").await;
        Some(())
    }

    /// With its lesson the course is completed.
    async fn lessons(&mut self, section: &str, enrollment: &str) -> Option<()> {
        let create = "mutation($i: CreateLessonInput!) { createLesson(input: $i) { id bodyHtml } }";
        let input = json!({ "i": { "sectionId": section, "kind": "TEXT", "title": "Smoke", "body": "*Smoke*", "isPublished": true } });
        let lesson = text(&self.client.ask("lessons", create, input).await?["id"]);
        let read = "query($id: ID!) { lesson(id: $id) { title isLocked body section { title } } }";
        self.client.ask("lessons", read, json!({ "id": lesson })).await;
        let track = "mutation($i: TrackLessonInput!) { trackLesson(input: $i) { status openedAt } }";
        self.client.ask("lessons", track, json!({ "i": { "lessonId": lesson } })).await;
        let complete = "mutation($i: CompleteLessonInput!) { completeLesson(input: $i) { status enrollment { status progress } } }";
        self.client.ask("lessons", complete, json!({ "i": { "lessonId": lesson } })).await;
        let record = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { progress } }";
        let again = json!({ "i": { "id": enrollment, "progress": 50.0 } });
        self.client.refused("recordProgress, with lessons", record, again, "CONFLICT PROGRESS_IS_COMPUTED").await;
        let reopen = "mutation($i: ReopenLessonInput!) { reopenLesson(input: $i) { enrollment { status } } }";
        self.client.ask("lessons", reopen, json!({ "i": { "lessonId": lesson, "userId": self.me } })).await;
        let delete = "mutation($id: ID!) { deleteLesson(id: $id) }";
        self.client.ask("lessons", delete, json!({ "id": lesson })).await;
        self.quiz(section).await
    }

    /// One attempt at a quiz of one question.
    async fn quiz(&mut self, section: &str) -> Option<()> {
        let create = "mutation($i: CreateLessonInput!) { createLesson(input: $i) { id quiz { id } } }";
        let input = json!({ "i": { "sectionId": section, "kind": "QUIZ", "title": "Smoke", "isRequired": false } });
        let made = self.client.ask("quizzes", create, input).await?;
        let (lesson, quiz) = (text(&made["id"]), text(&made["quiz"]["id"]));
        let publish = "mutation($i: UpdateLessonInput!) { updateLesson(input: $i) { isPublished } }";
        let published = json!({ "i": { "id": lesson, "isPublished": true } });
        self.client.refused("updateLesson, a quiz without questions", publish, published.clone(), "CONFLICT EMPTY_QUIZ").await;
        let ask = "mutation($i: CreateQuestionInput!) { createQuestion(input: $i) { id options { id text } key { optionIds } } }";
        let question =
            json!({ "i": { "quizId": quiz, "kind": "SINGLE", "prompt": "Smoke?", "options": ["Yes", "No"], "correctOptions": [0] } });
        let question = self.client.ask("quizzes", ask, question).await?;
        self.client.ask("quizzes", publish, published).await;
        let start = "mutation($id: ID!) { startQuizAttempt(quizId: $id) { id status questions { questionId prompt key { optionIds } } } }";
        let attempt = text(&self.client.ask("quizzes", start, json!({ "id": quiz })).await?["id"]);
        let save = "mutation($i: SaveQuizAnswersInput!) { saveQuizAnswers(input: $i) { status } }";
        let answers = json!([{ "questionId": question["id"], "optionIds": [question["options"][1]["id"]] }]);
        self.client.ask("quizzes", save, json!({ "i": { "attemptId": attempt, "answers": answers } })).await;
        let submit = "mutation($id: ID!) { submitQuizAttempt(id: $id) { status score percent isPassed } }";
        self.client.ask("quizzes", submit, json!({ "id": attempt })).await;
        self.client.refused("submitQuizAttempt, again", submit, json!({ "id": attempt }), "CONFLICT ALREADY_SUBMITTED").await;
        let regrade = "mutation($i: RegradeQuestionInput!) { regradeQuestion(input: $i) { attempts raised newlyPassed } }";
        let key = json!({ "i": { "questionId": question["id"], "correctOptionIds": [question["options"][1]["id"]], "reason": "Smoke" } });
        self.client.ask("quizzes", regrade, key).await;
        let read =
            "query($id: ID!) { quizAttempt(id: $id) { score scoreHistory { cause score } questions { prompt answer { optionIds } } } }";
        self.client.ask("quizzes", read, json!({ "id": attempt })).await;
        let void = "mutation($i: VoidQuizAttemptInput!) { voidQuizAttempt(input: $i) { status } }";
        self.client.ask("quizzes", void, json!({ "i": { "id": attempt, "reason": "Smoke" } })).await;
        Some(())
    }

    /// What is handed in is there, and not its author's to grade.
    async fn work(&mut self, section: &str) -> Option<()> {
        let create = "mutation($i: CreateLessonInput!) { createLesson(input: $i) { id assignment { id } } }";
        let input =
            json!({ "i": { "sectionId": section, "kind": "ASSIGNMENT", "title": "Smoke", "isPublished": true, "isRequired": false } });
        let lesson = self.client.ask("work", create, input).await?;
        let (lesson, assignment) = (text(&lesson["id"]), text(&lesson["assignment"]["id"]));
        let update = "mutation($i: UpdateAssignmentInput!) { updateAssignment(input: $i) { points maxAttempts } }";
        self.client.ask("work", update, json!({ "i": { "id": assignment, "points": 10 } })).await;
        let submit = "mutation($i: SubmitAssignmentInput!) { submitAssignment(input: $i) { id status } }";
        let input = json!({ "i": { "assignmentId": assignment, "text": "Smoke" } });
        let submission = text(&self.client.ask("work", submit, input.clone()).await?["id"]);
        self.client.refused("submitAssignment, twice", submit, input, "CONFLICT MAX_ATTEMPTS").await;
        let grade = "mutation($i: GradeSubmissionInput!) { gradeSubmission(input: $i) { status } }";
        let own = json!({ "i": { "id": submission, "version": 1, "points": 10 } });
        self.client.refused("gradeSubmission, one's own", grade, own, "FORBIDDEN OWN_WORK").await;
        let read = "query($id: ID!) { lesson(id: $id) { viewerGrade { percent isMissing } assignment { viewerSubmissions { text status points } } } }";
        self.client.ask("work", read, json!({ "id": lesson })).await;
        let delete = "mutation($id: ID!) { deleteLesson(id: $id) }";
        self.client.refused("deleteLesson, with work", delete, json!({ "id": lesson }), "CONFLICT IN_USE").await;
        Some(())
    }

    async fn group(&mut self) -> Option<()> {
        let create = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { id } }";
        let input = json!({ "i": { "name": "Smoke test", "capacity": 1 } });
        let group = text(&self.client.ask("group", create, input).await?["id"]);
        self.remember(&group, DELETE_GROUP, json!({ "id": group }));
        let members = json!({ "i": { "groupId": group, "userIds": [self.me] } });
        let add = "mutation($i: AddGroupMembersInput!) { addGroupMembers(input: $i) { memberCount members { nodes { id } } } }";
        self.client.ask("group", add, members.clone()).await?;
        let membership = format!("{group} member");
        self.remember(&membership, REMOVE_MEMBERS, members.clone());
        self.client.refused("addGroupMembers, twice", add, members, "CONFLICT ALREADY_MEMBER").await;
        self.client.ask("group", "query($id: ID!) { group(id: $id) { name memberCount } }", json!({ "id": group })).await;
        self.remove(&membership, "group").await;
        self.remove(&group, "group").await;
        Some(())
    }

    async fn bookings(&mut self) -> Option<()> {
        let (opens, first, second, closes) = quiet_day();
        let create = "mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }";
        let span = json!({ "i": { "startsAt": opens.to_string(), "endsAt": closes.to_string() } });
        let availability = text(&self.client.ask("booking", create, span).await?["id"]);
        self.remember(&availability, DELETE_AVAILABILITY, json!({ "id": availability }));

        let request = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id status allowedTransitions } }";
        let hour = |at: Timestamp| json!({ "i": { "startsAt": at.to_string(), "endsAt": (at + SignedDuration::from_mins(30)).to_string(), "notes": "lectern smoke" } });
        let booking = text(&self.client.ask("booking", request, hour(first)).await?["id"]);
        self.remember(&booking, CANCEL, json!({ "i": { "id": booking, "reason": "lectern smoke" } }));
        self.client
            .refused(
                "requestBooking, in the past",
                request,
                json!({ "i": { "startsAt": "2001-01-01T10:00:00Z", "endsAt": "2001-01-01T11:00:00Z" } }),
                "BAD_USER_INPUT",
            )
            .await;
        let complete = "mutation($id: ID!) { completeBooking(id: $id) { status } }";
        self.client.refused("completeBooking, only requested", complete, json!({ "id": booking }), "CONFLICT INVALID_TRANSITION").await;
        self.client.ask("booking", "mutation($id: ID!) { approveBooking(id: $id) { status } }", json!({ "id": booking })).await?;
        let assign = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { status instructor { id } } }";
        let own = json!({ "i": { "id": booking, "instructorId": self.me } });
        self.client.refused("assignBooking, to its own learner", assign, own, "BAD_USER_INPUT").await;
        let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { status } }";
        let own = json!({ "i": { "id": booking, "instructorId": self.me } });
        self.client.refused("confirmBooking, by its own learner", confirm, own, "BAD_USER_INPUT").await;
        let record = "mutation($i: RecordBookingOutcomeInput!) { recordBookingOutcome(input: $i) { outcome } }";
        let missed = json!({ "i": { "id": booking, "outcome": "NO_SHOW" } });
        self.client.refused("recordBookingOutcome, of what has not begun", record, missed, "CONFLICT INVALID_TRANSITION").await;
        let terms = "query($id: ID!) { booking(id: $id) { cancelUntil rescheduleUntil rescheduleCount isLateCancel outcome assignment { reason } } }";
        self.client.ask("booking", terms, json!({ "id": booking })).await;
        self.remove(&booking, "booking").await;
        let other = text(&self.client.ask("booking", request, hour(second)).await?["id"]);
        self.remember(&other, CANCEL, json!({ "i": { "id": other, "reason": "lectern smoke" } }));
        self.remove(&other, "booking").await;
        let calendar = "query($from: DateTime!, $to: DateTime!, $me: ID) { calendar(from: $from, to: $to, instructorId: $me) { days { date bookings { id } free { startsAt endsAt } } } }";
        self.client.ask("booking", calendar, json!({ "from": opens.to_string(), "to": closes.to_string(), "me": self.me })).await;
        self.remove(&availability, "booking").await;
        Some(())
    }

    async fn files(&mut self) -> Option<()> {
        let bytes = b"lectern smoke".as_slice();
        self.client.refused("createUpload, of nothing", CREATE_UPLOAD, declared("smoke.txt", bytes, 0), "BAD_USER_INPUT").await;
        let upload = self.client.ask("file", CREATE_UPLOAD, declared("smoke.txt", bytes, bytes.len())).await?;
        let id = text(&upload["id"]);
        self.remember(&id, CANCEL_UPLOAD, json!({ "id": id }));
        self.client.refused("completeUpload, before the bytes", COMPLETE_UPLOAD, json!({ "id": id }), "CONFLICT UPLOAD_EMPTY").await;
        self.client.put(upload["url"].as_str().unwrap_or_default(), &upload["headers"], bytes).await?;
        let file = text(&self.client.ask("file", COMPLETE_UPLOAD, json!({ "id": id })).await?["id"]);
        self.left.retain(|left| left.id != id);
        self.remember(&file, DELETE_FILE, json!({ "id": file }));
        let read = "query($id: ID!) { file(id: $id) { name sha256 audience { users { id } } download { url expiresAt } } }";
        let read = self.client.ask("file", read, json!({ "id": file })).await?;
        self.client.fetch(read["download"]["url"].as_str().unwrap_or_default(), bytes).await;
        self.client.ask("file", "{ viewer { tenant { storage { usedBytes reservedBytes quotaBytes files } } } }", json!({})).await;
        self.remove(&file, "file").await;
        Some(())
    }

    async fn reports(&mut self) {
        let dashboard = "{ dashboard { viewer { user { id } } enrollments(first: 3) { totalCount } upcomingBookings(first: 3) { totalCount } pendingBookings escalatedBookings } }";
        self.client.ask("report", dashboard, json!({})).await;
        let reports = "{ reports { overview { users courses publishedCourses groups enrollments completedEnrollments bookings } enrollmentsByStatus { status count } \
                       courseProgress(first: 3) { enrollments averageProgress completionRate } bookingsPerDay { date count } bookingsByStatus { status count } \
                       instructorUtilisation(first: 3) { availableHours bookedHours } bookingTypeStats(first: 3) { bookings noShowRate } \
                       resourceUtilisation(first: 3) { openHours bookedHours } bookingHeatMap { bookings } bookingOutcomes { count } leadTimes { medianHours } } }";
        self.client.ask("report", reports, json!({})).await;
        let own = "query($me: ID) { auditLog(first: 3, filter: { actorId: $me, operation: \"createCourse\" }) { nodes { operation outcome resource at } } }";
        self.client.ask("report", own, json!({ "me": self.me })).await;
    }

    fn remember(&mut self, id: &str, document: &'static str, variables: Value) {
        self.left.push(Left { id: id.to_owned(), document, variables, unless: None });
    }

    fn remember_unless(&mut self, id: &str, document: &'static str, variables: Value, refusal: &'static str) {
        self.left.push(Left { id: id.to_owned(), document, variables, unless: Some(refusal) });
    }

    /// Removes something now; what can't be removed now is tried again at the end.
    async fn remove(&mut self, id: &str, group: &'static str) {
        let Some(at) = self.left.iter().position(|left| left.id == id) else { return };
        let (document, variables, unless) = (self.left[at].document, self.left[at].variables.clone(), self.left[at].unless);
        match unless {
            Some(refusal) => {
                self.client.ask_unless(group, document, variables, refusal).await;
                self.left.remove(at);
            }
            None if self.client.ask(group, document, variables).await.is_some() => {
                self.left.remove(at);
            }
            None => {}
        }
    }

    /// Removes whatever a failure or a stop has left, the latest first, and signs out.
    async fn clean_up(&mut self) {
        if !self.client.is_signed_in() {
            return;
        }
        while let Some(left) = self.left.pop() {
            match left.unless {
                Some(refusal) => self.client.ask_unless("clean up", left.document, left.variables, refusal).await,
                None => self.client.ask("clean up", left.document, left.variables).await,
            };
        }
        self.client.ask("session", "mutation { logout }", json!({})).await;
        self.client.answers("session", "viewer, after sign-out", "{ viewer { permissions } }", json!({}), Value::Null).await;
        self.client.sign_in(None);
    }
}

/// What an upload of text declares; a size that is not that of the bytes where a refusal is asked for.
fn declared(name: &str, bytes: &[u8], size: usize) -> Value {
    let sha256 = HEXLOWER.encode(digest(&SHA256, bytes).as_ref());
    json!({ "i": { "name": name, "contentType": "text/plain", "size": size, "sha256": sha256, "folder": "smoke" } })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The hours of half a day, more than a year ahead and random: finished bookings of earlier runs still hold theirs.
fn quiet_day() -> (Timestamp, Timestamp, Timestamp, Timestamp) {
    let chance = i64::try_from((Uuid::now_v7().as_u128() & 0xffff_ffff) % (5 * 365 * 24 * 12)).unwrap_or(0);
    let today = Timestamp::from_second(clock::now().as_second() / 3600 * 3600).unwrap_or_default();
    let opens = today + SignedDuration::from_hours(400 * 24) + SignedDuration::from_mins(5 * chance);
    let at = |minutes| opens + SignedDuration::from_mins(minutes);
    (opens, at(30), at(120), at(240))
}

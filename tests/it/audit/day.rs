//! An ordinary day in a school: every mutation that there is, each under a correlation id of its own.

mod assistants;

use serde_json::{Value, json};

use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    rehearsals::Rehearsal,
    sdl::Schema,
};

/// What must never be found in the audit log.
pub const PASSWORDS: [&str; 2] = ["violet umbrella kingdom", "granite teapot orbit"];
pub const KEYS: [&str; 2] = ["sesame-open-1", "sesame-open-2"];

/// A mutation that was done.
pub struct Done {
    pub operation: &'static str,
    pub correlation_id: String,
    /// The actor's TypeID.
    pub actor: String,
}

pub struct Day {
    pub done: Vec<Done>,
    /// Every token that anybody was given.
    pub tokens: Vec<String>,
    /// What came of rehearsing each mutation before it was done.
    pub rehearsal: Rehearsal,
}

/// What is asked of a mutation's answer, by its type.
fn selection(operation: &str) -> &'static str {
    let schema = Schema::of_service();
    match schema.0["Mutation"].fields[operation].ty.trim_matches(['!', '[', ']']) {
        "Session" => "{ accessToken refreshToken viewer { user { id } } }",
        "LessonProgress" => "{ status }",
        "PointsRule" => "{ key }",
        "Level" => "{ number }",
        "Viewer" => "{ user { id } }",
        "CertificateSettings" | "AssistantPolicy" => "{ isEnabled }",
        "AssistantProvider" => "{ isOwn }",
        "PaymentSettings" => "{ providers }",
        "ProgramGroup" => "{ percentOff }",
        ty if schema.0.get(ty).is_some_and(|ty| ty.kind == "object") => "{ id }",
        _ => "",
    }
}

impl Day {
    async fn act(&mut self, client: &Client, operation: &'static str, document: &str, variables: Value) -> Value {
        self.rehearsal.rehearse(client, operation, document, &variables).await;
        let correlation_id = format!("{operation}-{}", self.done.len());
        let answer = client.post(document, variables).header("x-correlation-id", &correlation_id).send().await.unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        let answered = answer["data"][operation].take();
        for token in ["accessToken", "refreshToken"] {
            self.tokens.extend(answered[token].as_str().map(str::to_owned));
        }
        // Whoever signs in becomes the actor.
        let actor = answered["viewer"]["user"]["id"].as_str().map_or_else(|| client.user_id.clone(), str::to_owned);
        self.done.push(Done { operation, correlation_id, actor });
        answered
    }

    /// A mutation that takes an input.
    async fn give(&mut self, client: &Client, operation: &'static str, input: Value) -> Value {
        let (first, rest) = operation.split_at(1);
        let document = format!("mutation($i: {}{rest}Input!) {{ {operation}(input: $i) {} }}", first.to_uppercase(), selection(operation));
        self.act(client, operation, &document, json!({ "i": input })).await
    }

    /// A mutation that takes an id.
    async fn take(&mut self, client: &Client, operation: &'static str, id: &Value) -> Value {
        let document = format!("mutation($id: ID!) {{ {operation}(id: $id) {} }}", selection(operation));
        self.act(client, operation, &document, json!({ "id": id })).await
    }

    /// The whole day, in the school of oak, each mutation rehearsed before it is done.
    pub async fn pass(app: &TestApp) -> Day {
        let mut day = Day { done: Vec::new(), tokens: Vec::new(), rehearsal: Rehearsal::of(app).await };
        let bob = day.people(app).await;
        day.courses(app, &bob).await;
        day.lessons(app).await;
        day.talk(app).await;
        day.rewards(app).await;
        day.work(app).await;
        day.quizzes(app).await;
        day.paths(app).await;
        day.groups(app, &bob).await;
        day.bookings(app).await;
        day.files(app, &bob).await;
        day.jobs(app).await;
        day.webhooks(app).await;
        day.notifications(app).await;
        day.exports(app).await;
        day.sessions(app, &bob).await;
        day.viewings(app).await;
        day.admissions(app).await;
        day.credentials(app).await;
        day.providers(app).await;
        day.assistants(app).await;
        day.applications(app).await;
        day.programs(app).await;
        day.doors(app).await;
        day.orders(app).await;
        day.payments(app).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        day.take(&admin, "deleteUser", &bob).await;
        day
    }

    async fn people(&mut self, app: &TestApp) -> Value {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let tutor = self
            .give(
                &admin,
                "createRole",
                json!({ "key": "TUTOR", "name": "Tutor", "permissions": ["COURSE_READ"], "managesRoleKeys": ["LEARNER"] }),
            )
            .await;
        self.give(
            &admin,
            "updateRole",
            json!({ "id": tutor["id"], "permissions": ["COURSE_READ", "GROUP_READ"], "managesRoleKeys": ["PARTICIPANT"] }),
        )
        .await;
        let bob = json!({ "email": "bob@oak.example", "name": "Bob", "password": PASSWORDS[0], "roleKeys": ["LEARNER", "TUTOR"] });
        let bob = self.give(&admin, "createUser", bob).await["id"].take();
        let picture = crate::files::file(&admin, "bob.png", "image/png", b"\x89PNG\r\n\x1A\nbob").await["id"].take();
        self.give(&admin, "updateUser", json!({ "id": bob, "name": "Robert", "username": "robert", "avatarFileId": picture })).await;
        self.give(&admin, "setUserRoles", json!({ "userId": bob, "roleKeys": ["LEARNER", "VIEWER"] })).await;
        self.take(&admin, "deleteRole", &tutor["id"]).await;
        let many = |operation: &str| {
            let (first, rest) = operation.split_at(1);
            format!("mutation($i: {}{rest}Input!) {{ {operation}(input: $i) {{ id }} }}", first.to_uppercase())
        };
        let term = json!({ "i": { "userIds": [bob], "roleKey": "PARTICIPANT", "until": "2999-01-01T00:00:00Z" } });
        self.act(&admin, "grantRole", &many("grantRole"), term).await;
        let term = json!({ "i": { "userIds": [bob], "roleKey": "PARTICIPANT" } });
        self.act(&admin, "withdrawRole", &many("withdrawRole"), term).await;
        let rights = json!({ "userId": bob, "grants": ["REPORT_READ"], "denies": ["GROUP_READ"] });
        self.give(&admin, "setUserPermissions", rights).await;
        let eve = json!({ "i": { "email": "eve@oak.example", "name": "Eve", "roleKeys": ["LEARNER"] } });
        let eve = admin.ok("mutation($i: CreateUserInput!) { createUser(input: $i) { id } }", eve).await["createUser"]["id"].take();
        for (operation, answer) in [("suspendUsers", "{ id }"), ("reactivateUsers", "{ id }"), ("deleteUsers", "")] {
            let document = format!("mutation($ids: [ID!]!) {{ {operation}(ids: $ids) {answer} }}");
            self.act(&admin, operation, &document, json!({ "ids": [eve] })).await;
        }
        let flag = "mutation { setFeatureFlag(input: { key: \"new-home\", isOn: true }) { key } }";
        self.act(&admin, "setFeatureFlag", flag, json!({})).await;
        self.act(&admin, "deleteFeatureFlag", "mutation { deleteFeatureFlag(key: \"new-home\") }", json!({})).await;
        app.sql("BEGIN; SET LOCAL app.audit = 'off'; UPDATE app_user SET email_state = 'BOUNCED' WHERE name = 'Robert'; COMMIT").await;
        let clear = "mutation($id: ID!) { clearEmailState(userId: $id) { id } }";
        self.act(&admin, "clearEmailState", clear, json!({ "id": bob })).await;
        let settings = "mutation { updateTenantSettings(input: { name: \"Oak and Sons\", mailSenderName: \"Oak\" }) { mailSenderName } }";
        self.act(&admin, "updateTenantSettings", settings, json!({})).await;
        self.take(&admin, "suspendUser", &bob).await;
        self.take(&admin, "reactivateUser", &bob).await;
        bob
    }

    async fn courses(&mut self, app: &TestApp, bob: &Value) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let course = self.give(&ada, "createCourse", json!({ "title": "Algebra", "enrollmentKey": KEYS[0] })).await["id"].take();
        self.give(&ada, "updateCourse", json!({ "id": course, "enrollmentKey": KEYS[1] })).await;
        let first = self.give(&ada, "createSection", json!({ "courseId": course, "title": "Sets" })).await["id"].take();
        let second = self.give(&ada, "createSection", json!({ "courseId": course, "title": "Maps" })).await["id"].take();
        self.give(&ada, "updateSection", json!({ "id": first, "title": "Sets and numbers" })).await;
        self.give(&ada, "reorderSections", json!({ "courseId": course, "sectionIds": [second, first] })).await;
        self.take(&ada, "deleteSection", &second).await;
        self.take(&ada, "publishCourse", &course).await;
        let enrolled = self.give(&lea, "enroll", json!({ "courseId": course, "enrollmentKey": KEYS[1] })).await["id"].take();
        self.give(&lea, "recordProgress", json!({ "id": enrolled, "progress": 40 })).await;
        self.take(&lea, "unenroll", &enrolled).await;
        let other = self.give(&ada, "enroll", json!({ "courseId": course, "userId": bob })).await["id"].take();
        self.give(&ada, "updateEnrollmentStatus", json!({ "id": other, "status": "FAILED" })).await;
        self.take(&ada, "archiveCourse", &course).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        self.take(&admin, "deleteCourse", &course).await;
    }

    async fn quizzes(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let course = self.give(&ada, "createCourse", json!({ "title": "Weather" })).await["id"].take();
        let clouds = self.give(&ada, "createSection", json!({ "courseId": course, "title": "Clouds" })).await["id"].take();
        let uuid = |id: &Value| lectern_kernel::ids::decode(id.as_str().unwrap()).unwrap().1;
        // A lesson of the kind leaves one entry more than any other.
        app.sql(&format!(
            "INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_required) SELECT '{}', gen_random_uuid(), '{}', '{}', 'QUIZ', 'Clouds', 1, false",
            app.oak.tenant,
            uuid(&course),
            uuid(&clouds)
        ))
        .await;
        let quiz = app.text(&format!("SELECT id::text FROM quiz WHERE course_id = '{}'", uuid(&course))).await.unwrap();
        let quiz = json!(lectern_kernel::ids::encode("quiz", quiz.parse().unwrap()));
        let pool = self.give(&ada, "createQuestionPool", json!({ "courseId": course, "name": "Fog" })).await["id"].take();
        let spare = self.give(&ada, "createQuestionPool", json!({ "courseId": course, "name": "Rain" })).await["id"].take();
        self.give(&ada, "updateQuestionPool", json!({ "id": spare, "name": "Snow" })).await;
        self.take(&ada, "deleteQuestionPool", &spare).await;
        let of = |place: &str, id: &Value| json!({ place: id, "kind": "SINGLE", "prompt": "Is it?", "options": ["yes", "no"], "correctOptions": [0], "explanation": "It is." });
        let first = self.give(&ada, "createQuestion", of("quizId", &quiz)).await["id"].take();
        let second = self.give(&ada, "createQuestion", of("quizId", &quiz)).await["id"].take();
        let third = self.give(&ada, "createQuestion", of("quizId", &quiz)).await["id"].take();
        self.give(&ada, "createQuestion", of("poolId", &pool)).await;
        self.take(&ada, "deleteQuestion", &third).await;
        self.give(&ada, "updateQuestion", json!({ "id": first, "prompt": "Is it so?", "explanation": "It is so." })).await;
        self.give(&ada, "reorderQuestions", json!({ "quizId": quiz, "questionIds": [second, first] })).await;
        self.give(&ada, "updateQuiz", json!({ "id": quiz, "passMark": 0, "draws": [{ "poolId": pool, "count": 1, "points": 1 }] })).await;
        self.take(&ada, "publishCourse", &course).await;
        app.sql(&format!("UPDATE lesson SET is_published = true WHERE course_id = '{}'", uuid(&course))).await;
        self.give(&lea, "enroll", json!({ "courseId": course })).await;
        let start = "mutation($id: ID!) { startQuizAttempt(quizId: $id) { id } }";
        let attempt = self.act(&lea, "startQuizAttempt", start, json!({ "id": quiz })).await["id"].take();
        self.give(&lea, "saveQuizAnswers", json!({ "attemptId": attempt, "answers": [{ "questionId": first, "optionIds": [] }] })).await;
        self.take(&lea, "submitQuizAttempt", &attempt).await;
        self.give(&ada, "regradeQuestion", json!({ "questionId": first, "isVoid": true, "reason": "Nobody knows" })).await;
        self.give(&ada, "voidQuizAttempt", json!({ "id": attempt, "reason": "It rained" })).await;
    }

    async fn lessons(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let course = self.give(&ada, "createCourse", json!({ "title": "Flying" })).await["id"].take();
        self.give(&ada, "addCourseInstructors", json!({ "courseId": course, "userIds": [admin.user_id] })).await;
        self.give(&ada, "removeCourseInstructors", json!({ "courseId": course, "userIds": [admin.user_id] })).await;
        let ground = self.give(&ada, "createSection", json!({ "courseId": course, "title": "On the ground" })).await["id"].take();
        let air = self.give(&ada, "createSection", json!({ "courseId": course, "title": "In the air" })).await["id"].take();
        let of = |kind: &str| json!({ "sectionId": ground, "kind": kind, "title": "Lesson", "isPublished": true });
        let text = self.give(&ada, "createLesson", of("TEXT")).await["id"].take();
        let flight = self.give(&ada, "createLesson", of("LIVE")).await["id"].take();
        let spare = self.give(&ada, "createLesson", of("LIVE")).await["id"].take();
        self.take(&ada, "deleteLesson", &spare).await;
        self.give(&ada, "updateLesson", json!({ "id": text, "title": "Before the flight", "body": "Check the fuel." })).await;
        self.give(&ada, "moveLesson", json!({ "id": text, "sectionId": ground, "position": 2 })).await;
        self.give(&ada, "reorderLessons", json!({ "sectionId": ground, "lessonIds": [text, flight] })).await;
        self.give(&ada, "setSectionDrip", json!({ "sectionId": air, "kind": "AFTER_SECTION", "afterSectionId": ground })).await;
        let page = json!({ "courseId": course, "title": "Weather", "url": "https://weather.example/" });
        let page = self.give(&ada, "addCourseMaterial", page).await["id"].take();
        self.take(&ada, "removeCourseMaterial", &page).await;
        let unlocked = self.give(&ada, "setUnlockOverride", json!({ "courseId": course, "userId": lea.user_id })).await["id"].take();
        self.take(&ada, "removeUnlockOverride", &unlocked).await;
        self.take(&ada, "publishCourse", &course).await;
        let enrolled = self.give(&lea, "enroll", json!({ "courseId": course })).await["id"].take();
        self.give(&lea, "trackLesson", json!({ "lessonId": text, "positionSeconds": 7 })).await;
        self.give(&lea, "completeLesson", json!({ "lessonId": text })).await;
        self.give(&ada, "reopenLesson", json!({ "lessonId": text, "userId": lea.user_id })).await;
        let span = json!({ "lessonId": flight, "startsAt": "2099-05-04T09:00:00Z", "endsAt": "2099-05-04T10:00:00Z" });
        self.give(&lea, "requestLessonBooking", span).await;
        self.give(&ada, "recordAttendance", json!({ "lessonId": flight, "userIds": [lea.user_id] })).await;
        self.give(&ada, "extendEnrollment", json!({ "id": enrolled, "expiresAt": "2099-06-01T00:00:00Z", "reason": "Rain" })).await;
        let copy = self.give(&ada, "duplicateCourse", json!({ "id": course, "asNewVersion": true })).await["id"].take();
        self.take(&admin, "deleteCourse", &copy).await;
        self.take(&admin, "restoreCourse", &copy).await;
        self.take(&admin, "deleteCourse", &copy).await;
        self.take(&admin, "purgeCourse", &copy).await;
    }

    async fn talk(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let course = crate::classroom::course(&ada, json!({ "title": "Rhetoric" })).await;
        let enrolled = crate::classroom::enroll(&ada, &course, &lea.user_id).await;
        crate::discussions::finish(&lea, &enrolled).await;
        let said = json!({ "courseId": course, "title": "Welcome", "body": "Hello" });
        let said = self.give(&ada, "createAnnouncement", said).await["id"].take();
        self.give(&ada, "updateAnnouncement", json!({ "id": said, "title": "Welcome, all" })).await;
        self.take(&ada, "deleteAnnouncement", &said).await;
        let thread = self.give(&lea, "createThread", json!({ "courseId": course, "title": "Why?", "body": "I wonder" })).await["id"].take();
        let post = self.give(&ada, "createPost", json!({ "threadId": thread, "body": "Therefore" })).await["id"].take();
        self.give(&ada, "updatePost", json!({ "id": post, "body": "Therefore, indeed" })).await;
        self.give(&lea, "updateThread", json!({ "id": thread, "title": "Why so?", "answerId": post })).await;
        self.take(&ada, "deletePost", &post).await;
        self.take(&lea, "deleteThread", &thread).await;
        let review = self.give(&lea, "reviewCourse", json!({ "courseId": course, "rating": 4 })).await["id"].take();
        self.take(&lea, "deleteCourseReview", &review).await;
    }

    async fn rewards(&mut self, app: &TestApp) {
        let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
        self.give(&admin, "updatePointsRule", json!({ "key": "SIGN_IN", "points": 5 })).await;
        self.give(&admin, "setLevels", json!({ "levels": [{ "name": "All", "minPoints": 0 }] })).await;
        self.give(&admin, "adjustPoints", json!({ "userId": lea.user_id, "points": 5, "reason": "For helping" })).await;
        let badge = self.give(&admin, "createBadge", json!({ "name": "Helper", "rule": "MANUAL" })).await["id"].take();
        self.give(&admin, "updateBadge", json!({ "id": badge, "name": "Friend" })).await;
        let of = json!({ "badgeId": badge, "userId": lea.user_id, "reason": "For helping" });
        self.give(&admin, "awardBadge", of.clone()).await;
        self.give(&admin, "revokeBadge", of).await;
        self.take(&admin, "deleteBadge", &badge).await;
        self.give(&lea, "setLeaderboardVisibility", json!({ "isShown": false })).await;
    }

    async fn work(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let course = self.give(&ada, "createCourse", json!({ "title": "Navigation" })).await["id"].take();
        let part = self.give(&ada, "createSection", json!({ "courseId": course, "title": "Plans" })).await["id"].take();
        self.take(&ada, "publishCourse", &course).await;
        app.sql(&format!(
            "SET app.audit = 'off'; INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published)
                 VALUES ('{}', gen_random_uuid(), '{}', '{}', 'ASSIGNMENT', 'A flight plan', 1, true); RESET app.audit",
            app.oak.tenant,
            crate::classroom::uuid(course.as_str().unwrap()),
            crate::classroom::uuid(part.as_str().unwrap())
        ))
        .await;
        let read = "query($id: ID!) { course(id: $id) { sections { lessons { id assignment { id } } } } }";
        let lesson = ada.ok(read, json!({ "id": course })).await["course"]["sections"][0]["lessons"][0].take();
        let (lesson, assignment) = (&lesson["id"], &lesson["assignment"]["id"]);
        self.give(
            &ada,
            "updateAssignment",
            json!({ "id": assignment, "passMark": 50, "dueAt": "2099-05-01T00:00:00Z", "holdGrades": true }),
        )
        .await;
        let rubric = json!({ "assignmentId": assignment, "criteria": [{ "title": "Fuel", "points": 10 }] });
        self.give(&ada, "setRubric", rubric).await;
        let criteria = "query($id: ID!) { assignment(id: $id) { rubric { id } } }";
        let criterion = ada.ok(criteria, json!({ "id": assignment })).await["assignment"]["rubric"][0]["id"].take();
        self.give(&lea, "enroll", json!({ "courseId": course })).await;
        let extension = json!({ "lessonId": lesson, "userId": lea.user_id, "dueAt": "2099-05-02T00:00:00Z", "reason": "Ill" });
        let extension = self.give(&ada, "grantExtension", extension).await["id"].take();
        self.take(&ada, "revokeExtension", &extension).await;
        let file = crate::files::text(&lea, "plan.txt").await;
        let work = self
            .give(&lea, "submitAssignment", json!({ "assignmentId": assignment, "text": "Up, and down again", "fileIds": [file] }))
            .await;
        self.act(&ada, "releaseGrades", "mutation($id: ID!) { releaseGrades(assignmentId: $id) { id } }", json!({ "id": assignment }))
            .await;
        let grade = json!({ "id": work["id"], "version": 1, "rubricScores": [{ "criterionId": criterion, "points": 4 }], "feedback": "Too little fuel" });
        self.give(&ada, "gradeSubmission", grade).await;
        self.give(&ada, "returnSubmission", json!({ "id": work["id"], "version": 2, "feedback": "Reckon again" })).await;
        self.give(&admin, "setTimeFactor", json!({ "userId": lea.user_id, "factor": 1.5 })).await;
    }

    async fn paths(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let mut courses = Vec::new();
        for title in ["Gliding", "Aerobatics", "Navigation"] {
            let course = self.give(&ada, "createCourse", json!({ "title": title })).await["id"].take();
            self.take(&ada, "publishCourse", &course).await;
            courses.push(course);
        }
        self.give(&ada, "setCoursePrerequisites", json!({ "courseId": courses[1], "prerequisites": [{ "courseId": courses[0] }] })).await;
        self.give(&ada, "updateCertificateSettings", json!({ "courseId": courses[0], "validMonths": 12 })).await;
        let enrolled = self.give(&lea, "enroll", json!({ "courseId": courses[2] })).await["id"].take();
        self.give(&ada, "updateEnrollmentStatus", json!({ "id": enrolled, "status": "COMPLETED" })).await;
        let certificate =
            self.give(&admin, "issueCertificate", json!({ "userId": lea.user_id, "courseId": courses[2] })).await["id"].take();
        self.give(&admin, "revokeCertificate", json!({ "id": certificate, "reason": "A mistake" })).await;
        let path = self.give(&admin, "createLearningPath", json!({ "title": "Pilot" })).await["id"].take();
        self.give(&admin, "updateLearningPath", json!({ "id": path, "title": "Glider pilot" })).await;
        let list = json!([{ "courseId": courses[0], "unlock": "NONE" }, { "courseId": courses[1], "unlock": "AFTER_COURSE", "afterCourseId": courses[0] }]);
        self.give(&admin, "setPathCourses", json!({ "pathId": path, "courses": list })).await;
        self.take(&admin, "publishLearningPath", &path).await;
        // The same mutation as for a course, and so beside the day.
        let settings = "mutation($i: UpdateCertificateSettingsInput!) { updateCertificateSettings(input: $i) { isEnabled } }";
        admin.ok(settings, json!({ "i": { "pathId": path, "validMonths": 12 } })).await;
        let part = self.give(&lea, "enrollInPath", json!({ "pathId": path })).await["id"].take();
        self.take(&lea, "leavePath", &part).await;
        self.take(&admin, "archiveLearningPath", &path).await;
        self.take(&admin, "deleteLearningPath", &path).await;
        self.give(&admin, "createGroup", json!({ "name": "Gliders", "joinKey": "thermals" })).await;
        self.give(&lea, "joinGroup", json!({ "joinKey": "Thermals" })).await;
    }

    async fn groups(&mut self, app: &TestApp, bob: &Value) {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let course = self.give(&admin, "createCourse", json!({ "title": "Geometry" })).await["id"].take();
        self.take(&admin, "publishCourse", &course).await;
        let group = self.give(&admin, "createGroup", json!({ "name": "Owls", "autoEnroll": true })).await["id"].take();
        self.give(&admin, "updateGroup", json!({ "id": group, "capacity": 10 })).await;
        self.give(&admin, "addGroupMembers", json!({ "groupId": group, "userIds": [bob], "asLeaders": true })).await;
        self.give(&admin, "addGroupCourses", json!({ "groupId": group, "courseIds": [course] })).await;
        self.give(&admin, "removeGroupCourses", json!({ "groupId": group, "courseIds": [course] })).await;
        self.give(&admin, "removeGroupMembers", json!({ "groupId": group, "userIds": [bob] })).await;
        self.take(&admin, "deleteGroup", &group).await;
    }

    async fn bookings(&mut self, app: &TestApp) {
        let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
        let lea = app.sign_in(&app.oak, Who::Learner).await;
        let at = |hour: u32| format!("2099-03-02T{hour:02}:00:00Z");
        self.give(&ada, "createAvailability", json!({ "startsAt": at(8), "endsAt": at(18) })).await;
        let spare = self.give(&ada, "createAvailability", json!({ "startsAt": at(20), "endsAt": at(22) })).await["id"].take();
        self.take(&ada, "deleteAvailability", &spare).await;
        let request = json!({ "startsAt": at(9), "endsAt": at(10), "requestedInstructorId": ada.user_id, "notes": "Crosswind" });
        let booking = self.give(&lea, "requestBooking", request).await["id"].take();
        self.take(&admin, "approveBooking", &booking).await;
        self.give(&lea, "rescheduleBooking", json!({ "id": booking, "startsAt": at(11), "endsAt": at(12) })).await;
        let plane = self.give(&admin, "createResource", json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await["id"].take();
        self.give(&admin, "updateResource", json!({ "id": plane, "location": "Hangar 2" })).await;
        self.give(&admin, "assignBooking", json!({ "id": booking, "instructorId": ada.user_id, "resourceIds": [plane] })).await;
        // Its time has come.
        app.sql("SET app.audit = 'off'; UPDATE booking SET starts_at = now() - interval '1 hour', ends_at = now(); RESET app.audit").await;
        self.take(&ada, "completeBooking", &booking).await;
        self.give(&ada, "recordBookingOutcome", json!({ "id": booking, "outcome": "LATE", "minutesLate": 5 })).await;
        self.give(&admin, "setInstructorLimits", json!({ "userId": ada.user_id, "maxMinutesPerDay": 480 })).await;
        let third = self.give(&lea, "requestBooking", json!({ "startsAt": at(15), "endsAt": at(16) })).await["id"].take();
        self.give(&admin, "confirmBooking", json!({ "id": third, "instructorId": ada.user_id })).await;
        let other = self.give(&lea, "requestBooking", json!({ "startsAt": at(14), "endsAt": at(15) })).await["id"].take();
        self.give(&lea, "cancelBooking", json!({ "id": other, "reason": "Fog" })).await;
        self.slots(&admin, &ada, &lea, &plane).await;
        self.group_sessions(app, &admin, &ada, &lea).await;
        self.hours(&admin, &ada).await;
    }

    async fn slots(&mut self, admin: &Client, ada: &Client, lea: &Client, plane: &Value) {
        let flight = json!({ "name": "Flight", "durations": [60], "instructors": [{ "instructorId": ada.user_id }],
                             "requirements": [{ "name": "Aircraft", "resourceIds": [plane] }], "eligibility": [{ "kind": "MAX_NO_SHOWS", "maxCount": 3 }] });
        let flight = self.give(admin, "createBookingType", flight).await["id"].take();
        self.give(admin, "updateBookingType", json!({ "id": flight, "name": "First flight" })).await;
        let at = |hour: u32| json!({ "bookingTypeId": flight, "startsAt": format!("2099-03-02T{hour:02}:00:00Z") });
        let hold = self.give(lea, "holdSlot", at(16)).await["id"].take();
        self.take(lea, "releaseSlot", &hold).await;
        self.give(lea, "bookSlot", at(17)).await;
        let spare = json!({ "i": { "name": "Spare", "durations": [30], "instructors": [{ "instructorId": ada.user_id }] } });
        let make = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";
        let spare = admin.ok(make, spare).await["createBookingType"]["id"].take();
        self.take(admin, "deleteBookingType", &spare).await;
    }

    async fn group_sessions(&mut self, app: &TestApp, admin: &Client, ada: &Client, lea: &Client) {
        let open = json!({ "i": { "startsAt": "2099-03-09T08:00:00Z", "endsAt": "2099-03-30T18:00:00Z" } });
        ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
        let make = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";
        let staff = json!([{ "instructorId": ada.user_id }]);
        let room = admin
            .ok(
                "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }",
                json!({ "i": { "name": "Hall", "kind": "ROOM" } }),
            )
            .await;
        let rooms = json!([{ "name": "Room", "resourceIds": [room["createResource"]["id"]] }]);
        let class = json!({ "i": { "name": "Class", "durations": [60], "seats": 2, "instructors": staff, "requirements": rooms } });
        let class = admin.ok(make, class).await["createBookingType"]["id"].take();
        let at = |day: u32| json!({ "bookingTypeId": class, "startsAt": format!("2099-03-{day}T10:00:00Z") });
        let alone = |day: u32| {
            let mut session = at(day);
            session["seats"] = json!(1);
            session
        };
        let book = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { id } }";
        let first = self.give(ada, "openGroupSessions", alone(10)).await[0]["id"].take();
        let second = self.give(ada, "openGroupSessions", alone(11)).await[0]["id"].take();
        for day in [10, 11] {
            admin.ok(book, json!({ "i": at(day) })).await;
        }
        let entry = self.give(lea, "joinWaitlist", json!({ "groupSessionId": second })).await["id"].take();
        self.take(lea, "leaveWaitlist", &entry).await;
        let entry = self.give(lea, "joinWaitlist", json!({ "groupSessionId": first })).await["id"].take();
        self.give(ada, "updateGroupSession", json!({ "id": first, "seats": 2, "startsAt": "2099-03-10T11:00:00Z" })).await;
        let (tenant, waiting) = (app.oak.tenant, lectern_kernel::ids::decode(entry.as_str().unwrap()).unwrap().1);
        app.sql(&format!(
            "SET app.audit = 'off'; SET app.tenant_id = '{tenant}'; SELECT app.offer_slot(w.id, gen_random_uuid(), s.starts_at, s.ends_at, s.instructor_id, '{{}}', NULL) \
             FROM waitlist_entry w JOIN group_session s ON s.tenant_id = w.tenant_id AND s.id = w.group_session_id WHERE w.id = '{waiting}'; RESET app.audit; RESET app.tenant_id"
        ))
        .await;
        self.take(lea, "acceptOffer", &entry).await;
        self.give(ada, "cancelGroupSession", json!({ "id": first, "reason": "Ill" })).await;

        let lesson = json!({ "i": { "name": "Lesson", "durations": [60], "instructors": staff } });
        let lesson = admin.ok(make, lesson).await["createBookingType"]["id"].take();
        let weekly = json!({ "bookingTypeId": lesson, "startsAt": "2099-03-12T10:00:00Z", "recurrence": "FREQ=WEEKLY;COUNT=2" });
        let series = self.give(lea, "bookSeries", weekly).await["id"].take();
        let of = "query($id: ID!) { bookingSeries(id: $id) { bookings(first: 1) { nodes { id } } } }";
        let booking = lea.ok(of, json!({ "id": series })).await["bookingSeries"]["bookings"]["nodes"][0]["id"].take();
        self.give(lea, "rescheduleSeries", json!({ "bookingId": booking, "scope": "ALL", "startsAt": "2099-03-12T12:00:00Z" })).await;
        self.give(lea, "cancelSeries", json!({ "bookingId": booking, "scope": "ALL", "reason": "Moving away" })).await;
    }

    async fn hours(&mut self, admin: &Client, ada: &Client) {
        let every_monday = json!({ "weekdays": ["MONDAY"], "from": "08:00", "until": "18:00" });
        let rule = self.give(ada, "createAvailabilityRule", every_monday.clone()).await["id"].take();
        self.give(ada, "updateAvailabilityRule", json!({ "id": rule, "until": "17:00" })).await;
        self.take(ada, "deleteAvailabilityRule", &rule).await;
        let away = json!({ "startsAt": "2099-04-01T00:00:00Z", "endsAt": "2099-04-08T00:00:00Z", "reason": "In hospital" });
        let off = self.give(ada, "createTimeOff", away).await["id"].take();
        self.take(ada, "deleteTimeOff", &off).await;
        let feed = self.give(ada, "createCalendarFeed", json!({ "name": "My phone" })).await["id"].take();
        self.take(ada, "rotateCalendarFeed", &feed).await;
        self.take(ada, "deleteCalendarFeed", &feed).await;
        let elsewhere = json!({ "name": "Private", "url": "https://calendar.example.invalid/ada.ics?key=pssst" });
        let source = self.give(ada, "createBusySource", elsewhere).await["id"].take();
        self.take(ada, "refreshBusySource", &source).await;
        self.take(ada, "deleteBusySource", &source).await;
        let resource = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
        let spare = admin.ok(resource, json!({ "i": { "name": "Room", "kind": "ROOM" } })).await["createResource"]["id"].take();
        let rule = "mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id } }";
        let of_spare = json!({ "i": { "resourceId": spare, "weekdays": ["MONDAY"], "from": "08:00", "until": "18:00" } });
        admin.ok(rule, of_spare).await;
        let off = "mutation($i: CreateTimeOffInput!) { createTimeOff(input: $i) { id } }";
        let of_spare = json!({ "i": { "resourceId": spare, "startsAt": "2099-04-01T00:00:00Z", "endsAt": "2099-04-08T00:00:00Z" } });
        admin.ok(off, of_spare).await;
        self.take(admin, "deleteResource", &spare).await;
    }

    async fn files(&mut self, app: &TestApp, bob: &Value) {
        let ada = app.sign_in(&app.oak, Who::Instructor).await;
        let bytes = b"Crosswind";
        let declared = crate::files::declared("notes.txt", "text/plain", bytes);
        let spare = self.give(&ada, "createUpload", declared.clone()).await["id"].take();
        self.take(&ada, "cancelUpload", &spare).await;
        let upload = self.give(&ada, "createUpload", declared).await["id"].take();
        let sent = ada.ok(crate::files::UPLOAD, json!({ "id": upload })).await["upload"].take();
        assert!(crate::files::send(&ada, &sent, bytes).await.status().is_success());
        let file = self.take(&ada, "completeUpload", &upload).await["id"].take();
        self.give(&ada, "updateFile", json!({ "id": file, "name": "Notes.txt" })).await;
        self.give(&ada, "updateFileVisibility", json!({ "id": file, "visibility": "SHARED", "userIds": [bob] })).await;
        self.take(&ada, "deleteFile", &file).await;
    }

    async fn jobs(&mut self, app: &TestApp) {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let dead = json!(crate::jobs::dead(app, &app.oak).await);
        self.take(&admin, "retryJob", &dead).await;
        self.take(&admin, "cancelJob", &dead).await;
    }

    async fn notifications(&mut self, app: &TestApp) {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let note = json!(crate::notifications::told(app, &app.oak, Who::Admin).await);
        self.give(&admin, "setNotificationsRead", json!({ "ids": [note], "isRead": true })).await;
        self.act(&admin, "markAllNotificationsRead", "mutation { markAllNotificationsRead }", json!({})).await;
        let choice = "mutation { updateNotificationSettings(input: { digestHour: 7, preferences: [{ kind: ENROLLED, email: OFF }] }) { digestHour } }";
        self.act(&admin, "updateNotificationSettings", choice, json!({})).await;
    }

    async fn viewings(&mut self, app: &TestApp) {
        let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
        self.give(&admin, "startViewAs", json!({ "userId": lea.user_id, "reason": "She misses a course" })).await;
    }

    async fn webhooks(&mut self, app: &TestApp) {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let new = json!({ "url": "https://hooks.example.invalid/", "eventTypes": ["course.created"] });
        let endpoint = self.give(&admin, "createWebhookEndpoint", new).await["id"].take();
        self.give(&admin, "updateWebhookEndpoint", json!({ "id": endpoint, "description": "For the library" })).await;
        self.give(&admin, "rotateWebhookSecret", json!({ "id": endpoint })).await;
        let test = "mutation($id: ID!) { sendTestWebhook(endpointId: $id) { id } }";
        let delivery = self.act(&admin, "sendTestWebhook", test, json!({ "id": endpoint })).await["id"].take();
        app.sql("UPDATE webhook_delivery SET state = 'FAILED', next_attempt_at = NULL").await;
        self.take(&admin, "redeliverWebhook", &delivery).await;
        self.give(&admin, "replayWebhookEvents", json!({ "endpointId": endpoint, "since": lectern_kernel::clock::now().to_string() }))
            .await;
        self.take(&admin, "deleteWebhookEndpoint", &endpoint).await;
        self.give(&admin, "recordEvents", json!({ "events": [{ "name": "lesson.opened" }] })).await;
    }

    async fn admissions(&mut self, app: &TestApp) {
        use crate::admissions::{code, set, sign_up_token, token, work};
        let (admin, stranger) = (app.sign_in(&app.oak, Who::Admin).await, app.stranger());
        set(app, json!({ "signUp": "APPROVAL", "signUpRoleKeys": ["LEARNER"], "codeSignIn": "PARTICIPANTS" })).await;
        let wish = |email: &str| json!({ "tenant": "oak", "email": email, "name": "New", "roleKey": "LEARNER" });
        self.give(&stranger, "requestSignUp", wish("one@x.example")).await;
        for (email, decision) in [("two@x.example", "approveSignUp"), ("three@x.example", "rejectSignUp")] {
            let token = sign_up_token(app, email, "LEARNER").await;
            let confirm = "mutation($i: ConfirmSignUpInput!) { confirmSignUp(input: $i) { state } }";
            let input = json!({ "i": { "token": token, "password": PASSWORDS[0] } });
            self.tokens.push(token);
            if decision == "approveSignUp" {
                self.act(&stranger, "confirmSignUp", confirm, input).await;
            } else {
                stranger.ok(confirm, input).await;
            }
            let list = format!("{{ signUpRequests(filter: {{ email: \"{email}\" }}) {{ nodes {{ id }} }} }}");
            let id = admin.ok(&list, json!({})).await["signUpRequests"]["nodes"][0]["id"].take();
            self.give(&admin, decision, json!({ "id": id })).await;
        }
        let invite = "mutation($i: InviteUsersInput!) { inviteUsers(input: $i) { id } }";
        let people = json!({ "i": { "invitations": [{ "email": "ivy@x.example", "name": "Ivy", "roleKeys": ["LEARNER"] }] } });
        let ivy = self.act(&admin, "inviteUsers", invite, people).await[0]["id"].take();
        self.take(&admin, "resendInvitation", &ivy).await;
        work(app).await;
        let link = token(app, &app.oak, "invitation", "ivy@x.example").await;
        self.give(&stranger, "acceptInvitation", json!({ "token": link, "password": PASSWORDS[0] })).await;
        self.tokens.push(link);
        let people = json!({ "i": { "invitations": [{ "email": "jo@x.example", "roleKeys": ["LEARNER"] }] } });
        let jo = admin.ok(invite, people).await["inviteUsers"][0]["id"].take();
        self.take(&admin, "revokeInvitation", &jo).await;
        self.give(&stranger, "requestSignInCode", json!({ "tenant": "oak", "email": "pia@x.example" })).await;
        work(app).await;
        let digits = code(app, &app.oak, "pia@x.example").await;
        self.give(&stranger, "signInWithCode", json!({ "tenant": "oak", "email": "pia@x.example", "code": digits })).await;
        // Somebody whom it is about is its actor.
        let lea = app.sign_in(&app.oak, Who::Learner).await;
        let herself = Client { user_id: lea.user_id.clone(), ..stranger.clone() };
        lea.ok(
            "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }",
            json!({ "i": { "id": lea.user_id, "email": "lea@x.example" } }),
        )
        .await;
        work(app).await;
        let link = token(app, &app.oak, "former_email", "learner@oak.example").await;
        self.give(&herself, "revertEmailChange", json!({ "token": link })).await;
        self.tokens.push(link);
        self.give(&stranger, "requestPasswordReset", json!({ "tenant": "oak", "email": "learner@oak.example" })).await;
        work(app).await;
        let link = token(app, &app.oak, "password_reset", "learner@oak.example").await;
        self.give(&herself, "resetPassword", json!({ "token": link, "newPassword": PASSWORDS[1] })).await;
        self.tokens.push(link);
    }

    async fn credentials(&mut self, app: &TestApp) {
        use crate::credentials::{BEGIN, CONFIRM, DISABLE, RENEW, code, later, secret};
        let tom = app.person(&app.oak, "tom@oak.example", &["LEARNER"]).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        for ends in ["disableSecondFactor", "resetSecondFactors"] {
            let again = app.sign_in_as(&app.oak, "tom@oak.example", PASSWORD).await;
            let begun = self.act(&again, "beginSecondFactor", BEGIN, json!({ "i": { "password": PASSWORD } })).await;
            self.tokens.push(begun["secret"].as_str().unwrap().to_owned());
            let secret = secret(&begun);
            let codes = self.act(&again, "confirmSecondFactor", CONFIRM, json!({ "i": { "code": code(&secret, 0) } })).await;
            later(app).await;
            let renewed = self.act(&again, "renewRecoveryCodes", RENEW, json!({ "i": { "code": code(&secret, 0) } })).await;
            for code in codes["codes"].as_array().unwrap().iter().chain(renewed["codes"].as_array().unwrap()) {
                self.tokens.push(code.as_str().unwrap().to_owned());
            }
            if ends == "disableSecondFactor" {
                later(app).await;
                let input = json!({ "i": { "password": PASSWORD, "code": code(&secret, 0) } });
                self.act(&again, "disableSecondFactor", DISABLE, input).await;
                self.act(&again, "logout", "mutation { logout }", json!({})).await;
            } else {
                again.ok("mutation { logout }", json!({})).await;
                let reset = "mutation($ids: [ID!]!) { resetSecondFactors(ids: $ids) { id } }";
                self.act(&admin, "resetSecondFactors", reset, json!({ "ids": [tom.user_id] })).await;
            }
        }
        let tom = app.sign_in_as(&app.oak, "tom@oak.example", PASSWORD).await;
        let other = app.sign_in_as(&app.oak, "tom@oak.example", PASSWORD).await;
        let current = other.ok("{ viewer { signIn { id } } }", json!({})).await["viewer"]["signIn"]["id"].take();
        self.take(&tom, "endSignIn", &current).await;
        let out = "mutation($ids: [ID!]!) { signOutUsers(ids: $ids) { id } }";
        self.act(&admin, "signOutUsers", out, json!({ "ids": [tom.user_id] })).await;
        let tom = app.sign_in_as(&app.oak, "tom@oak.example", PASSWORD).await;
        for decision in ["withdrawPasswordChange", "rejectPasswordChange", "approvePasswordChange"] {
            let asked = self.give(&tom, "requestPasswordChange", json!({ "newPassword": PASSWORDS[1], "note": "Please." })).await;
            match decision {
                "withdrawPasswordChange" => self.take(&tom, decision, &asked["id"]).await,
                "rejectPasswordChange" => self.give(&admin, decision, json!({ "id": asked["id"], "note": "No." })).await,
                _ => self.take(&admin, decision, &asked["id"]).await,
            };
        }
        let create = "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret apiKey { id } } }";
        let key = json!({ "i": { "name": "Wall", "permissions": ["COURSE_READ"] } });
        let key = self.act(&admin, "createApiKey", create, key).await;
        self.tokens.push(key["secret"].as_str().unwrap().to_owned());
        self.take(&admin, "revokeApiKey", &key["apiKey"]["id"]).await;
    }

    async fn providers(&mut self, app: &TestApp) {
        use crate::providers::{BEGIN, CLIENT_SECRET, Issuer, begin, come_back, provider};
        let (issuer, admin, stranger) = (Issuer::start().await, app.sign_in(&app.oak, Who::Admin).await, app.stranger());
        let input = provider(&issuer, json!({}))["i"].take();
        let id = self.give(&admin, "createSignInProvider", input).await["id"].take();
        self.tokens.push(CLIENT_SECRET.to_owned());
        self.give(&admin, "updateSignInProvider", json!({ "id": id, "name": "The Campus" })).await;
        issuer.be("sub-of-ivy", "ivy@x.example", "Ivy");
        let begun = self.act(&stranger, "beginProviderSignIn", BEGIN, begin()).await;
        let back = come_back(begun["authorizationUrl"].as_str().unwrap()).await["i"].take();
        self.tokens.extend(["sub-of-ivy".to_owned(), begun["state"].as_str().unwrap().to_owned()]);
        self.give(&stranger, "completeProviderSignIn", back).await;
        self.take(&admin, "deleteSignInProvider", &id).await;
    }

    async fn programs(&mut self, app: &TestApp) {
        let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
        let course = crate::classroom::course(&ada, json!({ "title": "Camp craft" })).await;
        let group = crate::classroom::group(&admin, json!({ "name": "Campers" })).await;
        let id = self.give(&admin, "createProgram", json!({ "name": "Summer camp", "currencies": ["EUR"] })).await["id"].take();
        self.give(&admin, "updateProgram", json!({ "id": id, "capacity": 20 })).await;
        let fields = json!([{ "key": "diet", "label": "Diet", "type": "TEXT" }]);
        self.give(&admin, "setProgramForm", json!({ "programId": id, "expectedVersion": 0, "fields": fields })).await;
        self.give(&admin, "setProgramReviewers", json!({ "programId": id, "reviewers": [{ "userId": ada.user_id }] })).await;
        self.give(&admin, "setProgramLinks", json!({ "programId": id, "courseIds": [course], "groupIds": [group] })).await;
        self.give(&admin, "setProgramGroup", json!({ "programId": id, "groupId": group, "percentOff": 12.5 })).await;
        self.give(&admin, "removeProgramGroup", json!({ "programId": id, "groupId": group })).await;
        self.give(&admin, "setProgramStatus", json!({ "id": id, "status": "ACTIVE" })).await;
        let draft = crate::programs::program(&admin, json!({ "name": "Winter camp" })).await;
        self.take(&admin, "deleteProgram", &json!(draft)).await;
    }

    async fn applications(&mut self, app: &TestApp) {
        let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
        let bob = app.person(&app.oak, "sailor@oak.example", &["LEARNER"]).await;
        let fields = json!([
            { "key": "diet", "label": "Diet", "type": "TEXT" },
            { "key": "health", "label": "Health", "type": "TEXTAREA", "sensitive": true },
            { "key": "photo", "label": "Photo", "type": "FILE" },
        ]);
        let program = crate::applications::program(&admin, json!({ "name": "Sea camp", "capacity": 1 }), fields).await;
        let reviewers = json!({ "i": { "programId": program, "reviewers": [{ "userId": ada.user_id }] } });
        admin.ok("mutation($i: SetProgramReviewersInput!) { setProgramReviewers(input: $i) { id } }", reviewers).await;
        let photo = crate::files::text(&bob, "photo.txt").await;
        let answers = json!({ "diet": "none", "health": "well", "photo": photo });
        let id = self.give(&bob, "startApplication", json!({ "programId": program, "answers": answers })).await["id"].take();
        let answers = json!({ "diet": "vegan", "health": "quite well" });
        self.give(&bob, "updateApplication", json!({ "id": id, "answers": answers, "notShared": ["name"] })).await;
        let child = json!({ "applicationId": id, "kind": "CHILD", "name": "Kim", "email": "kim@oak.example" });
        let child = self.give(&bob, "addAttendee", child).await["id"].take();
        self.give(&bob, "updateAttendee", json!({ "id": child, "name": "Kimberley" })).await;
        self.take(&bob, "removeAttendee", &child).await;
        self.take(&bob, "submitApplication", &id).await;
        self.give(&ada, "reviewApplication", json!({ "applicationId": id, "decision": "YES", "note": "Fine." })).await;
        self.give(&admin, "decideApplication", json!({ "id": id, "status": "WAITLISTED", "message": "Soon." })).await;
        let more = json!({ "i": { "id": program, "capacity": 2 } });
        admin.ok("mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }", more).await;
        self.take(&bob, "acceptPlace", &id).await;
        self.give(&admin, "assignDiscount", json!({ "applicationId": id, "percentOff": 12.5 })).await;
        self.give(&bob, "withdrawApplication", json!({ "id": id, "reason": "I am ill." })).await;
        self.take(&bob, "reopenApplication", &id).await;
        let viewer = app.sign_in(&app.oak, Who::Viewer).await;
        self.give(&admin, "setRedFlag", json!({ "userId": viewer.user_id, "redFlag": true, "note": "No." })).await;
    }

    async fn payments(&mut self, app: &TestApp) {
        use crate::orders::{PLACE, applied, cart_for, id, order_of};
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let zoe = app.person(&app.oak, "zoe@oak.example", &["LEARNER"]).await;
        let secret = "secret_of_the_days_webhooks";
        self.tokens.push(secret.to_owned());
        let settings = json!({ "providers": ["MANUAL", "TEST"], "testWebhookSecret": secret, "sellerName": "Oak Ltd" });
        self.give(&admin, "updatePaymentSettings", settings).await;
        let terms = json!({ "name": "Hill camp", "currencies": ["EUR"], "reviewStrategy": "AUTO_ACCEPT" });
        let program = id(&admin, "createProgram", "CreateProgramInput", terms).await;
        let activate = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { id } }";
        admin.ok(activate, json!({ "i": { "id": program, "status": "ACTIVE" } })).await;
        let product = json!({ "programId": program, "name": "Day", "kind": "TICKET", "prices": [{ "amount": 1000, "currency": "EUR" }] });
        let product = id(&admin, "createProduct", "CreateProductInput", product).await;
        let (application, attendee) = applied(&zoe, &program).await;
        let cart = order_of(&cart_for(&application, &attendee, &[(&product, 1)]), &json!(1000), "cart-of-the-hill");
        let order = zoe.ok(PLACE, json!({ "i": cart })).await["placeOrder"]["id"].take();
        self.give(&zoe, "payOrder", json!({ "orderId": order, "provider": "TEST" })).await;
        let money = json!({ "orderId": order, "amount": 1000, "note": "Cash", "idempotencyKey": "money-of-the-hill" });
        self.give(&admin, "recordPayment", money).await;
        let back = json!({ "orderId": order, "reason": "Rain", "idempotencyKey": "rain-on-the-hill" });
        self.give(&admin, "refundOrder", back).await;
        let credit = json!({ "applicationId": application, "amount": { "amount": 5, "currency": "EUR" }, "reason": "Rain", "idempotencyKey": "gift-of-the-hill" });
        self.give(&admin, "grantCredit", credit).await;
    }

    async fn orders(&mut self, app: &TestApp) {
        use crate::orders::{PLACE, cart_for, id, order_of, with};
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let bob = app.person(&app.oak, "rower@oak.example", &["LEARNER"]).await;
        let terms = json!({ "name": "Lake camp", "currencies": ["EUR"], "reviewStrategy": "AUTO_ACCEPT", "exchangesUntil": "2099-01-01T00:00:00Z",
            "applicationFee": { "amount": 500, "currency": "EUR" } });
        let program = id(&admin, "createProgram", "CreateProgramInput", terms).await;
        let activate = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { id } }";
        admin.ok(activate, json!({ "i": { "id": program, "status": "ACTIVE" } })).await;
        let settings = "mutation($i: UpdatePaymentSettingsInput!) { updatePaymentSettings(input: $i) { providers } }";
        admin.ok(settings, json!({ "i": { "providers": ["MANUAL"] } })).await;
        let product = json!({ "programId": program, "name": "Day", "kind": "TICKET", "prices": [{ "amount": 1000, "currency": "EUR" }] });
        let day = self.give(&admin, "createProduct", product.clone()).await["id"].as_str().unwrap().to_owned();
        self.give(&admin, "updateProduct", json!({ "id": day, "name": "A day", "stock": 10 })).await;
        let other = id(&admin, "createProduct", "CreateProductInput", product).await;
        self.take(&admin, "deleteProduct", &json!(other)).await;
        self.tokens.extend(["DAYS-COUPON".to_owned(), "DAYS-REFERRAL".to_owned()]);
        let coupon =
            self.give(&admin, "createCoupon", json!({ "programId": program, "code": "DAYS-COUPON", "percentOff": 10 })).await["id"].take();
        self.give(&admin, "updateCoupon", json!({ "id": coupon, "maxUses": 5 })).await;
        self.take(&admin, "deleteCoupon", &coupon).await;
        let referral = self.give(&admin, "createReferral", json!({ "programId": program, "code": "DAYS-REFERRAL" })).await["id"].take();
        self.give(&admin, "updateReferral", json!({ "id": referral, "isActive": false, "maxUses": 3 })).await;
        let application = id(&bob, "startApplication", "StartApplicationInput", json!({ "programId": program })).await;
        let fee = json!({ "applicationId": application, "expectedTotal": 500, "provider": "MANUAL", "idempotencyKey": "fee-of-the-day" });
        let fee = self.give(&bob, "payApplicationFee", fee).await["id"].take();
        let record = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { id } }";
        admin.ok(record, json!({ "i": { "orderId": fee, "amount": 500, "idempotencyKey": "money-of-the-day" } })).await;
        let submit = "mutation($id: ID!) { submitApplication(id: $id) { attendees { id } } }";
        let submitted = bob.ok(submit, json!({ "id": application })).await["submitApplication"].take();
        let cart = cart_for(&application, submitted["attendees"][0]["id"].as_str().unwrap(), &[(&day, 1)]);
        // A ticket that is exchanged for two.
        let gift = order_of(&with(&cart, json!({ "complimentary": true })), &json!(0), "gift-of-the-day");
        let gift = admin.ok(PLACE, json!({ "i": gift })).await["placeOrder"]["lines"][0]["tickets"][0]["id"].take();
        let order = order_of(&with(&cart, json!({ "returnTicketIds": [gift] })), &json!(1000), "order-of-the-day");
        let order = self.give(&bob, "placeOrder", order).await["id"].take();
        self.take(&bob, "cancelOrder", &order).await;
    }

    async fn doors(&mut self, app: &TestApp) {
        use crate::doors::{Kind, program, ticket};
        let ada = app.sign_in(&app.oak, Who::Instructor).await;
        let fair = program(app, &app.oak, "fair-of-the-day").await;
        self.tokens.push("DAYSDAYSDAYSDAYS".to_owned());
        ticket(app, &fair, "DAYSDAYSDAYSDAYS", Kind::default()).await;
        self.give(&ada, "checkIn", json!({ "programId": fair, "scans": [{ "clientId": "gate", "code": "DAYSDAYSDAYSDAYS" }] })).await;
        // What the attendee gets with the ticket, an operator settles.
        let (tenant, id) = (app.oak.tenant, crate::classroom::uuid(&fair));
        app.sql(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}';
             INSERT INTO program_course (tenant_id, program_id, course_id) SELECT tenant_id, '{id}', id FROM course WHERE tenant_id = '{tenant}' AND deleted_at IS NULL LIMIT 1;
             SELECT app.settle_grants(ARRAY(SELECT a.id FROM attendee a WHERE a.program_id = '{id}')); COMMIT"
        ))
        .await;
    }

    async fn exports(&mut self, app: &TestApp) {
        let ada = app.sign_in(&app.oak, Who::Instructor).await;
        self.give(&ada, "exportReport", json!({ "dataset": "BOOKINGS" })).await;
        let schedule = json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 });
        let schedule = self.give(&ada, "createReportSchedule", schedule).await["id"].take();
        self.give(&ada, "updateReportSchedule", json!({ "id": schedule, "hour": 8 })).await;
        self.take(&ada, "runReportSchedule", &schedule).await;
        self.take(&ada, "deleteReportSchedule", &schedule).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        self.give(&admin, "exportRoster", json!({ "format": "USERS_CSV" })).await;
        self.act(&admin, "exportTenant", "mutation { exportTenant { id } }", json!({})).await;
        let file = crate::files::file(&admin, "users.csv", "text/csv", b"email,name\n").await["id"].take();
        let run = self.give(&admin, "startImport", json!({ "fileId": file, "format": "USERS_CSV" })).await["id"].take();
        self.take(&admin, "cancelImport", &run).await;
    }

    async fn sessions(&mut self, app: &TestApp, bob: &Value) {
        let login = json!({ "tenant": "oak", "email": "bob@oak.example", "password": PASSWORDS[0] });
        let stranger = app.stranger();
        let session = self.give(&stranger, "login", login).await;
        assert_eq!(session["viewer"]["user"]["id"], *bob);
        let session = self.give(&stranger, "refreshSession", json!({ "refreshToken": session["refreshToken"] })).await;
        let client = stranger.with_session(&session);
        let session = self.give(&client, "switchRole", json!({ "roleKey": "VIEWER" })).await;
        let client = stranger.with_session(&session);
        let change = json!({ "currentPassword": PASSWORDS[0], "newPassword": PASSWORDS[1] });
        let session = self.give(&client, "changePassword", change).await;
        self.act(&stranger.with_session(&session), "logout", "mutation { logout }", json!({})).await;
        let again = app.sign_in_as(&app.oak, "bob@oak.example", PASSWORDS[1]).await;
        self.act(&again, "logoutEverywhere", "mutation { logoutEverywhere }", json!({})).await;
        assert_ne!(PASSWORD, PASSWORDS[1]);
    }
}

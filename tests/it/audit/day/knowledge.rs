//! Documents, knowledge bases and drafts of the day.

use serde_json::json;

use super::Day;
use crate::{
    app::{TestApp, Who},
    classroom::{course, draft, enroll},
};

impl Day {
    pub(super) async fn knowledge(&mut self, app: &TestApp) {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let document = self.give(&admin, "createDocument", json!({ "title": "Manual", "text": "The crosswind limit." })).await["id"].take();
        self.give(&admin, "updateDocument", json!({ "id": document, "title": "The manual" })).await;
        let base = self.give(&admin, "createKnowledgeBase", json!({ "name": "Manuals" })).await["id"].take();
        self.give(&admin, "updateKnowledgeBase", json!({ "id": base, "name": "All manuals" })).await;
        self.give(&admin, "addKnowledgeBaseDocuments", json!({ "knowledgeBaseId": base, "documentIds": [document] })).await;
        self.give(&admin, "removeKnowledgeBaseDocuments", json!({ "knowledgeBaseId": base, "documentIds": [document] })).await;
        app.sql("SET app.audit = 'off'; UPDATE document SET state = 'FAILED', failure_reason = 'NO_TEXT'; RESET app.audit").await;
        self.take(&admin, "reprocessDocument", &document).await;
        self.take(&admin, "deleteKnowledgeBase", &base).await;
        self.take(&admin, "deleteDocument", &document).await;
    }

    pub(super) async fn drafts(&mut self, app: &TestApp) {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let tenant = app.oak.tenant;
        // Somewhere to ask; nobody does.
        app.sql(&format!(
            "SET app.audit = 'off'; SET app.tenant_id = '{tenant}'; INSERT INTO assistant_provider (tenant_id, base_url) VALUES ('{tenant}', 'https://models.example.invalid/v1') ON CONFLICT (tenant_id) DO UPDATE SET base_url = excluded.base_url; \
             RESET app.audit; RESET app.tenant_id"
        ))
        .await;
        let generation = self.give(&ada, "generateCourse", json!({ "topic": "Wind", "clientRequestId": "day-1" })).await["id"].take();
        self.take(&ada, "cancelGeneration", &generation).await;
        let sections = "mutation($i: CreateSectionInput!) { createSection(input: $i) { id } }";
        let drafted = draft(&ada, json!({ "title": "By hand" })).await;
        let section = ada.ok(sections, json!({ "i": { "courseId": drafted, "title": "One" } })).await["createSection"]["id"].take();
        self.give(&ada, "regenerateSection", json!({ "sectionId": section, "overwritesEdits": true, "clientRequestId": "day-2" })).await;
        let essays = course(&ada, json!({ "title": "Essays of the day" })).await;
        let section = ada.ok(sections, json!({ "i": { "courseId": essays, "title": "One" } })).await["createSection"]["id"].take();
        let lesson = json!({ "sectionId": section, "kind": "ASSIGNMENT", "title": "Essay", "isPublished": true });
        let made =
            ada.ok("mutation($i: CreateLessonInput!) { createLesson(input: $i) { assignment { id } } }", json!({ "i": lesson })).await;
        enroll(&ada, &essays, &lea.user_id).await;
        let work = json!({ "i": { "assignmentId": made["createLesson"]["assignment"]["id"], "text": "Wind is air." } });
        let work =
            lea.ok("mutation($i: SubmitAssignmentInput!) { submitAssignment(input: $i) { id } }", work).await["submitAssignment"]["id"]
                .take();
        self.give(&ada, "suggestGrade", json!({ "submissionId": work, "clientRequestId": "day-3" })).await;
        app.sql(&format!(
            "SET app.audit = 'off'; SET app.tenant_id = '{tenant}'; DELETE FROM assistant_provider; RESET app.audit; RESET app.tenant_id"
        ))
        .await;
    }
}

//! Projects, agents, conversations, documents and drafts. Nobody answers at the school's endpoint.

use serde_json::{Value, json};

use super::Day;
use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
    conversations::answer,
};

impl Day {
    pub(super) async fn assistants(&mut self, app: &TestApp) {
        let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
        let lea = app.sign_in(&app.oak, Who::Learner).await;
        self.give(&admin, "updateAssistantPolicy", json!({ "auditsContent": false })).await;
        self.give(&admin, "setAssistantProvider", json!({ "baseUrl": "https://models.example.invalid/v1", "apiKey": "sk-of-oak" })).await;
        self.tokens.push("sk-of-oak".to_owned());
        let project = self.give(&ada, "createProject", json!({ "name": "Winter" })).await["id"].take();
        self.give(&ada, "updateProject", json!({ "id": project, "description": "Plans" })).await;
        self.give(&ada, "addProjectMembers", json!({ "projectId": project, "userIds": [lea.user_id, admin.user_id] })).await;
        self.give(&ada, "updateProjectMember", json!({ "projectId": project, "userId": lea.user_id, "role": "VIEWER" })).await;
        self.give(&ada, "transferProject", json!({ "projectId": project, "userId": admin.user_id })).await;
        self.give(&admin, "removeProjectMembers", json!({ "projectId": project, "userIds": [lea.user_id] })).await;
        self.take(&admin, "deleteProject", &project).await;
        self.take(&admin, "restoreProject", &project).await;
        let base = self.documents(app, &admin).await;
        let agent =
            self.give(&admin, "createAgent", json!({ "name": "Tutor", "kind": "TUTOR", "knowledgeBaseIds": [base] })).await["id"].take();
        self.give(&admin, "updateAgent", json!({ "id": agent, "temperature": 0.5 })).await;
        self.give(&admin, "revertAgent", json!({ "id": agent, "version": 1 })).await;
        self.take(&admin, "deactivateAgent", &agent).await;
        self.take(&admin, "activateAgent", &agent).await;
        self.conversation(app, &admin, &agent, &project).await;
        self.take(&admin, "deleteAgent", &agent).await;
        self.take(&admin, "deleteKnowledgeBase", &base).await;
        self.drafts(&ada).await;
        self.act(&admin, "removeAssistantProvider", "mutation { removeAssistantProvider { isOwn } }", json!({})).await;
    }

    /// What is read, and where it is kept; answers a knowledge base.
    async fn documents(&mut self, app: &TestApp, admin: &Client) -> Value {
        let document = self.give(admin, "createDocument", json!({ "title": "Wind", "text": "Crosswind landings." })).await["id"].take();
        self.give(admin, "updateDocument", json!({ "id": document, "title": "The wind" })).await;
        app.sql(&format!(
            "SET session_replication_role = replica; UPDATE document SET state = 'FAILED', failure_reason = 'NO_TEXT', processed_at = now() WHERE id = '{}'; \
             RESET session_replication_role",
            uuid(document.as_str().unwrap())
        ))
        .await;
        self.take(admin, "reprocessDocument", &document).await;
        let base = self.give(admin, "createKnowledgeBase", json!({ "name": "Weather" })).await["id"].take();
        self.give(admin, "updateKnowledgeBase", json!({ "id": base, "name": "The weather" })).await;
        let both = json!({ "knowledgeBaseId": base, "documentIds": [document] });
        self.give(admin, "addKnowledgeBaseDocuments", both.clone()).await;
        self.give(admin, "removeKnowledgeBaseDocuments", both).await;
        self.take(admin, "deleteDocument", &document).await;
        base
    }

    async fn conversation(&mut self, app: &TestApp, admin: &Client, agent: &Value, project: &Value) {
        let begun = json!({ "agentId": agent, "projectId": project, "title": "Wind" });
        let conversation = self.give(admin, "createConversation", begun).await["id"].take();
        self.give(admin, "updateConversation", json!({ "id": conversation, "title": "The wind" })).await;
        let said = json!({ "conversationId": conversation, "text": "Whence?", "clientMessageId": "one" });
        let first = self.give(admin, "sendMessage", said).await["id"].take();
        answer(app, first.as_str().unwrap(), "From the west.").await;
        let again = self.give(admin, "regenerateAnswer", json!({ "id": first, "clientMessageId": "two" })).await["id"].take();
        self.take(admin, "cancelAnswer", &again).await;
        let asked = "query($id: ID!) { message(id: $id) { parent { id } } }";
        let question = admin.ok(asked, json!({ "id": first })).await["message"]["parent"]["id"].take();
        let edited =
            self.give(admin, "editMessage", json!({ "id": question, "text": "Whither?", "clientMessageId": "three" })).await["id"].take();
        answer(app, edited.as_str().unwrap(), "To the east.").await;
        self.give(admin, "selectBranch", json!({ "messageId": first })).await;
        self.give(admin, "rateMessage", json!({ "id": first, "rating": "HELPFUL", "comment": "Clear" })).await;
        self.take(admin, "shareConversation", &conversation).await;
        self.take(admin, "unshareConversation", &conversation).await;
        self.take(admin, "deleteMessage", &again).await;
        self.take(admin, "deleteConversation", &conversation).await;
        self.take(admin, "restoreConversation", &conversation).await;
    }

    async fn drafts(&mut self, ada: &Client) {
        let course = self.give(ada, "createCourse", json!({ "title": "Weather" })).await["id"].take();
        let section = self.give(ada, "createSection", json!({ "courseId": course, "title": "Wind" })).await["id"].take();
        let submission = ada.ok("{ submissions { nodes { id } } }", json!({})).await["submissions"]["nodes"][0]["id"].take();
        for (operation, input) in [
            ("generateCourse", json!({ "topic": "Clouds", "clientRequestId": "one" })),
            ("regenerateSection", json!({ "sectionId": section, "clientRequestId": "two", "overwritesEdits": true })),
            ("suggestGrade", json!({ "submissionId": submission, "clientRequestId": "three" })),
        ] {
            let generation = self.give(ada, operation, input).await["id"].take();
            self.take(ada, "cancelGeneration", &generation).await;
        }
    }
}

//! What a school converses with. No model is asked: where there is an endpoint, nothing is sent to it; where there is none, that is said.

use lectern_kernel::ids;
use serde_json::json;
use uuid::Uuid;

use super::{PAGE, Smoke, text};

const DELETE_PROJECT: &str = "mutation($id: ID!) { deleteProject(id: $id) }";
const DELETE_CONVERSATION: &str = "mutation($id: ID!) { deleteConversation(id: $id) }";

impl Smoke {
    /// A project with an agent, a document and a conversation.
    pub(super) async fn assistants(&mut self) -> Option<()> {
        for list in ["projects", "agents", "conversations", "documents", "knowledgeBases", "generations"] {
            self.client.ask("assistants", &format!("{{ {list}{PAGE} }}"), json!({})).await;
        }
        let policy = "{ assistantPolicy { isConfigured isEnabled viewerMayUse models { name contextTokens } hasEmbeddings } }";
        let policy = self.client.ask("assistants", policy, json!({})).await;
        let provider = "{ assistantProvider { baseUrl isOwn hasKey lastAnsweredAt lastFailedAt lastFailureReason } }";
        self.client.ask("assistants", provider, json!({})).await;
        self.client.ask("assistants", "{ viewer { assistantAllowance { usedToday dailyLimit resetsAt } } }", json!({})).await;
        let usage = "{ reports { assistantUsage(groupBy: [DAY, MODEL]) { date model calls promptTokens estimatedCost { amount } } } }";
        self.client.ask("assistants", usage, json!({})).await;

        let create = "mutation($i: CreateProjectInput!) { createProject(input: $i) { id viewerRole memberCount } }";
        let project = text(&self.client.ask("assistants", create, json!({ "i": { "name": "Smoke test" } })).await?["id"]);
        self.remember(&project, DELETE_PROJECT, json!({ "id": project }));
        let create = "mutation($i: CreateDocumentInput!) { createDocument(input: $i) { id state } }";
        let input = json!({ "i": { "projectId": project, "title": "Smoke test", "text": "Where there is smoke, there is fire." } });
        let document = text(&self.client.ask("assistants", create, input).await?["id"]);
        let create = "mutation($i: CreateKnowledgeBaseInput!) { createKnowledgeBase(input: $i) { id documentCount } }";
        let input = json!({ "i": { "projectId": project, "name": "Smoke test", "documentIds": [document] } });
        let base = text(&self.client.ask("assistants", create, input).await?["id"]);
        let create = "mutation($i: CreateAgentInput!) { createAgent(input: $i) { id version } }";
        let input = json!({ "i": { "projectId": project, "name": "Smoke test", "kind": "TUTOR", "knowledgeBaseIds": [base] } });
        let agent = text(&self.client.ask("assistants", create, input).await?["id"]);
        let update = "mutation($i: UpdateAgentInput!) { updateAgent(input: $i) { version } }";
        let told = |version: i32| json!({ "i": { "id": agent, "expectedVersion": version, "temperature": 0.5 } });
        self.client.ask("assistants", update, told(1)).await;
        self.client.refused("updateAgent, of another version", update, told(1), "CONFLICT STALE").await;
        let delete = "mutation($id: ID!) { deleteKnowledgeBase(id: $id) }";
        self.client.refused("deleteKnowledgeBase, in use", delete, json!({ "id": base }), "CONFLICT IN_USE").await;
        self.client.ask("assistants", "{ documentSearch(query: \"smoke\", first: 3) { document { id } page score } }", json!({})).await;

        let begin = "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }";
        let conversation = text(&self.client.ask("assistants", begin, json!({ "i": { "agentId": agent } })).await?["id"]);
        self.remember(&conversation, DELETE_CONVERSATION, json!({ "id": conversation }));
        let send = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id } }";
        let said = |conversation: &str| json!({ "i": { "conversationId": conversation, "text": "Smoke?", "clientMessageId": "smoke" } });
        let never = ids::encode("conversation", Uuid::now_v7());
        self.client.refused("sendMessage, unknown id", send, said(&never), "NOT_FOUND").await;
        if policy.is_some_and(|policy| policy["isConfigured"] == false) {
            self.client
                .refused("sendMessage, without an endpoint", send, said(&conversation), "UNAVAILABLE ASSISTANT_NOT_CONFIGURED")
                .await;
        }
        let read = "query($id: ID!) { conversation(id: $id) { title messageCount messages(first: 5) { nodes { role content } } } }";
        self.client.ask("assistants", read, json!({ "id": conversation })).await;
        for left in [conversation, project] {
            self.remove(&left, "assistants").await;
        }
        Some(())
    }
}

//! Saying something, and asking for an answer.

use async_graphql::Context;
use aws_lc_rs::digest::{SHA256, digest};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    ATTEMPTS, Conversation, Message, SENDS,
    inputs::{self, AbandonedAnswer, EditMessageInput, MOST_DOCUMENTS, RegenerateAnswerInput, SendMessageInput},
    refusals::{Asked, MESSAGE, refusal},
    sql,
};
use crate::domains::{
    answers::{self, Deployment},
    knowledge::Document,
};

/// Mutations that ask for an answer.
pub struct SendingMutations;

/// What an answer is asked for by.
struct Question<'a> {
    how: &'static str,
    target: Uuid,
    asked: Asked,
    text: Option<String>,
    client_id: &'a str,
    parent: Option<Id<Message>>,
    documents: Vec<Id<Document>>,
    metadata: Option<Value>,
    digest: Vec<u8>,
    when_abandoned: AbandonedAnswer,
}

/// The hash of all that a client has sent under one name.
fn digest_of(content: &Value) -> Vec<u8> {
    digest(&SHA256, content.to_string().as_bytes()).as_ref().to_vec()
}

impl Question<'_> {
    /// Asks it: the answer that is about to be written, or the one that was before.
    async fn ask(self, ctx: &Context<'_>) -> Result<Loaded<Message>> {
        // What was sent before is no send: it is answered before any other check.
        if let Err(spent) = ctx.request().spend(&SENDS) {
            let asked: [&(dyn ToSql + Sync); 4] = [&self.how, &self.target, &self.client_id, &self.digest];
            return match ctx.tx().value::<Option<Id<Message>>>(sql::REPEATED, &asked).await?.flatten() {
                Some(answer) => ctx.row(sql::THIS_MESSAGE, &[&answer]).await?.ok_or(spent),
                None => Err(spent),
            };
        }
        let (deployment, session) = (Deployment::of(ctx), ctx.tx().identity().session);
        // An endpoint of the school's own the database looks up itself.
        let is_configured = deployment.is_configured();
        let params: [&(dyn ToSql + Sync); 13] = [
            &self.how,
            &self.target,
            &self.text,
            &self.client_id,
            &self.digest,
            &self.parent,
            &self.documents,
            &self.metadata,
            &session,
            &self.when_abandoned,
            &is_configured,
            &deployment.model,
            &deployment.context,
        ];
        let rows = ctx.tx().query(sql::BEGIN, &params).await.map_err(refusal(self.asked))?;
        let row = rows.first().ok_or_else(|| Error::internal("a question without an answer"))?;
        let mut reader = ColumnReader::new(row);
        let (answer, is_new): (Id<Message>, bool) = (reader.next()?, reader.next()?);
        if is_new {
            answers::start(ctx, answer);
        } else {
            ctx.request().give_back(&SENDS);
        }
        ctx.row(sql::THIS_MESSAGE, &[&answer]).await?.ok_or_else(|| Error::internal("an answer that was begun is not there"))
    }
}

#[mutations("Message")]
impl SendingMutations {
    /// Says something in a conversation of your own, and answers the ASSISTANT message that is about to be written: its parent is what you said. Nothing is waited for;
    /// `messageStream` tells of the answer as it comes. Repeated under one `clientMessageId` with the same content, it answers the same message. UNAVAILABLE with
    /// ASSISTANT_NOT_CONFIGURED; FORBIDDEN with NOT_ALLOWED_BY_POLICY, ASSESSMENT_OPEN, MESSAGE_BLOCKED, NOT_YOURS; CONFLICT with AGENT_UNAVAILABLE, PROJECT_ARCHIVED,
    /// MODEL_NOT_ALLOWED, ANSWER_RUNNING, CLIENT_ID_REUSED; BAD_USER_INPUT with MESSAGE_TOO_LONG; LIMIT_REACHED with TOO_MANY_ANSWERS, TOKEN_LIMIT; RATE_LIMITED.
    #[needs(AgentExecute)]
    #[budget(ATTEMPTS)]
    async fn send_message(
        ctx: &Context<'_>,
        /// What, and where.
        input: SendMessageInput,
    ) -> Result<Loaded<Message>> {
        let conversation = Id::<Conversation>::parse("conversationId", &input.conversation_id)?;
        let parent = Id::<Message>::parse_opt("parentId", input.parent_id.as_ref())?;
        let text = inputs::said("text", &input.text)?;
        let client_id = inputs::client_id(&input.client_message_id)?;
        let metadata = input.metadata.as_ref().map(inputs::metadata).transpose()?;
        let attached: Vec<Id<Document>> = match input.document_ids.as_deref() {
            None | Some([]) => Vec::new(),
            Some(ids) => Id::parse_list("documentIds", ids, MOST_DOCUMENTS)?,
        };
        let content = json!([
            "SEND",
            conversation.0,
            text,
            parent.map(|parent| parent.0),
            attached.iter().map(|id| id.0).collect::<Vec<_>>(),
            metadata
        ]);
        let question = Question {
            how: "SEND",
            target: conversation.0,
            asked: Asked { field: "conversationId", what: "conversation" },
            digest: digest_of(&content),
            text: Some(text),
            client_id,
            parent,
            documents: attached,
            metadata,
            when_abandoned: input.when_abandoned.unwrap_or_default(),
        };
        question.ask(ctx).await
    }

    /// Says something else in place of what you said, on a branch beside it, and answers the ASSISTANT message that is about to be written. Documents and metadata stay those of
    /// what you said first. BAD_USER_INPUT for what is not yours to have said; otherwise as `sendMessage`.
    #[needs(AgentExecute)]
    #[budget(ATTEMPTS)]
    async fn edit_message(
        ctx: &Context<'_>,
        /// What, in place of which.
        input: EditMessageInput,
    ) -> Result<Loaded<Message>> {
        let message = Id::<Message>::parse("id", &input.id)?;
        let text = inputs::said("text", &input.text)?;
        let question = Question {
            how: "EDIT",
            target: message.0,
            asked: MESSAGE,
            digest: digest_of(&json!(["EDIT", message.0, text])),
            text: Some(text),
            client_id: inputs::client_id(&input.client_message_id)?,
            parent: None,
            documents: Vec::new(),
            metadata: None,
            when_abandoned: input.when_abandoned.unwrap_or_default(),
        };
        question.ask(ctx).await
    }

    /// Asks for another answer to what you said, on a branch beside the present one, and answers the ASSISTANT message that is about to be written. BAD_USER_INPUT for what is no
    /// answer; otherwise as `sendMessage`.
    #[needs(AgentExecute)]
    #[budget(ATTEMPTS)]
    async fn regenerate_answer(
        ctx: &Context<'_>,
        /// In place of which.
        input: RegenerateAnswerInput,
    ) -> Result<Loaded<Message>> {
        let message = Id::<Message>::parse("id", &input.id)?;
        let question = Question {
            how: "REGENERATE",
            target: message.0,
            asked: MESSAGE,
            digest: digest_of(&json!(["REGENERATE", message.0])),
            text: None,
            client_id: inputs::client_id(&input.client_message_id)?,
            parent: None,
            documents: Vec::new(),
            metadata: None,
            when_abandoned: input.when_abandoned.unwrap_or_default(),
        };
        question.ask(ctx).await
    }
}

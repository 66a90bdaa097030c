//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions write (`sql/functions/conversations.sql`). `{cv}` stands for the columns of a
//! conversation over the alias `cv`, `{ms}` for those of a message.

/// The conversation `$2`.
pub const THIS: &str = "SELECT {cv} FROM conversation cv WHERE cv.tenant_id = $1 AND cv.id = $2";

/// The message `$2`.
pub const THIS_MESSAGE: &str = "SELECT {ms} FROM message ms WHERE ms.tenant_id = $1 AND ms.id = $2";

/// The conversation `$2` of the actor with the agent `$3`, in the project `$4`, about the course `$5`, titled `$6`, with the context `$7`.
pub const CREATE: &str = "INSERT INTO conversation AS cv (tenant_id, id, owner_id, agent_id, project_id, course_id, title, context) \
     SELECT $1, $2, app.user_id(), $3, $4, $5, $6, $7 RETURNING {cv}";

/// The conversation `$2` has the context `$3`.
pub const SET_CONTEXT: &str = "UPDATE conversation cv SET context = $3 WHERE cv.tenant_id = $1 AND cv.id = $2";

/// Shares what stands on the active branch of the conversation `$2`.
pub const SHARE: &str = "SELECT app.share_conversation($2) WHERE app.tenant_id() = $1";

/// Ends the sharing of the conversation `$2`.
pub const UNSHARE: &str = "SELECT app.unshare_conversation($2) WHERE app.tenant_id() = $1";

/// Deletes the conversation `$2`, or (`$3`) brings it back.
pub const DELETE: &str = "SELECT app.delete_conversation($2, $3) WHERE app.tenant_id() = $1";

/// What the answers of the actor's conversations `$2` took.
pub const TOKENS: &str = "SELECT m.conversation_id, coalesce(sum(m.prompt_tokens), 0)::bigint, coalesce(sum(m.completion_tokens), 0)::bigint FROM message m \
     WHERE m.tenant_id = $1 AND m.conversation_id = ANY ($2) AND m.owner_id = app.user_id() AND m.role = 'ASSISTANT' GROUP BY m.conversation_id";

/// How many answers of the agents `$2` have helped, and how many have not.
pub const RATINGS: &str = "SELECT f.agent_id, count(*) FILTER (WHERE f.rating = 'HELPFUL'), count(*) FILTER (WHERE f.rating = 'UNHELPFUL') FROM message_feedback f \
     WHERE f.tenant_id = $1 AND f.agent_id = ANY ($2) GROUP BY f.agent_id";

/// Begins an answer: how (`$2`), at what (`$3`), to the text `$4`, under the client's name `$5` and the hash `$6`, after `$7`, with the documents `$8` (null in place of those that the actor does not see) and the metadata `$9`, from
/// the sign-in `$10`, abandoned as `$11` says; whether it has an endpoint (`$12`), the deployment's model and what it takes (`$13`, `$14`).
pub const BEGIN: &str = "SELECT a.answer, a.is_new FROM app.begin_answer($2, $3, $4, $5, $6, $7, \
     ARRAY(SELECT d.id FROM unnest($8::uuid[]) WITH ORDINALITY AS w(id, place) LEFT JOIN document d ON d.tenant_id = $1 AND d.id = w.id ORDER BY w.place), \
     $9, $10, $11, $12, $13, $14) AS a WHERE app.tenant_id() = $1";

/// How (`$2`), at what (`$3`), under the client's name `$4` and the hash `$5` something was asked: the answer to it, where it was.
pub const REPEATED: &str = "SELECT app.repeated_answer($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// The branch through the message `$2` is the active one: of which conversation.
pub const SELECT_BRANCH: &str = "SELECT app.select_branch($2) WHERE app.tenant_id() = $1";

/// Removes the message `$2` and what follows from it.
pub const DELETE_MESSAGE: &str = "SELECT app.delete_message($2) WHERE app.tenant_id() = $1";

/// The answer `$2` is rated `$3`, with the comment `$4`.
pub const RATE: &str = "SELECT app.rate_message($2, $3, $4) WHERE app.tenant_id() = $1";

/// Removes for good `$2` at most of what nobody can bring back.
pub const PURGE: &str = "SELECT app.purge_assistants($2) WHERE app.tenant_id() = $1";

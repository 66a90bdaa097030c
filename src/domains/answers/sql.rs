//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/answers.sql`).

/// Where the school's models are asked, and its key, sealed.
pub const OWN_ENDPOINT: &str = "SELECT e.base_url, e.key FROM app.own_endpoint() AS e WHERE app.tenant_id() = $1";

/// Whether the school has an endpoint of its own.
pub const HAS_OWN_ENDPOINT: &str = "SELECT app.has_own_endpoint() WHERE app.tenant_id() = $1";

/// The school's endpoint, but for its key.
pub const PROVIDER: &str = "SELECT ap.base_url, ap.key_set_at, ap.last_answered_at, ap.last_failed_at, ap.last_failure_reason FROM assistant_provider ap WHERE ap.tenant_id = $1";

/// `$2` whether the address is set, `$3` the address, `$4` the key, sealed: whether that was allowed.
pub const SET_PROVIDER: &str = "SELECT app.set_assistant_provider($2, $3, $4) WHERE app.tenant_id() = $1";

/// Back to the deployment's endpoint: whether that was allowed.
pub const REMOVE_PROVIDER: &str = "SELECT app.remove_assistant_provider() WHERE app.tenant_id() = $1";

/// `$2` why an endpoint has failed; null where it has answered.
pub const NOTE_PROVIDER: &str = "SELECT app.note_provider($2) WHERE app.tenant_id() = $1";

/// What the actor may use.
pub const ALLOWANCE: &str = "SELECT a.used_today, a.daily_limit, a.resets_at, a.used_this_month, a.monthly_limit FROM app.assistant_allowance() AS a \
     WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process: whether it is this process's to write.
pub const CLAIM: &str = "SELECT app.claim_answer($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the answer: what its run works with.
pub const TERMS: &str = "SELECT t.* FROM app.answer_terms($2) AS t WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process, `$4` tokens of the prompt, `$5` tokens of the answer at most, `$6` characters so far, `$7` messages that did not fit: whether it
/// goes on.
pub const BEGIN_CALL: &str = "SELECT app.begin_call($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process, `$4` the model, `$5` and `$6` tokens, `$7` whether they are estimated, `$8` whether it failed: whether it goes on.
pub const END_CALL: &str = "SELECT app.end_call($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the person, `$4` for what, `$5` no project and no agent, `$6` the model, `$7` tokens, `$8` whether it failed: a call beside the conversation, out of
/// what is reserved for the answer.
pub const SETTLE_OTHER: &str = "SELECT app.settle_call($2, $3, $4, $5, $5, $6, $7, 0, true, $8, NULL) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process, `$4` characters so far, `$5` what comes after them, `$6` hosts of links in all of it: whether it goes on.
pub const FLUSH: &str = "SELECT app.flush_answer($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process, `$4` the tool, `$5` its arguments, `$6` what came of it, `$7` what it said, `$8` rows: the message's id.
pub const NOTE_TOOL: &str = "SELECT app.note_tool($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// What those of the documents `$2` are called that the actor sees, in the order in which they are named.
pub const TITLES: &str = "SELECT d.title FROM unnest($2::uuid[]) WITH ORDINALITY AS w(id, place) JOIN document d ON d.tenant_id = $1 AND d.id = w.id ORDER BY w.place";

/// `$2` the answer, `$3` what is quoted, in the order of the marks.
pub const NOTE_CITATIONS: &str = "SELECT app.note_citations($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process, `$4` its state, `$5` its text, `$6` why the model stopped, `$7` why it failed, `$8` and `$9` tokens of the last call, `$10`
/// whether they are estimated, `$11` hosts of links: whether it was this process's to end.
pub const END: &str = "SELECT app.end_answer($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WHERE app.tenant_id() = $1";

/// `$2` the answer: whether it was the actor's and had not ended.
pub const CANCEL: &str = "SELECT app.cancel_answer($2) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many answers were ended.
pub const SWEEP: &str = "SELECT app.sweep_answers($2) WHERE app.tenant_id() = $1";

/// `$2` the answer: somebody listens to it. Whether that is to be said again and again.
pub const HEAR: &str = "SELECT app.hear_answer($2) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` the process: for how many seconds nobody has listened to it in another process.
pub const UNHEARD: &str = "SELECT app.answer_unheard($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the answer, `$3` characters that are known, `$4` tools that are known: its role and state, what of its text comes after them (and where that begins),
/// the messages of further tools. No row: it is not the listener's.
pub const HEARD: &str = "SELECT m.role, m.state, \
       CASE WHEN m.state IN ('PENDING', 'RUNNING') THEN coalesce(d.begins, 0) ELSE $3 END AS begins, \
       CASE WHEN m.state IN ('PENDING', 'RUNNING') THEN coalesce(d.text, '') ELSE substr(m.content, least($3, 200000)::integer + 1) END AS text, \
       ARRAY(SELECT t.id FROM message t WHERE t.tenant_id = $1 AND t.conversation_id = m.conversation_id AND t.parent_id = m.id AND t.role = 'TOOL' \
             ORDER BY t.created_at, t.id OFFSET $4) AS tools \
     FROM message m LEFT JOIN LATERAL ( \
       SELECT min(p.position) AS begins, string_agg(p.text, '' ORDER BY p.position) AS text FROM message_delta p \
       WHERE p.tenant_id = $1 AND p.message_id = m.id AND p.position + length(p.text) > $3) d ON true \
     WHERE m.tenant_id = $1 AND m.id = $2 AND m.owner_id = app.user_id()";

/// `$2` a message: whether it is the actor's. No row: there is none that they see.
pub const IS_OWN: &str = "SELECT m.owner_id = app.user_id() FROM message m WHERE m.tenant_id = $1 AND m.id = $2";

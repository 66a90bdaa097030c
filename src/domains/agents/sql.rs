//! The statements of the domain. `$1` is the tenant; the policies filter again. `{ag}` stands for the columns of an agent over the alias `ag`.

/// What the agents `$2` are told now, of those that the actor may change.
pub const PROMPTS: &str = "SELECT v.agent_id, v.system_prompt FROM agent ag \
     JOIN agent_version v ON v.tenant_id = ag.tenant_id AND v.agent_id = ag.id AND v.version = ag.version \
     WHERE ag.tenant_id = $1 AND ag.id = ANY ($2)";

/// Which of the knowledge bases `$2` the actor sees.
pub const SEEN_BASES: &str = "SELECT b.id FROM knowledge_base b WHERE b.tenant_id = $1 AND b.id = ANY ($2)";

/// The model that is used where `$2` is wanted, in a deployment whose own model is `$3`.
pub const MODEL_OF: &str = "SELECT app.model_of($2, $3) WHERE app.tenant_id() = $1";

/// The agent `$2` is told what it was told in its version `$3`; of what it knew then, what is still there.
pub const REVERT: &str = "UPDATE agent ag SET model = v.model, temperature = v.temperature, max_tokens = v.max_tokens, system_prompt = v.system_prompt, tools = v.tools, \
     knowledge_base_ids = ARRAY(SELECT k.id FROM unnest(v.knowledge_base_ids) WITH ORDINALITY AS k(id, place) \
         JOIN knowledge_base b ON b.tenant_id = $1 AND b.id = k.id ORDER BY k.place) \
     FROM agent_version v WHERE ag.tenant_id = $1 AND ag.id = $2 AND ag.deleted_at IS NULL AND v.tenant_id = $1 AND v.agent_id = ag.id AND v.version = $3 RETURNING {ag}";

/// The agent `$2` is deleted from now on.
pub const DELETE: &str =
    "UPDATE agent ag SET deleted_at = now() WHERE ag.tenant_id = $1 AND ag.id = $2 AND ag.deleted_at IS NULL RETURNING ag.id";

/// What the school says of assistants, whether the actor may use them, and whether the database compares embeddings.
pub const POLICY: &str = "SELECT p.is_enabled, p.role_keys, p.models, p.default_model, p.daily_token_limit_per_user, p.monthly_token_limit, p.retention_days, \
     p.audits_content, p.generates_courses, p.silent_during_quizzes, p.allowed_image_hosts, p.blocked_phrases, p.uses_provider_moderation, p.response_timeout_seconds, \
     p.updated_at, app.may_use_assistant(), to_regtype('public.vector') IS NOT NULL FROM app.assistant_policy() AS p WHERE p.tenant_id = $1";

/// Waits for whoever else changes the policy.
pub const TAKE_POLICY: &str = "SELECT app.lock_for('assistant_policy', $1) WHERE app.tenant_id() = $1";

/// The policy with the changes `$2`, by the names of its columns.
pub const SET_POLICY: &str = "INSERT INTO assistant_policy (tenant_id, is_enabled, role_keys, models, default_model, daily_token_limit_per_user, monthly_token_limit, \
         retention_days, audits_content, generates_courses, silent_during_quizzes, allowed_image_hosts, blocked_phrases, uses_provider_moderation, response_timeout_seconds) \
     SELECT $1, n.is_enabled, n.role_keys, n.models, n.default_model, n.daily_token_limit_per_user, n.monthly_token_limit, \
         n.retention_days, n.audits_content, n.generates_courses, n.silent_during_quizzes, n.allowed_image_hosts, n.blocked_phrases, n.uses_provider_moderation, \
         n.response_timeout_seconds \
     FROM app.assistant_policy() AS p CROSS JOIN LATERAL jsonb_populate_record(p, $2) AS n WHERE p.tenant_id = $1 \
     ON CONFLICT (tenant_id) DO UPDATE SET is_enabled = excluded.is_enabled, role_keys = excluded.role_keys, models = excluded.models, default_model = excluded.default_model, \
         daily_token_limit_per_user = excluded.daily_token_limit_per_user, monthly_token_limit = excluded.monthly_token_limit, retention_days = excluded.retention_days, \
         audits_content = excluded.audits_content, generates_courses = excluded.generates_courses, silent_during_quizzes = excluded.silent_during_quizzes, \
         allowed_image_hosts = excluded.allowed_image_hosts, blocked_phrases = excluded.blocked_phrases, uses_provider_moderation = excluded.uses_provider_moderation, \
         response_timeout_seconds = excluded.response_timeout_seconds";

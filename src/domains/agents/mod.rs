//! Agents: what answers people, told how by versions that never change; and what a school says of assistants. Tables: `agent`, `agent_version`, `agent_knowledge_base`,
//! `assistant_policy`.
//!
//! Permissions: AGENT_EXECUTE (converse with those that one sees), AGENT_CREATE (of projects that one manages), AGENT_MANAGE (of the school, too), ASSISTANT_MANAGE (the policy).
//! Invariants, kept by the database: each change of what an agent is told makes one new version, and a change of nothing none; an agent knows what is of the school and of
//! its own project alone.

mod agent;
mod fields;
mod inputs;
mod lists;
mod mutations;
mod policy;
mod policy_mutations;
mod queries;
mod sql;
mod templates;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{
    agent::{Agent, AgentKind, AgentTool, AgentVersion},
    policy::{AssistantPolicy, Model, Policy},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Agent::object, AgentVersion::object, AssistantPolicy::object, policy::AssistantModel::object],
    extensions: &[&fields::ProjectAgents::EXTENSION, &policy::SettingsPolicy::EXTENSION],
    operations: &[
        queries::AgentQueries::OPERATIONS,
        policy::PolicyQueries::OPERATIONS,
        mutations::AgentMutations::OPERATIONS,
        policy_mutations::PolicyMutations::OPERATIONS,
    ],
    recorded: &[("AssistantPolicy", "assistantpolicy")],
    references: &[("agent_id", Agent::PREFIX), ("created_by_id", crate::domains::identity::User::PREFIX)],
    parts: &[(Agent::TYPE, "knowledge_base_id", "knowledgeBase")],
    ..Domain::new("agents")
};

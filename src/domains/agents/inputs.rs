//! What the mutations of agents take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::{Agent, AgentKind, AgentTool};

/// Knowledge bases of one agent at most.
pub const MOST_BASES: usize = 10;

/// An agent to be created. What is left out comes from the template of its kind.
#[writes(Agent)]
pub struct CreateAgentInput {
    /// The project that it is of; left out: the school, which takes AGENT_MANAGE.
    #[by_hand]
    pub project_id: Option<ID>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// What it is for; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// What it is made for.
    pub kind: AgentKind,
    /// The model that it asks, one of the school's; the school's default unless given.
    #[check(model)]
    pub model: Option<String>,
    /// How freely the model words its answers; 0 to 1.
    #[by_hand]
    pub temperature: Option<f64>,
    /// How many tokens an answer may have; 100 to 8,000.
    #[by_hand]
    pub max_tokens: Option<i32>,
    /// What the model is told before everything else; 1 to 20,000 characters.
    #[by_hand]
    pub system_prompt: Option<String>,
    /// What it may look up, as the person who converses with it.
    #[by_hand]
    pub tools: Option<Vec<AgentTool>>,
    /// The knowledge bases that it looks into; at most 10, of the school or of its project.
    #[by_hand]
    pub knowledge_base_ids: Option<Vec<ID>>,
    /// Openings that are offered to people; at most 6 of 1 to 200 characters.
    #[by_hand]
    pub starters: Option<Vec<String>>,
    /// Whether it answers; true unless given.
    #[by_hand]
    pub is_active: Option<bool>,
}

/// A change of an agent. What is left out stays as it is; an explicit null clears where it may.
#[writes(Agent)]
pub struct UpdateAgentInput {
    /// The agent.
    #[by_hand]
    pub id: ID,
    /// The version that you have seen: CONFLICT with STALE where it is not the present one any more.
    #[by_hand]
    pub expected_version: Option<i32>,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Another model, one of the school's; null for the school's default.
    #[check(model)]
    pub model: MaybeUndefined<String>,
    /// How freely the model words its answers; 0 to 1.
    #[check(temperature)]
    pub temperature: MaybeUndefined<f64>,
    /// How many tokens an answer may have; 100 to 8,000.
    #[check(max_tokens)]
    pub max_tokens: MaybeUndefined<i32>,
    /// What the model is told before everything else; 1 to 20,000 characters.
    #[check(system_prompt)]
    pub system_prompt: MaybeUndefined<String>,
    /// What it may look up, as the person who converses with it.
    #[check(tools)]
    pub tools: MaybeUndefined<Vec<AgentTool>>,
    /// The knowledge bases that it looks into, in place of the present ones; at most 10, of the school or of its project.
    #[by_hand]
    pub knowledge_base_ids: MaybeUndefined<Vec<ID>>,
    /// Openings that are offered to people; at most 6 of 1 to 200 characters.
    #[check(starters)]
    pub starters: MaybeUndefined<Vec<String>>,
}

/// Which version an agent is to be like again.
#[derive(InputObject)]
pub struct RevertAgentInput {
    /// The agent.
    pub id: ID,
    /// The number of one of its versions.
    pub version: i32,
}

/// The name of a model: 1 to 200 characters on one line.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
fn model(field: &str, name: &String) -> Result<String> {
    text::short(field, name, 200)
}

/// 0 to 1.
pub(super) fn temperature(field: &str, given: &f64) -> Result<f64> {
    if (0.0..=1.0).contains(given) { Ok(*given) } else { Err(Error::bad_input(field, "must be between 0 and 1")) }
}

/// 100 to 8,000.
pub(super) fn max_tokens(field: &str, given: &i32) -> Result<i32> {
    if (100..=8000).contains(given) { Ok(*given) } else { Err(Error::bad_input(field, "must be between 100 and 8000")) }
}

/// 1 to 20,000 characters.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
pub(super) fn system_prompt(field: &str, given: &String) -> Result<String> {
    const MOST: usize = 20_000;
    let text = text::longer(field, given, MOST)?;
    text.ok_or_else(|| Error::bad_input(field, format!("must have 1 to {MOST} characters, not only blanks")))
}

/// Each once, in the order in which they are declared.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
pub(super) fn tools(_field: &str, given: &Vec<AgentTool>) -> Result<Vec<AgentTool>> {
    Ok(AgentTool::ALL.iter().copied().filter(|tool| given.contains(tool)).collect())
}

/// At most 6 of 1 to 200 characters.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
pub(super) fn starters(field: &str, given: &Vec<String>) -> Result<Vec<String>> {
    const MOST: usize = 6;
    if given.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} openings")));
    }
    given.iter().enumerate().map(|(place, text)| text::short(&format!("{field}.{place}"), text, 200)).collect()
}

//! Lists of generations: their filter.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
};

use super::{GenerationKind, GenerationState};
use crate::domains::courses::Course;

/// Generations, the latest first.
pub const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "gn.created_at"), id: "gn.id", descending: true };

/// Which generations.
#[derive(InputObject, Default, Clone)]
pub struct GenerationFilter {
    /// Of one of these.
    pub kinds: Option<Vec<GenerationKind>>,
    /// In one of these states.
    pub states: Option<Vec<GenerationState>>,
    /// That made this course, or are about it.
    pub course_id: Option<ID>,
}

impl GenerationFilter {
    /// Narrows a list of generations.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.clone());
            list.filter(format!("gn.kind = ANY ({kinds})"));
        }
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("gn.state = ANY ({states})"));
        }
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(format!("gn.course_id = {course}"));
        }
        Ok(())
    }
}

//! In which order what is said is listed, and what narrows the lists.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{
        registry::{Narrows, OrderValue},
        text,
    },
};

use crate::domains::lessons::Lesson;

/// Announcements, the latest first.
pub const LATEST_ANNOUNCEMENT: Order = Order { key: SortKey::moment("PUBLISH_AT", "an.publish_at"), id: "an.id", descending: true };

/// Threads, pinned ones before all, then the latest first.
pub const LATEST_THREAD: Order = Order { key: SortKey::moment("LISTED_AT", "th.listed_at"), id: "th.id", descending: true };

/// Posts, the oldest first.
pub const OLDEST_POST: Order = Order { key: SortKey::moment("CREATED_AT", "po.created_at"), id: "po.id", descending: false };

/// Reviews, the latest first.
pub const LATEST_REVIEW: Order = Order { key: SortKey::moment("CREATED_AT", "cr.created_at"), id: "cr.id", descending: true };

/// What courses can be sorted by as well.
pub const BY_RATING: OrderValue =
    ("RATING", "By the mean of their reviews; those without any as 0.", SortKey::number("RATING", "coalesce(c.mean_rating, 0)"));

/// Which threads.
#[derive(InputObject, Default, Clone)]
pub struct ThreadFilter {
    /// About this lesson.
    pub lesson_id: Option<ID>,
    /// Beginnings of words in title and text, whatever their case and accents.
    pub search: Option<String>,
    /// Whether a post was marked as the answer, or none was.
    pub is_answered: Option<bool>,
}

/// A filter that has been read.
#[derive(Clone, Debug)]
pub struct Narrowing {
    lesson: Option<Id<Lesson>>,
    search: Option<String>,
    is_answered: Option<bool>,
}

impl ThreadFilter {
    /// Reads the filter.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong one.
    pub fn check(self) -> Result<Narrowing> {
        Ok(Narrowing {
            lesson: Id::parse_opt("filter.lessonId", self.lesson_id.as_ref())?,
            search: text::search("filter.search", self.search.as_deref())?,
            is_answered: self.is_answered,
        })
    }
}

impl Narrowing {
    /// Narrows a list of threads.
    pub fn narrow(&self, list: &mut List) {
        if let Some(lesson) = self.lesson {
            let lesson = list.bind(lesson);
            list.filter(format!("th.lesson_id = {lesson}"));
        }
        if let Some(search) = &self.search {
            let search = list.bind(search.clone());
            list.among("th.id", &format!("app.search_thread({search})"));
        }
        if let Some(is_answered) = self.is_answered {
            list.filter(if is_answered { "th.answer_id IS NOT NULL" } else { "th.answer_id IS NULL" });
        }
    }
}

/// What narrows courses as well.
#[derive(InputObject)]
pub struct RatedFilter {
    /// Whose reviews have at least this mean, 1 to 5.
    pub min_rating: Option<f64>,
}

impl Narrows for RatedFilter {
    fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(rating) = self.min_rating {
            if !(1.0..=5.0).contains(&rating) {
                return Err(Error::bad_input("filter.minRating", "must be between 1 and 5"));
            }
            let rating = list.bind(rating);
            list.filter(format!("c.mean_rating >= {rating}"));
        }
        Ok(())
    }
}

//! What one domain adds to the types, inputs, filters, orders and enums of others, from its own folder: courses get a motto.

use async_graphql::{Context, InputObject, MaybeUndefined};
use lectern::domains::{courses::Course, identity::User};
use lectern_kernel::{
    db::{List, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{
        Open, OpenEnum, Request,
        registry::{Domain, FilterExtension, InputExtension, Narrows},
        text,
    },
};
use lectern_macros::{extends, queries, writes};

/// What is added to courses.
pub struct CourseMottos;

#[extends(Course)]
impl CourseMottos {
    /// Its motto; at most 200 characters.
    #[column]
    fn motto() -> Option<String>;

    /// Who wrote the motto.
    #[one]
    #[column]
    fn motto_author(motto_author_id: Option<Id<User>>) -> User;

    /// Who answers for the motto: the instructor.
    #[one]
    fn motto_keeper(instructor_id: Option<Id<User>>) -> User;

    /// How many members a group with the course's id has: none.
    #[count(function = "app.member_counts", key = "group_id")]
    fn motto_readers() -> i32;

    /// Whether you are its instructor.
    fn is_yours(instructor_id: Option<Id<User>>, request: &Request) -> bool {
        request.actor().zip(instructor_id).is_some_and(|(actor, instructor)| actor.is(instructor.0))
    }
}

/// What is added to `CreateCourseInput`.
#[writes(CourseMottos)]
pub struct CreateMottoInput {
    /// Its motto; at most 200 characters.
    #[check(text::name)]
    pub motto: Option<String>,
}

/// What is added to `UpdateCourseInput`.
#[writes(CourseMottos)]
pub struct UpdateMottoInput {
    /// A new motto; null for none.
    #[check(text::name)]
    pub motto: MaybeUndefined<String>,
}

/// What is added to `CourseFilter`.
#[derive(InputObject)]
pub struct MottoFilter {
    /// With this beginning of their motto.
    pub motto: Option<String>,
}

impl Narrows for MottoFilter {
    fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(motto) = text::search("filter.motto", self.motto.as_deref())? {
            if motto.len() < 2 {
                return Err(Error::bad_input("filter.motto", "must have at least 2 characters"));
            }
            let motto = list.bind(motto);
            list.filter(format!("starts_with(c.motto, {motto})"));
        }
        Ok(())
    }
}

/// Colours, to which others may add.
pub struct Colour;

impl OpenEnum for Colour {
    const NAME: &'static str = "Colour";
    const DESCRIPTION: &'static str = "A colour.";
    const VALUES: &'static [(&'static str, &'static str)] = &[("RED", "As roses.")];
}

/// Queries of mottos.
pub struct Queries;

#[queries]
impl Queries {
    /// The colour that you name.
    async fn colour(
        _ctx: &Context<'_>,
        /// Any colour.
        of: Open<Colour>,
    ) -> Open<Colour> {
        of
    }
}

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    extensions: &[&CourseMottos::EXTENSION],
    operations: &[Queries::OPERATIONS],
    inputs: &[
        InputExtension::of::<CreateMottoInput, CourseMottos>("CreateCourseInput"),
        InputExtension::of::<UpdateMottoInput, CourseMottos>("UpdateCourseInput"),
    ],
    filters: &[FilterExtension::of::<MottoFilter>("CourseFilter")],
    orders: &[("CourseOrderField", &[("MOTTO", "By motto.", SortKey::name("MOTTO", "coalesce(c.motto, '')"))])],
    enum_values: &[("Colour", &[("BLUE", "As violets.")])],
    ..Domain::new("mottos")
};

/// The column that it needs.
pub const SQL: &str = "ALTER TABLE course ADD COLUMN motto text, ADD COLUMN motto_author_id uuid;
     GRANT SELECT (motto, motto_author_id), INSERT (motto, motto_author_id), UPDATE (motto, motto_author_id) ON course TO lectern_app;";

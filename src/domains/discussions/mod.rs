//! Discussions: what is said in a course. Tables: `announcement`, `thread`, `post`, `course_review`.
//!
//! Permissions: COURSE_UPDATE (announces in courses that one is staff of), ENROLLMENT_SELF (asks, answers, reviews), DISCUSSION_MODERATE (pins, closes,
//! deletes, as staff).
//! Invariants, kept by the database: announcements, threads and posts are seen by a course's staff and by those whose enrollment is live, and by nobody
//! else; a lesson's threads are locked with it; nothing is written in a thread that is closed; one review for each person and course, by whoever has
//! completed it at some time; people are told of an announcement once.

mod announcement;
mod announcement_mutations;
mod author;
mod fields;
mod inputs;
mod kinds;
mod lists;
mod post;
mod post_mutations;
mod publish;
mod queries;
mod review;
mod review_mutations;
mod sql;
mod thread;
mod thread_mutations;

use lectern_kernel::resolve::registry::{Domain, Event, FilterExtension, Heard, HeardKey};

pub use self::{
    announcement::Announcement,
    kinds::{ANNOUNCEMENT_PUBLISHED, THREAD_ANSWERED},
    post::Post,
    review::CourseReview,
    thread::Thread,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Announcement::object, Thread::object, Post::object, CourseReview::object],
    operations: &[
        queries::DiscussionQueries::OPERATIONS,
        announcement_mutations::AnnouncementMutations::OPERATIONS,
        thread_mutations::ThreadMutations::OPERATIONS,
        post_mutations::PostMutations::OPERATIONS,
        review_mutations::ReviewMutations::OPERATIONS,
    ],
    extensions: &[&fields::CourseTalk::EXTENSION, &fields::LessonTalk::EXTENSION],
    filters: &[FilterExtension::of::<lists::RatedFilter>("CourseFilter")],
    orders: &[("CourseOrderField", &[lists::BY_RATING])],
    jobs: &[publish::PUBLISH],
    emits: &[("announcement.published", "An announcement is out: its moment has come. `id`, `courseId`.")],
    events: &[Event {
        name: "postAdded",
        description: "Somebody has written in a thread that you may see.",
        of: Heard::Row(Post::object),
        topic: "post",
        key: HeardKey::Named { argument: "threadId", description: "The thread.", object: Thread::object, is_required: true },
        since: None,
        query: "node",
    }],
    ..Domain::new("discussions")
};

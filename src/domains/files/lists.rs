//! Lists of files: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    auth::Actor,
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    permission::Permission,
    resolve::{Orders, list_of, registry::OrderValue, text},
};

use super::{File, FileVisibility, inputs::folder, sql, types::essence};
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Which files.
#[derive(InputObject, Default, Clone)]
pub struct FileFilter {
    /// Beginnings of words in the name, whatever their case and accents: "rep 24" finds "Report-24.pdf".
    pub search: Option<String>,
    /// In this folder.
    pub folder: Option<String>,
    /// Of this person.
    pub owner_id: Option<ID>,
    /// Shared with this course.
    pub course_id: Option<ID>,
    /// Shared with this group.
    pub group_id: Option<ID>,
    /// Seen by one of these.
    pub visibilities: Option<Vec<FileVisibility>>,
    /// Of one of these media types.
    pub content_types: Option<Vec<String>>,
}

/// What files are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct FileOrders;

impl Orders for FileOrders {
    const OF: &'static str = "File";
    const WHAT: &'static str = "files";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "f.name")),
        ("CREATED_AT", "By when they were uploaded or made.", SortKey::moment("CREATED_AT", "f.created_at")),
        ("SIZE", "By how many bytes they have.", SortKey::whole("SIZE", "f.size")),
    ];
    const ID: &'static str = "f.id";
    const DEFAULT: (usize, bool) = (1, true);
}

/// The files that the actor sees, as `f`.
pub fn file_list(order: Order, actor: &Actor) -> List {
    let mut list = list_of::<File>("files", order);
    if !actor.can(Permission::FileManage) {
        let me = list.bind(actor.user);
        list.filter(sql::seen_by(&me));
    }
    list
}

impl FileFilter {
    /// Narrows a list of files.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("f.id", &format!("app.search_file({search})"));
        }
        if let Some(name) = &self.folder {
            let name = list.bind(folder("filter.folder", name)?);
            list.filter(format!("f.folder = {name}"));
        }
        if let Some(owner) = Id::<User>::parse_opt("filter.ownerId", self.owner_id.as_ref())? {
            let owner = list.bind(owner);
            list.filter(format!("f.owner_id = {owner}"));
        }
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(sql::shared_with("course_id", &course));
        }
        if let Some(group) = Id::<Group>::parse_opt("filter.groupId", self.group_id.as_ref())? {
            let group = list.bind(group);
            list.filter(sql::shared_with("group_id", &group));
        }
        if let Some(visibilities) = &self.visibilities {
            let visibilities = list.bind(visibilities.clone());
            list.filter(format!("f.visibility = ANY ({visibilities})"));
        }
        if let Some(types) = &self.content_types {
            let types = list.bind(types.iter().map(|name| essence(name)).collect::<Vec<_>>());
            list.filter(format!("f.content_type = ANY ({types})"));
        }
        Ok(())
    }
}

//! Lists: filtered, ordered, paged by keyset, for one caller or for many parents in one statement.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{DbError, Tx};
use crate::error::{Error, Result};

/// Pages hold this many unless asked otherwise.
pub const DEFAULT_PAGE: i32 = 20;
/// And at most this many.
pub const MAX_PAGE: i32 = 100;

/// A value bound to a statement.
pub type Param = Box<dyn ToSql + Sync + Send>;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// Its name, part of what a cursor is bound to.
    pub name: &'static str,
    expression: &'static str,
    kind: SortKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum SortKind {
    Name,
    Text,
    Moment,
    Number,
    Whole,
}

/// By which names are sorted, as people sort: ICU's root collation, the same in every database. Indexes of names hold it, too.
pub const COLLATION: &str = "und-x-icu";

impl SortKey {
    /// An SQL expression that is a name or title, and never null: sorted as people do, "aa, Éa, Zz".
    pub const fn name(name: &'static str, expression: &'static str) -> Self {
        SortKey { name, expression, kind: SortKind::Name }
    }

    /// An SQL expression that is another text (a key, a code), and never null: sorted as the database does.
    pub const fn text(name: &'static str, expression: &'static str) -> Self {
        SortKey { name, expression, kind: SortKind::Text }
    }

    /// One that is a `timestamptz`, and never null nor infinite.
    pub const fn moment(name: &'static str, expression: &'static str) -> Self {
        SortKey { name, expression, kind: SortKind::Moment }
    }

    /// One that is a `float8`, and never null.
    pub const fn number(name: &'static str, expression: &'static str) -> Self {
        SortKey { name, expression, kind: SortKind::Number }
    }

    /// One that is an integer of any width, and never null.
    pub const fn whole(name: &'static str, expression: &'static str) -> Self {
        SortKey { name, expression, kind: SortKind::Whole }
    }

    /// What is sorted by, and compared with a cursor.
    fn sql(&self) -> Cow<'static, str> {
        match self.kind {
            SortKind::Name => format!("{} COLLATE \"{COLLATION}\"", self.expression).into(),
            _ => self.expression.into(),
        }
    }

    /// The SQL type that a cursor's text is cast back to.
    fn cast(&self) -> &'static str {
        match self.kind {
            SortKind::Name | SortKind::Text => "text",
            SortKind::Moment => "timestamptz",
            SortKind::Number => "float8",
            SortKind::Whole => "bigint",
        }
    }

    fn read(&self, row: &Row, at: usize) -> Result<SortValue, DbError> {
        Ok(match self.kind {
            SortKind::Name | SortKind::Text => SortValue::Text(row.try_get(at)?),
            SortKind::Moment => SortValue::Moment(row.try_get(at)?),
            SortKind::Number => SortValue::Number(row.try_get(at)?),
            SortKind::Whole => SortValue::Whole(match *row.columns()[at].type_() {
                Type::INT2 => row.try_get::<_, i16>(at)?.into(),
                Type::INT4 => row.try_get::<_, i32>(at)?.into(),
                _ => row.try_get(at)?,
            }),
        })
    }
}

/// A row's value of the key that its list is sorted by.
#[derive(Debug, Clone)]
pub enum SortValue {
    /// As it is.
    Text(String),
    /// To the microsecond.
    Moment(Timestamp),
    /// As it is.
    Number(f64),
    /// As it is.
    Whole(i64),
}

impl SortValue {
    /// As PostgreSQL reads it again; a text for cursors alone, and so not made before one is asked for.
    fn to_text(&self) -> Cow<'_, str> {
        match self {
            SortValue::Text(text) => text.into(),
            SortValue::Moment(at) => at.to_string().into(),
            SortValue::Number(number) => number.to_string().into(),
            SortValue::Whole(number) => number.to_string().into(),
        }
    }
}

/// A total order: a key, then the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    /// The key.
    pub key: SortKey,
    /// The tie-breaker: a uuid expression.
    pub id: &'static str,
    /// From the last to the first.
    pub descending: bool,
}

/// The arguments of a connection as a client gives them.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many from the beginning on.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// How many up to the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// Checked arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page {
    limit: usize,
    backward: bool,
    cursor: Option<(String, Uuid)>,
}

/// Writes and reads cursors: a position in one list, in one order, of one tenant, signed, so that no other is taken.
#[derive(Clone)]
pub struct Cursors {
    /// The first signs, all verify.
    keys: Arc<[hmac::Key]>,
    tenant: Uuid,
}

const TAG: usize = 8;
const UUID: usize = 16;

impl Cursors {
    /// Cursors of one tenant. `keys` are the service's own, one at least.
    pub fn new(keys: &Arc<[hmac::Key]>, tenant: Uuid) -> Self {
        Cursors { keys: keys.clone(), tenant }
    }

    fn tag(&self, key: &hmac::Key, list: &str, order: &Order, id: Uuid, value: &str) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(key);
        for part in [
            self.tenant.as_bytes().as_slice(),
            list.as_bytes(),
            order.key.name.as_bytes(),
            &[u8::from(order.descending)],
            id.as_bytes(),
            value.as_bytes(),
        ] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        if order.key.kind == SortKind::Name {
            // A place in another order of the same names is none in this.
            context.update(COLLATION.as_bytes());
        }
        let mut tag = [0; TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG]);
        tag
    }

    /// The cursor of a row.
    pub fn write(&self, list: &str, order: &Order, value: &SortValue, id: Uuid) -> String {
        let value = value.to_text();
        let mut bytes = Vec::with_capacity(TAG + UUID + value.len());
        bytes.extend_from_slice(&self.tag(&self.keys[0], list, order, id, &value));
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn read(&self, list: &str, order: &Order, cursor: &str) -> Option<(String, Uuid)> {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (tag, rest) = bytes.split_at_checked(TAG)?;
        let (id, value) = rest.split_at_checked(UUID)?;
        let id = Uuid::from_slice(id).ok()?;
        let value = String::from_utf8(value.to_vec()).ok()?;
        self.keys.iter().any(|key| self.tag(key, list, order, id, &value) == tag).then_some((value, id))
    }
}

impl PageArgs {
    /// Checks the arguments for a list in an order.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for sizes out of 1 to 100, both directions at once, or a cursor that is not of this list, order
    /// and school.
    pub fn check(&self, cursors: &Cursors, list: &str, order: &Order) -> Result<Page> {
        let backward = self.last.is_some() || (self.before.is_some() && self.first.is_none());
        let (size_name, size, cursor_name, cursor) =
            if backward { ("last", self.last, "before", &self.before) } else { ("first", self.first, "after", &self.after) };
        if backward && (self.first.is_some() || self.after.is_some()) {
            return Err(Error::bad_input("last", "can't be combined with `first` or `after`: page forward or backward"));
        }
        if !backward && self.before.is_some() {
            return Err(Error::bad_input("before", "goes with `last`; `after` goes with `first`"));
        }
        let limit = size.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::bad_input(size_name, format!("must be between 1 and {MAX_PAGE}")));
        }
        let cursor = match cursor {
            None => None,
            Some(text) => Some(
                cursors
                    .read(list, order, text)
                    .ok_or_else(|| Error::bad_input(cursor_name, "is not a cursor of this list in this order"))?,
            ),
        };
        Ok(Page { limit: limit as usize, backward, cursor })
    }
}

/// What one page would cost: its size.
pub fn page_size(first: Option<i32>, last: Option<i32>) -> usize {
    first.or(last).unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE) as usize
}

/// The rows of one page.
#[derive(Debug, Clone)]
pub struct Fetched<T> {
    /// Each with its sort key and its id, in the order asked for.
    pub rows: Vec<(SortValue, Uuid, T)>,
    /// Whether there are more after the last.
    pub has_next: bool,
    /// Whether there are more before the first.
    pub has_previous: bool,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Fetched { rows: Vec::new(), has_next: false, has_previous: false }
    }
}

impl<T> Fetched<T> {
    /// The same page, with each row mapped.
    pub fn map<U>(self, each: impl Fn(T) -> U) -> Fetched<U> {
        let Fetched { rows, has_next, has_previous } = self;
        Fetched { rows: rows.into_iter().map(|(value, id, row)| (value, id, each(row))).collect(), has_next, has_previous }
    }

    /// A page out of up to one row more than it holds.
    fn trim(mut rows: Vec<(SortValue, Uuid, T)>, page: &Page) -> Self {
        let more = rows.len() > page.limit;
        rows.truncate(page.limit);
        if page.backward {
            rows.reverse();
            Fetched { rows, has_next: page.cursor.is_some(), has_previous: more }
        } else {
            Fetched { rows, has_next: more, has_previous: page.cursor.is_some() }
        }
    }
}

/// A filtered list over one table, in an order.
pub struct List {
    /// Its name, part of what a cursor is bound to.
    pub name: &'static str,
    order: Order,
    columns: Vec<String>,
    from: String,
    joins: String,
    page_joins: Vec<PageJoin>,
    conditions: String,
    params: Vec<Param>,
    is_materialized: bool,
    /// It holds rows of all schools, wherever they lie.
    is_of_all: bool,
}

/// What is read once for a whole page.
#[derive(Debug, Clone)]
pub struct PageJoin {
    /// How it is joined to `page_`, whose rows have an `id_`.
    pub join: String,
    /// What is read of it, after everything else.
    pub expressions: String,
}

impl List {
    /// Where the selected columns begin in a row: the sort key and the id stand before them.
    pub const FIRST: usize = 2;
    /// The same in a list under a parent, whose id stands first.
    pub const FIRST_UNDER_PARENT: usize = 3;

    /// All rows of the tenant in `from`, which names a table or a query, with this alias.
    pub fn new(name: &'static str, from: impl Into<String>, alias: &str, order: Order) -> Self {
        List::over(name, from.into(), format!("{alias}.tenant_id = $1"), order)
    }

    /// A list over a function that knows no tenant; what it reads from is added by [`List::inner_join`].
    pub fn public(name: &'static str, order: Order) -> Self {
        List::over(name, String::new(), "app.tenant_id() = $1".to_owned(), order)
    }

    fn over(name: &'static str, from: String, conditions: String, order: Order) -> Self {
        List {
            name,
            order,
            columns: Vec::new(),
            from,
            joins: String::new(),
            page_joins: Vec::new(),
            conditions,
            params: Vec::new(),
            is_materialized: false,
            is_of_all: false,
        }
    }

    /// It holds rows of all schools: where these are spread over several databases, each is asked.
    #[must_use]
    pub fn of_all_schools(self) -> Self {
        List { is_of_all: true, ..self }
    }

    /// All of its rows are read before the first is known: to-one children are read apart, for those on the page.
    #[must_use]
    pub fn materialized(self) -> Self {
        List { is_materialized: true, ..self }
    }

    /// Whether all of its rows are read before the first is known.
    pub fn is_materialized(&self) -> bool {
        self.is_materialized
    }

    /// Its order.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Binds a value; answers its placeholder.
    pub fn bind(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.params.push(Box::new(value));
        format!("${}", self.params.len() + 1)
    }

    /// Leaves only what an SQL condition is true of.
    pub fn filter(&mut self, condition: impl AsRef<str>) {
        self.conditions.push_str(" AND ");
        self.conditions.push_str(condition.as_ref());
    }

    /// Leaves only the rows whose `id`, an SQL expression, is among the ids that an SQL function answers.
    pub fn among(&mut self, id: &str, function: &str) {
        // After FROM it is asked once, in a SELECT list anew for each row wherever the planner expects few; `= ANY (ARRAY(…))` may compare each row with each id.
        self.filter(format!("{id} IN (SELECT found_.id FROM {function} AS found_(id))"));
    }

    /// Joins a table that the conditions need: it narrows the counts as well.
    pub fn inner_join(&mut self, join: &str) {
        self.from.push(' ');
        self.from.push_str(join);
    }

    /// Outer joins that add columns and narrow nothing, with a blank before each.
    pub fn outer_join(&mut self, joins: &str) {
        self.joins.push_str(joins);
    }

    /// Reads something once for the whole page; not where there are many parents.
    pub fn page_join(&mut self, join: PageJoin) {
        self.page_joins.push(join);
    }

    /// Reads further expressions.
    pub fn select(&mut self, expressions: String) {
        self.columns.push(expressions);
    }

    fn columns(&self) -> String {
        self.columns.join(", ")
    }

    /// `AND (key, id) > (…)` for the page's cursor, with the placeholders that follow `bound` parameters; the direction;
    /// and a limit out of few, so that few statements are prepared.
    fn keyset(&self, page: &Page, bound: usize) -> (String, &'static str, usize) {
        let descending = self.order.descending != page.backward;
        let after = match &page.cursor {
            None => String::new(),
            Some(_) => format!(
                " AND ({}, {}) {} (${}::text::{}, ${}::uuid)",
                self.order.key.sql(),
                self.order.id,
                if descending { "<" } else { ">" },
                bound + 2,
                self.order.key.cast(),
                bound + 3
            ),
        };
        let limit = [11, 21, 51].into_iter().find(|&limit| limit > page.limit).unwrap_or(MAX_PAGE as usize + 1);
        (after, if descending { "DESC" } else { "ASC" }, limit)
    }

    fn bound<'a>(&'a self, extra: &[&'a (dyn ToSql + Sync)], page: Option<&'a Page>) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut params: Vec<&(dyn ToSql + Sync)> = self.params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect();
        params.extend_from_slice(extra);
        if let Some((value, id)) = page.and_then(|page| page.cursor.as_ref()) {
            params.push(value);
            params.push(id);
        }
        params
    }

    /// Fetches one page; the selected columns begin at [`List::FIRST`].
    pub async fn fetch(&self, tx: &Tx, page: &Page) -> Result<Fetched<Arc<Row>>, DbError> {
        let (after, direction, limit) = self.keyset(page, self.params.len());
        let Order { key, id, .. } = &self.order;
        let mut sql = format!(
            "SELECT {key} AS key_, {id} AS id_, {columns} FROM {from}{joins} WHERE {conditions}{after} \
             ORDER BY {key} {direction}, {id} {direction} LIMIT {limit}",
            key = key.sql(),
            columns = self.columns(),
            from = self.from,
            joins = self.joins,
            conditions = self.conditions,
        );
        if !self.page_joins.is_empty() {
            let joins: Vec<&str> = self.page_joins.iter().map(|join| join.join.as_str()).collect();
            let expressions: Vec<&str> = self.page_joins.iter().map(|join| join.expressions.as_str()).collect();
            sql = format!(
                "WITH page_ AS MATERIALIZED ({sql}) SELECT page_.*, {} FROM page_ {} \
                 ORDER BY page_.key_ {direction}, page_.id_ {direction}",
                expressions.join(", "),
                joins.join(" ")
            );
        }
        let bound = self.bound(&[], Some(page));
        let rows = match tx.shards().filter(|_| self.is_of_all) {
            None => tx.query(&sql, &bound).await?,
            Some(shards) => shards.ask_all(&sql, &bound).await?,
        };
        let rows = rows.into_iter().map(|row| Ok((key.read(&row, 0)?, row.try_get(1)?, Arc::new(row))));
        let mut rows: Vec<(SortValue, Uuid, Arc<Row>)> = rows.collect::<Result<_, DbError>>()?;
        if self.is_of_all && tx.shards().is_some() {
            rows = self.in_order(tx, rows, direction).await?;
        }
        Ok(Fetched::trim(rows, page))
    }

    /// Rows of several databases, each in order, put in order together: by one of them, which sorts names as they all do.
    async fn in_order<T>(&self, tx: &Tx, rows: Vec<(SortValue, Uuid, T)>, direction: &str) -> Result<Vec<(SortValue, Uuid, T)>, DbError> {
        if rows.len() < 2 {
            return Ok(rows);
        }
        let sort = match self.order.key.kind {
            SortKind::Name => format!("r.key COLLATE \"{COLLATION}\""),
            _ => format!("r.key::{}", self.order.key.cast()),
        };
        let sql = format!(
            "SELECT r.place FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS r(key, id, place) WHERE app.tenant_id() = $1 \
             ORDER BY {sort} {direction}, r.id {direction}"
        );
        let (keys, ids): (Vec<Cow<'_, str>>, Vec<Uuid>) = rows.iter().map(|(key, id, _)| (key.to_text(), *id)).unzip();
        let places = tx.query(&sql, &[&keys, &ids]).await?;
        let mut rows: Vec<Option<(SortValue, Uuid, T)>> = rows.into_iter().map(Some).collect();
        let mut sorted = Vec::with_capacity(rows.len());
        for place in &places {
            let place: i64 = place.try_get(0)?;
            sorted.extend(usize::try_from(place - 1).ok().and_then(|place| rows.get_mut(place)?.take()));
        }
        Ok(sorted)
    }

    /// Fetches one page for each parent, in one statement; the selected columns begin at [`List::FIRST_UNDER_PARENT`].
    /// `parent` is the expression that must equal the parent's id.
    pub async fn fetch_per_parent(
        &self,
        tx: &Tx,
        parent: &str,
        parents: &[Uuid],
        page: &Page,
    ) -> Result<HashMap<Uuid, Fetched<Arc<Row>>>, DbError> {
        let (after, direction, limit) = self.keyset(page, self.params.len() + 1);
        let Order { key, id, .. } = &self.order;
        let sql = format!(
            "SELECT parent_.id, row_.* FROM unnest(${parents}::uuid[]) AS parent_(id) CROSS JOIN LATERAL (\
             SELECT {key} AS key_, {id} AS id_, {columns} FROM {from}{joins} WHERE {conditions} AND {parent} = parent_.id{after} \
             ORDER BY {key} {direction}, {id} {direction} LIMIT {limit}) AS row_ ORDER BY parent_.id, row_.key_ {direction}, row_.id_ {direction}",
            parents = self.params.len() + 2,
            key = key.sql(),
            columns = self.columns(),
            from = self.from,
            joins = self.joins,
            conditions = self.conditions,
        );
        let rows = tx.query(&sql, &self.bound(&[&parents], Some(page))).await?;
        let mut lists: HashMap<Uuid, Vec<(SortValue, Uuid, Arc<Row>)>> = parents.iter().map(|parent| (*parent, Vec::new())).collect();
        for row in rows {
            let parent: Uuid = row.try_get(0)?;
            lists.entry(parent).or_default().push((key.read(&row, 1)?, row.try_get(2)?, Arc::new(row)));
        }
        Ok(lists.into_iter().map(|(parent, rows)| (parent, Fetched::trim(rows, page))).collect())
    }

    /// Fetches all rows for each parent, in one statement; the selected columns begin at 1.
    pub async fn fetch_all_per_parent(&self, tx: &Tx, parent: &str, parents: &[Uuid]) -> Result<HashMap<Uuid, Vec<Arc<Row>>>, DbError> {
        let Order { key, id, descending } = &self.order;
        let direction = if *descending { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT {parent}, {columns} FROM {from}{joins} WHERE {conditions} AND {parent} = ANY (${parents}) \
             ORDER BY {parent}, {key} {direction}, {id} {direction}",
            parents = self.params.len() + 2,
            columns = self.columns(),
            from = self.from,
            joins = self.joins,
            conditions = self.conditions,
            key = key.sql(),
        );
        let mut lists: HashMap<Uuid, Vec<Arc<Row>>> = HashMap::new();
        for row in tx.query(&sql, &self.bound(&[&parents], None)).await? {
            lists.entry(row.try_get(0)?).or_default().push(Arc::new(row));
        }
        Ok(lists)
    }

    /// Counts all that the viewer sees, on every page.
    pub async fn count(&self, tx: &Tx) -> Result<i64, DbError> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", self.from, self.conditions);
        if let Some(shards) = tx.shards().filter(|_| self.is_of_all) {
            let counted = shards.ask_all(&sql, &self.bound(&[], None)).await?;
            return counted.iter().try_fold(0, |sum, row| Ok(sum + row.try_get::<_, i64>(0)?));
        }
        Ok(tx.value(&sql, &self.bound(&[], None)).await?.unwrap_or(0))
    }

    /// The same for each parent, in one statement.
    pub async fn count_per_parent(&self, tx: &Tx, parent: &str, parents: &[Uuid]) -> Result<HashMap<Uuid, i64>, DbError> {
        let sql = format!(
            "SELECT {parent}, count(*) FROM {} WHERE {} AND {parent} = ANY (${}) GROUP BY {parent}",
            self.from,
            self.conditions,
            self.params.len() + 2
        );
        let rows = tx.query(&sql, &self.bound(&[&parents], None)).await?;
        let mut counts: HashMap<Uuid, i64> = parents.iter().map(|parent| (*parent, 0)).collect();
        for row in &rows {
            counts.insert(row.try_get(0)?, row.try_get(1)?);
        }
        Ok(counts)
    }
}

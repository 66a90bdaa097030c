//! The one door to the database. A request holds one [`Tx`]; nothing else in the service can reach a row.

mod actor;
mod column_reader;
mod desk;
mod ending;
mod error;
mod list;
mod live;
pub mod migrate;
pub mod operator;
mod pool;
mod positions;
mod preflight;
#[cfg(debug_assertions)]
mod recorder;
mod servers;
mod sharded;
mod shards;
mod standbys;
mod tx;

pub use self::{
    actor::{ActorCache, ActorKind, ActorRow, CachedActor, KeyInHand},
    column_reader::ColumnReader,
    desk::{DESK_ROLE, Desk},
    error::{DbError, OnConstraint, Outcome},
    list::{
        COLLATION, Cursors, DEFAULT_PAGE, Fetched, List, MAX_PAGE, Order, Page, PageArgs, PageJoin, Param, SortKey, SortValue, page_size,
    },
    live::{Heartbeat, Interest, Live, Missed},
    pool::{Pool, PoolOptions, Pooler},
    positions::Position,
    preflight::{preflight, preflight_as},
    servers::each_server,
    shards::{Shards, at_address},
    standbys::Standbys,
    tx::{Identity, Mode, Opening, Tx},
};

#[cfg(debug_assertions)]
pub(crate) use self::recorder::carried;
#[cfg(debug_assertions)]
pub use self::recorder::{Run, recorded_statements, recording};

//! In which order lessons and what goes with them are listed.

use lectern_kernel::db::{Order, SortKey};

/// Lessons as they stand in their section.
pub const BY_POSITION: Order = Order { key: SortKey::whole("POSITION", "l.position"), id: "l.id", descending: false };

/// Materials, the oldest first.
pub const OLDEST_MATERIAL: Order = Order { key: SortKey::moment("CREATED_AT", "cm.created_at"), id: "cm.id", descending: false };

/// Unlocks, the oldest first.
pub const OLDEST_UNLOCK: Order = Order { key: SortKey::moment("CREATED_AT", "uo.created_at"), id: "uo.id", descending: false };

/// Bookings, the latest last.
pub const BOOKED: Order = Order { key: SortKey::moment("CREATED_AT", "b.created_at"), id: "b.id", descending: false };

//! The statements of the domain. `$1` is the tenant; the policies filter again.

pub const DELETE_RULE: &str = "DELETE FROM availability_rule ar WHERE ar.tenant_id = $1 AND ar.id = $2 RETURNING ar.id";

pub const DELETE_TIME_OFF: &str = "DELETE FROM time_off o WHERE o.tenant_id = $1 AND o.id = $2 RETURNING o.id";

/// From bookings, as `b`, to the times off in which they lie: those of their instructors, and those of the resources that they have.
pub const BOOKED_IN_TIME_OFF: &str = "JOIN (SELECT o.tenant_id, o.id AS time_off_id, x.id AS booking_id FROM time_off o \
     JOIN booking x ON x.tenant_id = o.tenant_id AND x.instructor_id = o.instructor_id AND x.status = 'ASSIGNED' \
     AND x.starts_at < o.ends_at AND x.ends_at > o.starts_at AND x.starts_at > o.starts_at - interval '24 hours' \
     UNION ALL SELECT o.tenant_id, o.id, x.id FROM time_off o \
     JOIN booking_resource l ON l.tenant_id = o.tenant_id AND l.resource_id = o.resource_id \
     JOIN booking x ON x.tenant_id = l.tenant_id AND x.id = l.booking_id AND x.status IN ('APPROVED', 'ASSIGNED') \
     AND x.starts_at < o.ends_at AND x.ends_at > o.starts_at) AS off ON off.tenant_id = b.tenant_id AND off.booking_id = b.id";

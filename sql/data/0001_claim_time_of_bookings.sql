-- The time that bookings of before hold. Where people are in two places already, these bookings stay as they are, and the migrate
-- ends naming them: it goes on once they were moved or cancelled.
INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
    SELECT u.tenant_id, app.uuid_v7(), u.kind, u.party_id, u.booking_id, u.starts_at, u.ends_at FROM app.unclaimed_time(1000) AS u LIMIT 1000

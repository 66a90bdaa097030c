-- policies/series.sql: which series an actor may see. Functions alone write them.

CALL app.raise_wall('booking_series');
-- Whoever sees one of its bookings.
CREATE POLICY booking_series_read ON booking_series FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM booking b WHERE b.tenant_id = booking_series.tenant_id AND b.series_id = booking_series.id));
CREATE POLICY definer_all ON booking_series TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone, excluded_dates, skipped, created_at) ON booking_series TO lectern_app;
GRANT SELECT, INSERT, UPDATE (recurrence, excluded_dates, skipped, updated_at) ON booking_series TO lectern_definer;

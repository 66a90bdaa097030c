-- How long a slot is held, and when learners and instructors are reminded of bookings, unless somebody says otherwise.
ALTER TABLE tenant_settings
    ADD COLUMN slot_hold_minutes integer NOT NULL DEFAULT 5 CONSTRAINT tenant_settings_hold_check CHECK (slot_hold_minutes BETWEEN 1 AND 15),
    ADD COLUMN booking_reminder_minutes integer[] NOT NULL DEFAULT '{1440}'
        CONSTRAINT tenant_settings_reminders_check CHECK (cardinality(booking_reminder_minutes) <= 3 AND 5 <= ALL (booking_reminder_minutes) AND 43200 >= ALL (booking_reminder_minutes));

-- Whether one of the person's sign-ins was purged: whoever comes back after that signs in on a device that is new, and not for the first time.
ALTER TABLE app_user ADD COLUMN has_signed_in boolean NOT NULL DEFAULT false;

-- Which permissions there are is declared once, in the service, and kept by app.check_role_permissions: this list had to be
-- written anew for every new one.
ALTER TABLE role DROP CONSTRAINT role_permissions_check;

-- Every table announces its rows by app.announce_row; its trigger is made anew with the functions.
DROP TRIGGER IF EXISTS booking_announce ON booking;
DROP FUNCTION IF EXISTS app.announce_booking();

-- 31 days are days of the school's zone, which the service knows: a month in which the clocks go back is longer than 31 times 24
-- hours. Here is what no 31 days are longer than, for the lower bounds of index scans.
ALTER TABLE availability DROP CONSTRAINT availability_span_check;
ALTER TABLE availability ADD CONSTRAINT availability_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '32 days');

-- Jobs that have failed for good, of all schools, for whoever watches the service: few of many, and gone after 30 days.
CREATE INDEX job_dead_idx ON job (lane) WHERE state = 'DEAD';

-- Alpha Flight School: what it is called, who is there, what they learn. Facts only; school.sql makes rows of them.
INSERT INTO tenant (tenant_id, slug, name, time_zone, subscription_start, subscription_end, max_users, max_instructors, created_at) VALUES
    (pg_temp.id('tenant'), 'alpha-flight-school', 'Alpha Flight School', 'America/Denver',
     now() - interval '400 days', now() + interval '330 days', 500, 25, now() - interval '400 days');

INSERT INTO role (tenant_id, id, key, name, permissions) VALUES
    (pg_temp.id('tenant'), pg_temp.id('role:DISPATCHER'), 'DISPATCHER', 'Dispatcher',
     '{USER_READ,COURSE_READ,GROUP_READ,BOOKING_READ_ALL,BOOKING_MANAGE,REPORT_READ}');

INSERT INTO seed_person (key, name, role, joined_days_ago) VALUES
    ('admin', 'Amelia Whitaker', 'ADMIN', 400),
    ('instructor', 'Ingrid Solberg', 'INSTRUCTOR', 390),
    ('marcus.bell', 'Marcus Bell', 'INSTRUCTOR', 380),
    ('yuki.tanaka', 'Yuki Tanaka', 'INSTRUCTOR', 310),
    ('rafael.ortiz', 'Rafael Ortiz', 'INSTRUCTOR', 240),
    ('hannah.kowalski', 'Hannah Kowalski', 'INSTRUCTOR', 95),
    ('dispatch', 'Dana Reyes', 'DISPATCHER', 350),
    ('viewer', 'Victor Langley', 'VIEWER', 360),
    ('learner', 'Leo Castellanos', 'LEARNER', 200),
    ('participant', 'Paula Brooks', 'PARTICIPANT', 20),
    ('abigail.novak', 'Abigail Novak', 'LEARNER', 190),
    ('ben.okafor', 'Ben Okafor', 'LEARNER', 188),
    ('camila.duarte', 'Camila Duarte', 'LEARNER', 185),
    ('daniel.frost', 'Daniel Frost', 'LEARNER', 184),
    ('elena.petrova', 'Elena Petrova', 'LEARNER', 171),
    ('farid.rahimi', 'Farid Rahimi', 'LEARNER', 166),
    ('grace.huang', 'Grace Huang', 'LEARNER', 160),
    ('hugo.lindqvist', 'Hugo Lindqvist', 'LEARNER', 149),
    ('isla.mackenzie', 'Isla Mackenzie', 'LEARNER', 141),
    ('jamal.carter', 'Jamal Carter', 'LEARNER', 133),
    ('katya.morozova', 'Katya Morozova', 'LEARNER', 127),
    ('liam.gallagher', 'Liam Gallagher', 'LEARNER', 118),
    ('maya.fernandes', 'Maya Fernandes', 'LEARNER', 110),
    ('noah.steiner', 'Noah Steiner', 'LEARNER', 102),
    ('olivia.brandt', 'Olivia Brandt', 'LEARNER', 97),
    ('priya.nair', 'Priya Nair', 'LEARNER', 90),
    ('quentin.moreau', 'Quentin Moreau', 'LEARNER', 84),
    ('rosa.delgado', 'Rosa Delgado', 'LEARNER', 77),
    ('samuel.adeyemi', 'Samuel Adeyemi', 'LEARNER', 69),
    ('tessa.vanderberg', 'Tessa van der Berg', 'LEARNER', 61),
    ('umar.siddiqui', 'Umar Siddiqui', 'LEARNER', 52),
    ('valerie.chen', 'Valerie Chen', 'LEARNER', 44),
    ('wyatt.sullivan', 'Wyatt Sullivan', 'LEARNER', 36),
    ('xenia.papadaki', 'Xenia Papadaki', 'LEARNER', 28),
    ('yusuf.demir', 'Yusuf Demir', 'LEARNER', 23),
    ('zoe.armitage', 'Zoe Armitage', 'LEARNER', 17),
    ('owen.price', 'Owen Price', 'LEARNER', 11),
    ('nora.whitfield', 'Nora Whitfield', 'LEARNER', 6),
    ('carl.jennings', 'Carl Jennings', 'SUSPENDED', 150);

-- Strangers may ask to come in; admissions.sql makes rows of these.
INSERT INTO seed_sign_up (key, name, role, message, state, note, hours_ago) VALUES
    ('theo.marsh', 'Theo Marsh', 'LEARNER', 'I have wanted to fly since I was six.', 'PENDING', NULL, 5),
    ('ines.valdez', 'Inés Valdez', 'LEARNER', NULL, 'PENDING', NULL, 29),
    ('gordon.pike', 'Gordon Pike', 'INSTRUCTOR', 'Flight instructor for twelve years, looking for two days a week.', 'PENDING', NULL, 51),
    ('mallory.finch', 'Mallory Finch', 'LEARNER', 'hello', 'REJECTED', 'Please write a sentence about yourself.', 96);
INSERT INTO seed_invitation (key, name, role, state, hours_ago) VALUES
    ('august.meyer', 'August Meyer', 'INSTRUCTOR', 'PENDING', 20),
    ('lily.tran', NULL, 'LEARNER', 'PENDING', 44),
    ('owen.price', 'Owen Price', 'LEARNER', 'ACCEPTED', 270),
    ('kai.nakamura', 'Kai Nakamura', 'LEARNER', 'EXPIRED', 400);
-- credentials.sql makes rows of these.
INSERT INTO seed_password_wish (key, note, hours_ago) VALUES ('nora.whitfield', 'I have lost my notebook, and the mail of my old address with it.', 9);
INSERT INTO seed_api_key (key, owner, name, permissions, hint, ended_days_ago) VALUES
    ('board', 'admin', 'Departure board in the hangar', '{BOOKING_READ_ALL,COURSE_READ}', 'x7Qk', 12);

INSERT INTO seed_course (key, title, description, teacher, status, capacity, enrollment_key, tags, created_days_ago, popularity, sections) VALUES
    ('ppl', 'Private Pilot Theory',
     E'Ground school for the private pilot licence: everything the written examination asks, from the four forces to the regulations.\n\nTwo evenings a week for ten weeks; bring the current handbook.',
     'instructor', 'PUBLISHED', 60, NULL, '{theory,ppl,ground school}', 180, 78,
     '{Welcome aboard,Principles of flight,Aircraft systems,Weight and balance,Air law and procedures,Human performance,Mock examination}'),
    ('navigation', 'Navigation',
     'Charts, dead reckoning, radio aids and GPS: planning a cross-country flight on paper first and in the aeroplane after.',
     'marcus.bell', 'PUBLISHED', 40, NULL, '{theory,ppl,planning}', 150, 62,
     '{Maps and charts,The navigation log,Dead reckoning,Radio aids,Satellite navigation,A cross-country flight}'),
    ('radio', 'Radio Telephony',
     'Say what is needed, and nothing else. Phraseology, listening, emergencies; ends with the radio examination.',
     'yuki.tanaka', 'PUBLISHED', NULL, NULL, '{radio,ppl}', 120, 58,
     '{The phonetic alphabet,Standard phrases,A circuit with the tower,Distress and urgency,Practice examination}'),
    ('meteorology', 'Meteorology for Pilots',
     'Reading the sky and the forecast: fronts, icing, mountain waves over the Rockies, and when to stay on the ground.',
     'instructor', 'PUBLISHED', 30, NULL, '{theory,weather,ppl}', 75, 66,
     '{The atmosphere,Clouds and fronts,Reading METAR and TAF,Icing and thunderstorms,Mountain weather,Go or stay}'),
    ('night', 'Night Rating',
     'Five hours after sunset: lighting, illusions, night circuits and one night cross-country. For holders of a licence; ask the office for the key.',
     'rafael.ortiz', 'PUBLISHED', 12, 'moonlight', '{rating,night,practical}', 40, 30,
     '{Before the first night flight,Lights and illusions,Night circuits,Night cross-country}'),
    ('aerobatics', 'Introduction to Aerobatics',
     'Spins, loops and rolls in the Decathlon, and getting out of all three. The syllabus is still being written.',
     'instructor', 'DRAFT', 8, NULL, '{practical,aerobatics}', 9, 0,
     '{Preparing aeroplane and pilot,Stalls and spins,Loop and roll}'),
    ('performance', 'Flight Performance and Planning (old syllabus)',
     'Replaced by the chapters on performance in Private Pilot Theory.',
     'hannah.kowalski', 'ARCHIVED', NULL, NULL, '{theory,planning}', 390, 34,
     '{Take-off and landing distance,Climb and cruise,Fuel planning}');

INSERT INTO seed_group (key, name, description, capacity, auto_enroll, created_days_ago, leader, members, courses) VALUES
    ('autumn', 'Autumn Intake', 'Everybody who began this autumn. Members join the theory courses by themselves.', 20, true, 80, 'abigail.novak',
     '{learner,ben.okafor,camila.duarte,daniel.frost,elena.petrova,farid.rahimi,grace.huang,hugo.lindqvist,isla.mackenzie,jamal.carter,katya.morozova}',
     '{ppl,meteorology}'),
    ('weekend', 'Weekend Flyers', 'People who can fly on Saturdays and Sundays only.', NULL, false, 60, 'liam.gallagher',
     '{maya.fernandes,noah.steiner,olivia.brandt,priya.nair,quentin.moreau}', '{navigation,aerobatics}'),
    ('night', 'Night Owls', 'Those on their way to the night rating; the group is full.', 6, true, 35, 'samuel.adeyemi',
     '{rosa.delgado,tessa.vanderberg,umar.siddiqui,valerie.chen,learner}', '{night}');

INSERT INTO seed_resource (key, name, kind, description, location, tags, mode, capacity, setup, teardown, hours) VALUES
    ('cessna-172', 'N172LC Cessna 172S', 'AIRCRAFT', 'The trainer of the first lessons. Full tanks by the end of every lesson.', 'Hangar 2', '{trainer,single engine}', 'FREE', 4, 10, 15, NULL),
    ('decathlon', 'N8KC Super Decathlon', 'AIRCRAFT', 'For spins, loops and rolls; with an instructor who holds the rating.', 'Hangar 2', '{aerobatics,single engine}', 'APPROVAL_REQUIRED', 2, 15, 15, NULL),
    ('seminole', 'N44PS Piper Seminole', 'AIRCRAFT', 'Grounded until the left engine is back from overhaul.', 'Hangar 1', '{multi engine}', 'UNBOOKABLE', 4, 15, 15, NULL),
    ('simulator', 'Simulator', 'DEVICE', 'Instrument procedures of every airfield within a day''s flight.', 'Main building, first floor', '{instruments,simulator}', 'FREE', 3, 5, 5, '{07:00,21:00}'),
    ('briefing-a', 'Briefing room A', 'ROOM', NULL, 'Main building, ground floor', '{briefing}', 'FREE', 6, 0, 0, NULL),
    ('classroom', 'Classroom', 'ROOM', 'Projector, whiteboard, and the cutaway engine.', 'Main building, first floor', '{ground school}', 'FREE', 24, 0, 10, '{07:00,22:00}');

INSERT INTO seed_booking_type (key, name, description, location, course, durations, step, before, after, notice, horizon, seats, strategy, needs_approval, holds, per_learner,
        cancel_notice, teachers, weights, things, asks, asked_course) VALUES
    ('flight', 'Flight lesson', 'An instructor and the trainer, with time to brief before and after.', 'Hangar 2', 'ppl', '{90,120}', 30, 15, 15, 120, 60, 1, 'ROUND_ROBIN', false, false, NULL,
     1440, '{instructor,marcus.bell,yuki.tanaka,rafael.ortiz}', '{3,2,2,1}', '[["Aircraft", "cessna-172"], ["Briefing", "briefing-a"]]', 'COURSE_ENROLLED', 'ppl'),
    ('aerobatics', 'Aerobatics', 'Spins, loops and rolls. The chief instructor answers each request.', 'Hangar 2', NULL, '{60}', 60, 30, 30, 2880, 30, 1, 'FIXED', true, true, NULL,
     2880, '{marcus.bell,rafael.ortiz}', '{1,1}', '[["Aircraft", "decathlon"]]', 'COURSE_COMPLETED', 'ppl'),
    ('ground', 'Ground school question hour', 'Bring what you did not understand.', 'Main building', NULL, '{30,60}', 15, 0, 5, 30, 21, 1, 'LEAST_BUSY', false, false, NULL,
     0, '{instructor,yuki.tanaka,hannah.kowalski}', '{1,1,1}', '[]', NULL, NULL),
    ('simulator', 'Simulator, alone', 'Procedures at your own pace.', 'Main building, first floor', NULL, '{60,120}', 30, 0, 0, 0, 14, 1, 'ROUND_ROBIN', false, false, NULL,
     60, '{}', '{}', '[["Simulator", "simulator"]]', NULL, NULL),
    ('safety', 'Safety evening', 'Six at a table, and one accident report.', 'Classroom', NULL, '{90}', 60, 0, 15, 720, 60, 6, 'FIXED', false, false, NULL,
     720, '{hannah.kowalski,instructor}', '{1,1}', '[["Room", "classroom"]]', NULL, NULL),
    ('trial', 'Trial flight', 'The first one. Everybody has one.', 'Hangar 2', NULL, '{60}', 30, 15, 15, 1440, 60, 1, 'FIXED', false, false, 1,
     1440, '{instructor,hannah.kowalski}', '{1,1}', '[["Aircraft", "cessna-172"]]', NULL, NULL);

INSERT INTO seed_shift (starts, ends) VALUES ('08:00', '12:00'), ('13:00', '17:00');
INSERT INTO seed_slot (starts, ends) VALUES ('08:00', '09:30'), ('10:00', '11:30'), ('13:00', '14:30'), ('15:00', '16:30');

INSERT INTO seed_file (key, name, content_type, folder, visibility, owner, asset, created_days_ago, shared) VALUES
    ('logo', 'Alpha Flight School.png', 'image/png', 'branding', 'PUBLIC', 'admin', 'alpha-logo.png', 390, '{}'),
    ('handbook', 'Student handbook.pdf', 'application/pdf', 'handbooks', 'TENANT', 'admin', 'alpha-handbook.pdf', 300, '{}'),
    ('checklist', 'Preflight checklist.pdf', 'application/pdf', 'handbooks', 'TENANT', 'instructor', 'preflight.pdf', 120, '{}'),
    ('airfield', 'The airfield from the south.png', 'image/png', 'pictures', 'SHARED', 'instructor', 'airfield.png', 60, '{course:ppl}'),
    ('route', 'Cross-country route.json', 'application/json', 'planning', 'SHARED', 'marcus.bell', 'alpha-route.json', 25, '{course:navigation,group:weekend}'),
    ('tone', 'Stall warning.wav', 'audio/wav', 'sounds', 'SHARED', 'instructor', 'tone.wav', 18, '{group:autumn,user:viewer}'),
    ('fleet', 'Fleet and prices.csv', 'text/csv', 'general', 'PRIVATE', 'admin', 'alpha-fleet.csv', 40, '{}'),
    ('weather', 'Briefing of the week.txt', 'text/plain', 'planning', 'SHARED', 'instructor', 'alpha-weather.txt', 3, '{user:learner}'),
    ('notes', 'Landing notes.md', 'text/markdown', 'general', 'PRIVATE', 'learner', 'alpha-notes.md', 2, '{}'),
    ('roster', 'People of the term.csv', 'text/csv', 'rosters', 'PRIVATE', 'admin', 'alpha-roster.csv', 9, '{}'),
    -- The service made it: exchange.sql says for which run.
    ('report', format('course-progress-%s-to-%s.csv', date_trunc('week', now())::date - 7, date_trunc('week', now())::date - 1), 'text/csv', 'exports', 'PRIVATE', 'instructor', 'alpha-progress.csv', 1, '{}');

INSERT INTO seed_taught (key, title, subtitle, description, code, teacher, together, tags, created_days_ago, popularity, is_sequential) VALUES
    ('cockpit', 'First Steps in the Cockpit', 'Seven evenings before the first flight',
     'What hands and eyes need to know before the propeller turns: the panel, the checklists, the circuit. Learn at your own pace; two parts open when their time has come.',
     'CKPT-101', 'instructor', '{marcus.bell,yuki.tanaka}', '{theory,beginners}', 45, 55, false),
    ('fog', 'Flying by the Instruments Alone', 'An introduction',
     'Trust the panel and not your ears. Each lesson opens when the one before it is done.', 'IFR-001', 'rafael.ortiz', '{}', '{theory,rating}', 25, 25, true);
INSERT INTO seed_part (course, position, title, opens_in_days, after) VALUES
    ('cockpit', 1, 'Before you sit down', NULL, NULL), ('cockpit', 2, 'The panel', NULL, NULL), ('cockpit', 3, 'In the circuit', NULL, 2),
    ('cockpit', 4, 'Your first flight', 21, NULL), ('fog', 1, 'What the ears say', NULL, NULL), ('fog', 2, 'What the panel says', NULL, NULL);
INSERT INTO seed_step (course, part, position, kind, title, minutes, body, url, media_seconds, file, in_days, extras) VALUES
    ('cockpit', 1, 1, 'TEXT', 'Welcome aboard', 5,
     E'# Welcome aboard\n\nThis course takes **seven evenings**. Read, watch, and come to the briefing room with questions.\n\n| Evening | What it is about |\n| --- | --- |\n| 1 | The walk around |\n| 2–4 | The panel |\n| 5–7 | The circuit |',
     NULL, NULL, NULL, NULL, 'preview'),
    ('cockpit', 1, 2, 'FILE', 'The checklist, to print', 10, 'Print it, and take a pencil.', NULL, NULL, 'checklist', NULL, ''),
    ('cockpit', 1, 3, 'VIDEO', 'The walk around', 12, NULL, 'https://films.example/alpha/walk-around.mp4', 640, NULL, NULL, 'slow'),
    ('cockpit', 2, 1, 'TEXT', 'Six instruments', 20, E'## Six instruments\n\n1. Airspeed\n2. Attitude\n3. Altitude\n4. Turn\n5. Heading\n6. Climb\n\n> Scan; never stare.', NULL, NULL, NULL, NULL, ''),
    ('cockpit', 2, 2, 'EMBED', 'The panel, explained', 15, NULL, 'https://www.youtube-nocookie.com/embed/panel', 900, NULL, NULL, ''),
    ('cockpit', 2, 3, 'AUDIO', 'How a stall sounds', 3, 'The warning comes before the stall. Listen for it.', NULL, 2, 'tone', NULL, 'extra'),
    ('cockpit', 3, 1, 'LINK', 'The circuit at Rocky Mountain Metropolitan', 10, NULL, 'https://www.faa.gov/airports', NULL, NULL, NULL, ''),
    ('cockpit', 3, 2, 'LIVE', 'Briefing in the tower', 90, 'Bring your headset.', 'https://meet.example/alpha-tower', NULL, NULL, 9, ''),
    ('cockpit', 4, 1, 'LIVE', 'Your first flight', 60, 'Book it with whom you like, once you have seen the tower.', NULL, NULL, NULL, NULL, ''),
    ('cockpit', 4, 2, 'TEXT', 'Afterwards', 10, 'What went well? What will you do otherwise?', NULL, NULL, NULL, NULL, 'draft'),
    ('fog', 1, 1, 'TEXT', 'Leaning without noticing', 15, 'The inner ear reports *changes*, and forgets what lasts.', NULL, NULL, NULL, NULL, ''),
    ('fog', 1, 2, 'TEXT', 'Three illusions', 20, E'- The leans\n- The graveyard spiral\n- The false horizon', NULL, NULL, NULL, NULL, ''),
    ('fog', 2, 1, 'TEXT', 'The scan', 20, 'Attitude, then anything else, then attitude.', NULL, NULL, NULL, NULL, ''),
    ('fog', 2, 2, 'LINK', 'Further reading', 30, NULL, 'https://www.faa.gov/regulations_policies', NULL, NULL, NULL, 'extra');

INSERT INTO seed_wanted (course, requires) VALUES ('night', 'ppl');
INSERT INTO seed_way_through (key, title, description, courses) VALUES
    ('licence', 'From the ground to the licence', 'The theory of the private pilot licence, in the order in which it is best learned.', '{ppl,navigation,meteorology}');
INSERT INTO seed_certificate (course, title, text, signatory, valid_months) VALUES
    ('ppl', 'Private Pilot Theory', 'Sixty hours of ground school, and the written examination of the school.', 'Ingrid Solberg, Head of Training', 24),
    ('radio', 'Radio Telephony', NULL, 'Yuki Tanaka', 36);

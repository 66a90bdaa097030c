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
    ('fog', 2, 2, 'LINK', 'Further reading', 30, NULL, 'https://www.faa.gov/regulations_policies', NULL, NULL, NULL, 'extra'),
    ('cockpit', 1, 7, 'QUIZ', 'What do you remember?', 10, 'Take your time, and as many attempts as you like.', NULL, NULL, NULL, NULL, 'extra'),
    ('fog', 1, 3, 'VIDEO', 'In the turning chair', 9, 'Close your eyes when she does.', 'https://films.example/alpha/turning-chair.mp4', 540, NULL, NULL, ''),
    ('fog', 1, 4, 'AUDIO', 'A spiral, by ear alone', 4, 'The engine tells you before the altimeter does.', 'https://films.example/alpha/spiral.mp3', 240, NULL, NULL, ''),
    ('fog', 2, 3, 'EMBED', 'The panel when the vacuum fails', 12, NULL, 'https://player.vimeo.com/video/62', 720, NULL, NULL, ''),
    ('fog', 2, 4, 'FILE', 'What is checked before the cloud', 10, 'Add the three things that only matter without a horizon.', NULL, NULL, 'checklist', NULL, ''),
    ('fog', 2, 5, 'QUIZ', 'Ears or eyes?', 10, 'Three questions, as often as you like.', NULL, NULL, NULL, NULL, ''),
    ('fog', 2, 6, 'ASSIGNMENT', 'Your own scan', 30, 'Which instruments do you look at, in which order, in a climbing turn? Draw it, or write it down.', NULL, NULL, NULL, NULL, ''),
    ('fog', 2, 7, 'LIVE', 'An hour in the simulator', 60, 'Book it with Rafael; the hood is there.', NULL, NULL, NULL, NULL, 'extra'),
    ('ppl', 1, 1, 'TEXT', 'How these ten weeks work', 10, E'Read each part **before** its evening: we answer questions, we do not read aloud.\n\nBring the current handbook, and a pencil.', NULL, NULL, NULL, NULL, 'preview'),
    ('ppl', 1, 2, 'FILE', 'The airfield from the south', 5, 'Find both runways, the tower and the windsock before you come.', NULL, NULL, 'airfield', NULL, ''),
    ('ppl', 2, 1, 'VIDEO', 'Four forces on one aeroplane', 14, NULL, 'https://films.example/alpha/four-forces.mp4', 840, NULL, NULL, ''),
    ('ppl', 3, 1, 'EMBED', 'Inside a four-stroke engine', 11, 'Where does the mixture lever act?', 'https://www.youtube-nocookie.com/embed/four-stroke', 660, NULL, NULL, ''),
    ('ppl', 4, 1, 'ASSIGNMENT', 'Load the aeroplane', 40, E'Two people of 80 kg, full tanks, 15 kg of luggage.\n\n- Is it within its limits?\n- Where is the centre of gravity, with full tanks and with empty ones?', NULL, NULL, NULL, NULL, ''),
    ('ppl', 5, 1, 'LINK', 'Part 91, the general rules', 30, 'Right of way and minimum altitudes; the rest can wait.', 'https://www.ecfr.gov/current/title-14/part-91', NULL, NULL, NULL, ''),
    ('ppl', 6, 1, 'AUDIO', 'A pilot who was tired', 18, 'At which moment would you have decided otherwise?', 'https://films.example/alpha/tired.mp3', 1080, NULL, NULL, ''),
    ('ppl', 7, 1, 'QUIZ', 'A taste of the examination', 10, 'Three questions of past years.', NULL, NULL, NULL, NULL, ''),
    ('ppl', 7, 2, 'LIVE', 'The mock examination', 120, 'In the briefing room. Bring pencil and flight computer.', NULL, NULL, NULL, 12, 'extra'),
    ('navigation', 1, 1, 'TEXT', 'What a chart leaves out', 15, 'Wind, weather, and whatever was built last year. *A chart is a letter from the past.*', NULL, NULL, NULL, NULL, 'preview'),
    ('navigation', 1, 2, 'LINK', 'The charts of today', 10, 'Look up ours, and its date.', 'https://www.faa.gov/air_traffic/flight_info/aeronav', NULL, NULL, NULL, ''),
    ('navigation', 2, 1, 'VIDEO', 'From the line to the log', 16, NULL, 'https://films.example/alpha/log.mp4', 960, NULL, NULL, ''),
    ('navigation', 2, 2, 'ASSIGNMENT', 'A log for Limon', 60, 'Plan the flight from Centennial to Limon for tomorrow: headings, times, fuel. Hand in the log.', NULL, NULL, NULL, NULL, ''),
    ('navigation', 3, 1, 'QUIZ', 'Wind, heading, time', 10, 'With the flight computer, or without.', NULL, NULL, NULL, NULL, ''),
    ('navigation', 4, 1, 'AUDIO', 'Two stations and their call signs', 3, 'Write down the letters that you hear.', 'https://films.example/alpha/stations.mp3', 150, NULL, NULL, ''),
    ('navigation', 5, 1, 'EMBED', 'When the satellites are silent', 10, NULL, 'https://www.youtube-nocookie.com/embed/satellites', 600, NULL, NULL, ''),
    ('navigation', 6, 1, 'FILE', 'The route that we fly', 10, 'Four airfields, 214 miles. Load it into whatever you plan with.', NULL, NULL, 'route', NULL, ''),
    ('navigation', 6, 2, 'LIVE', 'Briefing for the cross-country flight', 45, 'With your log; we compare.', 'https://meet.example/alpha-briefing', NULL, NULL, 6, 'extra'),
    ('radio', 1, 1, 'TEXT', 'Alfa to Zulu', 10, E'Learn it until you can spell your own name without thinking.\n\n| Letter | Word |\n| --- | --- |\n| J | Juliett |\n| N | November |\n| Q | Quebec |', NULL, NULL, NULL, NULL, 'preview'),
    ('radio', 1, 2, 'AUDIO', 'Twenty call signs, read once', 4, 'Write them down as they come.', 'https://films.example/alpha/call-signs.mp3', 230, NULL, NULL, ''),
    ('radio', 2, 1, 'LINK', 'The pilot/controller glossary', 20, 'What exactly does *stand by* promise?', 'https://www.faa.gov/air_traffic/publications', NULL, NULL, NULL, ''),
    ('radio', 2, 2, 'FILE', 'Challenge and response', 10, 'Read it aloud with somebody: one asks, one answers.', NULL, NULL, 'checklist', NULL, ''),
    ('radio', 3, 1, 'EMBED', 'A circuit with the tower listening', 8, NULL, 'https://www.youtube-nocookie.com/embed/tower', 480, NULL, NULL, ''),
    ('radio', 3, 2, 'ASSIGNMENT', 'Write down a circuit', 30, 'Every call between the hold and the hangar: yours, and what the tower answers.', NULL, NULL, NULL, NULL, ''),
    ('radio', 4, 1, 'VIDEO', 'Mayday and pan-pan', 13, NULL, 'https://films.example/alpha/mayday.mp4', 780, NULL, NULL, ''),
    ('radio', 5, 1, 'QUIZ', 'Which word is it?', 10, 'As often as you like.', NULL, NULL, NULL, NULL, ''),
    ('radio', 5, 2, 'LIVE', 'On the practice frequency', 60, 'Everybody flies one circuit, sitting at home.', 'https://meet.example/alpha-radio', NULL, NULL, 4, 'extra'),
    ('meteorology', 1, 1, 'TEXT', 'Why it gets colder up there', 15, 'The air is warmed **from below**, by the ground that the sun has warmed. Whoever rises leaves the stove.', NULL, NULL, NULL, NULL, 'preview'),
    ('meteorology', 2, 1, 'VIDEO', 'A cold front, in two minutes', 2, 'Stop it wherever the wind turns.', 'https://films.example/alpha/cold-front.mp4', 120, NULL, NULL, ''),
    ('meteorology', 3, 1, 'AUDIO', 'The recorded weather of this morning', 2, 'Write it down as a METAR.', 'https://films.example/alpha/atis.mp3', 75, NULL, NULL, ''),
    ('meteorology', 3, 2, 'QUIZ', 'Read the METAR', 10, 'Three questions.', NULL, NULL, NULL, NULL, ''),
    ('meteorology', 4, 1, 'EMBED', 'Ice on a wing', 9, NULL, 'https://player.vimeo.com/video/91', 540, NULL, NULL, ''),
    ('meteorology', 5, 1, 'FILE', 'The briefing of the week', 5, 'What does it mean for the field, and what for the pass?', NULL, NULL, 'weather', NULL, ''),
    ('meteorology', 5, 2, 'LINK', 'The forecasts that we use', 10, NULL, 'https://aviationweather.gov/', NULL, NULL, NULL, ''),
    ('meteorology', 6, 1, 'ASSIGNMENT', 'Go or stay?', 45, 'Take the weather of tomorrow morning and decide about a flight to Aspen. One page, with the reason.', NULL, NULL, NULL, NULL, ''),
    ('meteorology', 6, 2, 'LIVE', 'We look at the sky', 30, 'Outside, at the windsock, if there is weather.', NULL, NULL, NULL, 3, 'extra');
INSERT INTO seed_question (course, position, is_of_pool, kind, prompt, options, right_one, explanation) VALUES
    ('cockpit', 1, false, 'SINGLE', 'Which instrument tells you how fast you climb?', '{Altimeter,Variometer,Attitude indicator,Compass}', 2, 'The altimeter says how high, the variometer how fast that changes.'),
    ('cockpit', 2, false, 'SINGLE', 'Where do you look most of the time in visual flight?', '{"At the panel","At the map","Outside"}', 3, 'Nine seconds outside, one inside.'),
    ('cockpit', 3, false, 'NUMERIC', 'How many instruments does the basic panel have?', '{}', 6, NULL),
    ('cockpit', 4, true, 'SINGLE', 'What comes before a stall?', '{"The warning","Silence"}', 1, 'Listen for it.'),
    ('cockpit', 5, true, 'SINGLE', 'Who has the right of way?', '{"The glider","The one with an engine"}', 1, NULL),
    ('cockpit', 6, true, 'NUMERIC', 'What does the compass show when you fly due east, in degrees?', '{}', 90, NULL),
    ('fog', 1, false, 'SINGLE', 'Which instrument does the scan return to?', '{Compass,"Attitude indicator",Altimeter}', 2, NULL),
    ('fog', 2, false, 'SINGLE', 'After a long turn you level the wings. What do the ears say?', '{"Level flight","A turn the other way"}', 2, 'They had forgotten the first turn.'),
    ('fog', 3, false, 'NUMERIC', 'How many seconds does a standard-rate turn through 360 degrees take?', '{}', 120, NULL),
    ('ppl', 1, false, 'SINGLE', 'Which force acts against thrust?', '{Lift,Drag,Weight}', 2, 'It grows with the square of the speed.'),
    ('ppl', 2, false, 'SINGLE', 'Two aeroplanes meet head-on. Where do they turn?', '{"Both to the left","Both to the right","Neither turns"}', 2, NULL),
    ('ppl', 3, false, 'NUMERIC', 'How many hours must lie between the last drink and the flight?', '{}', 8, 'And none of it may be left in the blood.'),
    ('navigation', 1, false, 'NUMERIC', 'How many nautical miles do 30 minutes at 110 knots take you?', '{}', 55, NULL),
    ('navigation', 2, false, 'SINGLE', 'What is the angle between true and magnetic north called?', '{Deviation,Variation,Inclination}', 2, 'Deviation is the compasss own fault.'),
    ('navigation', 3, false, 'SINGLE', 'The wind comes from the right. Where do you hold the nose?', '{"To the right","To the left"}', 1, NULL),
    ('radio', 1, false, 'SINGLE', 'Which word says yes?', '{Roger,Affirm,Wilco}', 2, 'Roger only says that you have heard.'),
    ('radio', 2, false, 'NUMERIC', 'Which transponder code says that the radio has failed?', '{}', 7600, NULL),
    ('radio', 3, false, 'SINGLE', 'How often is Mayday said?', '{Once,Twice,"Three times"}', 3, NULL),
    ('meteorology', 1, false, 'SINGLE', 'A METAR says BKN008. How high are the clouds?', '{"80 feet","800 feet","8,000 feet"}', 2, 'In hundreds of feet above the field.'),
    ('meteorology', 2, false, 'SINGLE', 'What do lens-shaped clouds over the Rockies announce?', '{"Calm air","Mountain waves"}', 2, NULL),
    ('meteorology', 3, false, 'NUMERIC', 'How many degrees Celsius does 1,000 feet cost in the standard atmosphere?', '{}', 2, NULL);

INSERT INTO seed_wanted (course, requires) VALUES ('night', 'ppl');
INSERT INTO seed_way_through (key, title, description, courses) VALUES
    ('licence', 'From the ground to the licence', 'The theory of the private pilot licence, in the order in which it is best learned.', '{ppl,navigation,meteorology}');
INSERT INTO seed_certificate (course, title, text, signatory, valid_months) VALUES
    ('ppl', 'Private Pilot Theory', 'Sixty hours of ground school, and the written examination of the school.', 'Ingrid Solberg, Head of Training', 24),
    ('radio', 'Radio Telephony', NULL, 'Yuki Tanaka', 36);

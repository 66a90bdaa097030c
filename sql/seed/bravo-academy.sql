-- Bravo Academy: what it is called, who is there, what they learn. Facts only; school.sql makes rows of them.
INSERT INTO tenant (tenant_id, slug, name, time_zone, subscription_start, subscription_end, created_at) VALUES
    (pg_temp.id('tenant'), 'bravo-academy', 'Bravo Academy', 'Europe/Vienna', now() - interval '300 days', NULL, now() - interval '300 days');

INSERT INTO role (tenant_id, id, key, name, permissions) VALUES
    (pg_temp.id('tenant'), pg_temp.id('role:REGISTRAR'), 'REGISTRAR', 'Registrar',
     '{USER_READ,ROLE_READ,COURSE_READ,ENROLLMENT_READ_ALL,GROUP_READ,GROUP_CREATE,GROUP_UPDATE,REPORT_READ}');

INSERT INTO seed_person (key, name, role, joined_days_ago) VALUES
    ('admin', 'Adele Brunner', 'ADMIN', 300),
    ('instructor', 'Ivan Horvat', 'INSTRUCTOR', 295),
    ('sofia.marchetti', 'Sofia Marchetti', 'INSTRUCTOR', 280),
    ('tobias.lang', 'Tobias Lang', 'INSTRUCTOR', 210),
    ('eszter.kovacs', 'Eszter Kovács', 'INSTRUCTOR', 130),
    ('office', 'Rosalie Winter', 'REGISTRAR', 290),
    ('viewer', 'Valentin Egger', 'VIEWER', 270),
    ('learner', 'Lena Hofbauer', 'LEARNER', 150),
    ('participant', 'Pia Steger', 'PARTICIPANT', 15),
    ('anton.fischer', 'Anton Fischer', 'LEARNER', 145),
    ('bianca.rossi', 'Bianca Rossi', 'LEARNER', 139),
    ('clemens.auer', 'Clemens Auer', 'LEARNER', 131),
    ('dilara.yildiz', 'Dilara Yıldız', 'LEARNER', 122),
    ('emil.sorensen', 'Emil Sørensen', 'LEARNER', 115),
    ('fatima.haddad', 'Fatima Haddad', 'LEARNER', 108),
    ('georg.pichler', 'Georg Pichler', 'LEARNER', 99),
    ('hana.dvorak', 'Hana Dvořák', 'LEARNER', 91),
    ('ivo.babic', 'Ivo Babić', 'LEARNER', 85),
    ('johanna.gruber', 'Johanna Gruber', 'LEARNER', 78),
    ('kilian.moser', 'Kilian Moser', 'LEARNER', 66),
    ('luisa.ferrari', 'Luisa Ferrari', 'LEARNER', 57),
    ('matteo.conti', 'Matteo Conti', 'LEARNER', 49),
    ('nina.zupan', 'Nina Župan', 'LEARNER', 41),
    ('oskar.wallner', 'Oskar Wallner', 'LEARNER', 33),
    ('paula.jimenez', 'Paula Jiménez', 'LEARNER', 27),
    ('simon.leitner', 'Simon Leitner', 'LEARNER', 19),
    ('teresa.novotna', 'Teresa Novotná', 'LEARNER', 12),
    ('viktor.szabo', 'Viktor Szabó', 'LEARNER', 5),
    ('jakob.reiter', 'Jakob Reiter', 'SUSPENDED', 100);

INSERT INTO seed_course (key, title, description, teacher, status, capacity, enrollment_key, tags, created_days_ago, popularity, sections) VALUES
    ('german', 'German for Beginners (A1)',
     E'From "Grüß Gott" to a first letter. Small groups, much speaking, little homework.\n\nThe book is Schritte plus neu 1; the library lends it.',
     'instructor', 'PUBLISHED', 30, NULL, '{languages,german,a1}', 140, 84,
     '{Greetings,Numbers and times,At the market,My family,Yesterday and tomorrow,A letter}'),
    ('spanish', 'Spanish Conversation (B1)',
     'An hour of talking about films, food and the news. Grammar only where it is in the way.',
     'sofia.marchetti', 'PUBLISHED', 18, NULL, '{languages,spanish,b1}', 110, 70,
     '{Getting to know each other,Films,At table,The news of the week,A debate}'),
    ('calculus', 'Calculus I',
     'Limits, derivatives and integrals of one variable, with proofs where they help and applications throughout.',
     'tobias.lang', 'PUBLISHED', 40, NULL, '{mathematics,first year}', 95, 78,
     '{Real numbers and functions,Limits,Derivatives,Applications of the derivative,Integrals,The fundamental theorem}'),
    ('theory', 'Music Theory',
     'Scales, intervals and chords, heard and written. The room is small: the course is full.',
     'eszter.kovacs', 'PUBLISHED', NULL, NULL, '{music,theory}', 70, 72,
     '{Notes and rhythm,Scales and keys,Intervals,Triads,Cadences}'),
    ('piano', 'Piano, First Year',
     'Weekly lessons for adults who begin or begin again. Lessons are booked one by one; the teacher hands out the key.',
     'instructor', 'PUBLISHED', 24, 'steinway', '{music,piano,practical}', 35, 66,
     '{Sitting and breathing,Five fingers,Both hands,Pedals,A first recital}'),
    ('counterpoint', 'Harmony and Counterpoint',
     'Two voices, then three, then four. Starts when enough people have finished Music Theory.',
     'instructor', 'DRAFT', 12, NULL, '{music,theory,advanced}', 8, 0,
     '{First species,Second and third species,Chorale}'),
    ('latin', 'Reading Latin',
     'Caesar, Ovid and a little Pliny. Not offered again this year.',
     'sofia.marchetti', 'ARCHIVED', NULL, NULL, '{languages,latin}', 290, 55,
     '{Caesar,Ovid,Pliny on Vesuvius}');

INSERT INTO seed_group (key, name, description, capacity, auto_enroll, created_days_ago, leader, members, courses) VALUES
    ('evening', 'Evening Class A', 'Monday and Wednesday at six. Members join its courses by themselves.', 15, true, 90, 'anton.fischer',
     '{learner,bianca.rossi,clemens.auer,dilara.yildiz,emil.sorensen,fatima.haddad,georg.pichler,hana.dvorak}', '{german,calculus}'),
    ('ensemble', 'Chamber Ensemble', 'Plays together on Fridays.', 8, false, 50, 'johanna.gruber',
     '{learner,kilian.moser,luisa.ferrari,matteo.conti}', '{theory,counterpoint}'),
    ('exam', 'Exam Preparation', 'The last four weeks before the examinations; the group is full.', 5, false, 20, 'nina.zupan',
     '{oskar.wallner,paula.jimenez,simon.leitner,teresa.novotna}', '{calculus}');

INSERT INTO seed_resource (key, name, kind, description, location, tags, mode, capacity, setup, teardown, hours) VALUES
    ('practice-1', 'Practice room 1', 'ROOM', 'Upright piano.', 'Second floor', '{piano,practice}', 'FREE', 3, 0, 5, NULL),
    ('practice-2', 'Practice room 2', 'ROOM', NULL, 'Second floor', '{practice}', 'FREE', 3, 0, 5, NULL),
    ('hall', 'Hall', 'ROOM', 'Two hundred seats, and a grand piano that is tuned on Mondays.', 'Ground floor', '{concert,stage}', 'APPROVAL_REQUIRED', 200, 30, 30, '{08:00,22:00}'),
    ('studio', 'Recording studio', 'ROOM', NULL, 'Basement', '{recording}', 'FREE', 5, 10, 10, '{09:00,20:00}'),
    ('van', 'The academy''s van', 'VEHICLE', 'Nine seats.', 'Courtyard', '{excursions}', 'APPROVAL_REQUIRED', 9, 15, 15, NULL),
    ('projector', 'Old projector', 'DEVICE', 'Its lamp is gone, and nobody makes such lamps any more.', 'Store room', '{film}', 'UNBOOKABLE', NULL, 0, 0, NULL);

INSERT INTO seed_booking_type (key, name, description, location, course, durations, step, before, after, notice, horizon, seats, strategy, needs_approval, holds, per_learner,
        cancel_notice, teachers, weights, things, asks, asked_course) VALUES
    ('piano', 'Piano lesson', 'In one of the practice rooms, whichever is free.', 'Second floor', NULL, '{45,60}', 15, 0, 10, 60, 90, 1, 'ROUND_ROBIN', false, false, NULL,
     1440, '{instructor,eszter.kovacs}', '{1,2}', '[["Room", "practice-1", "practice-2"]]', NULL, NULL),
    ('recording', 'Recording session', 'With an engineer of the academy, who answers each request.', 'Basement', NULL, '{120}', 60, 15, 15, 2880, 45, 1, 'FIXED', true, true, NULL,
     2880, '{tobias.lang,instructor}', '{1,1}', '[["Studio", "studio"]]', 'MAX_NO_SHOWS', NULL),
    ('tutoring', 'Tutoring', 'Half an hour about anything.', NULL, NULL, '{30,60}', 15, 0, 0, 0, 30, 1, 'LEAST_BUSY', false, false, NULL,
     0, '{instructor,sofia.marchetti,tobias.lang,eszter.kovacs}', '{1,1,1,1}', '[]', NULL, NULL),
    ('practice', 'Practice room', 'Alone, with the door closed.', 'Second floor', NULL, '{60,120}', 30, 0, 0, 0, 14, 1, 'ROUND_ROBIN', false, false, NULL,
     30, '{}', '{}', '[["Room", "practice-1", "practice-2"]]', NULL, NULL),
    ('conversation', 'Spanish table', 'Six people and a topic.', 'Ground floor', 'spanish', '{60}', 60, 0, 0, 120, 60, 6, 'FIXED', false, false, NULL,
     120, '{sofia.marchetti}', '{1}', '[]', NULL, NULL),
    ('trial', 'Trial lesson', 'One for everybody, of whatever instrument.', 'Second floor', NULL, '{45}', 15, 0, 10, 720, 60, 1, 'FIXED', false, false, 1,
     720, '{eszter.kovacs,instructor}', '{1,1}', '[["Room", "practice-2", "practice-1"]]', NULL, NULL);

INSERT INTO seed_shift (starts, ends) VALUES ('09:00', '12:00'), ('14:00', '18:00');
INSERT INTO seed_slot (starts, ends) VALUES ('09:00', '10:00'), ('10:30', '11:30'), ('14:00', '15:00'), ('16:00', '17:30');

INSERT INTO seed_file (key, name, content_type, folder, visibility, owner, asset, created_days_ago, shared) VALUES
    ('logo', 'Bravo Academy.png', 'image/png', 'branding', 'PUBLIC', 'admin', 'bravo-logo.png', 290, '{}'),
    ('handbook', 'Student handbook.pdf', 'application/pdf', 'handbooks', 'TENANT', 'admin', 'bravo-handbook.pdf', 200, '{}'),
    ('library', 'Die Bücherei.png', 'image/png', 'pictures', 'TENANT', 'instructor', 'library.png', 80, '{}'),
    ('reading', 'Reading list.pdf', 'application/pdf', 'general', 'SHARED', 'instructor', 'reading-list.pdf', 45, '{course:german}'),
    ('tone', 'Concert pitch, a little sharp.wav', 'audio/wav', 'sounds', 'SHARED', 'tobias.lang', 'tone.wav', 22, '{group:ensemble}'),
    ('scores', 'Quiz of week 1.json', 'application/json', 'general', 'SHARED', 'instructor', 'bravo-scores.json', 6, '{user:learner,user:anton.fischer}'),
    ('rooms', 'Räume.csv', 'text/csv', 'general', 'PRIVATE', 'admin', 'bravo-rooms.csv', 60, '{}'),
    ('welcome', 'Willkommen.txt', 'text/plain', 'general', 'TENANT', 'admin', 'bravo-welcome.txt', 150, '{}'),
    ('notes', 'Essay.md', 'text/markdown', 'general', 'PRIVATE', 'learner', 'bravo-notes.md', 1, '{}'),
    ('roster', 'People of the term.csv', 'text/csv', 'rosters', 'PRIVATE', 'admin', 'bravo-roster.csv', 9, '{}'),
    -- The service made it: exchange.sql says for which run.
    ('report', format('course-progress-%s-to-%s.csv', date_trunc('week', now())::date - 7, date_trunc('week', now())::date - 1), 'text/csv', 'exports', 'PRIVATE', 'instructor', 'bravo-progress.csv', 1, '{}');

INSERT INTO seed_taught (key, title, subtitle, description, code, teacher, together, tags, created_days_ago, popularity, is_sequential) VALUES
    ('vienna', 'Vienna in Ten Rooms', 'A walk through music and language',
     'Where Beethoven moved house sixty times, and why. One part opens next week, one when the first is done.', 'VIE-10', 'instructor', '{sofia.marchetti,tobias.lang}',
     '{music,languages,history}', 50, 60, false),
    ('proofs', 'How to Read a Proof', 'For everybody who is afraid of them', 'Slowly, and in this order.', 'MATH-000', 'tobias.lang', '{}', '{mathematics}', 22, 30, true);
INSERT INTO seed_part (course, position, title, opens_in_days, after) VALUES
    ('vienna', 1, 'Rooms to live in', NULL, NULL), ('vienna', 2, 'Rooms to listen in', NULL, 1), ('vienna', 3, 'Rooms to speak in', 7, NULL),
    ('proofs', 1, 'What is claimed', NULL, NULL), ('proofs', 2, 'Why it is so', NULL, NULL);
INSERT INTO seed_step (course, part, position, kind, title, minutes, body, url, media_seconds, file, in_days, extras) VALUES
    ('vienna', 1, 1, 'TEXT', 'Sixty apartments', 10, E'# Sixty apartments\n\nHe was a *difficult* tenant.\n\n| Year | House |\n| --- | --- |\n| 1802 | Heiligenstadt |\n| 1804 | Mölker Bastei |', NULL, NULL, NULL, NULL, 'preview'),
    ('vienna', 1, 2, 'FILE', 'The library''s picture of it', 5, NULL, NULL, NULL, 'library', NULL, ''),
    ('vienna', 1, 3, 'VIDEO', 'Up the stairs', 9, NULL, 'https://films.example/bravo/stairs.mp4', 500, NULL, NULL, 'slow'),
    ('vienna', 2, 1, 'AUDIO', 'A pitch, a little sharp', 2, 'Which note is it? How many cents above it?', NULL, 2, 'tone', NULL, ''),
    ('vienna', 2, 2, 'EMBED', 'The Golden Hall', 14, NULL, 'https://player.vimeo.com/video/10', 840, NULL, NULL, ''),
    ('vienna', 2, 3, 'LIVE', 'Together in the concert', 120, 'We meet in the foyer.', NULL, NULL, NULL, 12, ''),
    ('vienna', 3, 1, 'LINK', 'Coffee houses', 10, NULL, 'https://www.wien.gv.at/', NULL, NULL, NULL, ''),
    ('vienna', 3, 2, 'LIVE', 'Half an hour with a teacher', 30, 'Book it, and speak of anything but the weather.', NULL, NULL, NULL, NULL, ''),
    ('vienna', 3, 3, 'TEXT', 'Your own room', 15, 'Describe it in twenty sentences.', NULL, NULL, NULL, NULL, 'draft'),
    ('proofs', 1, 1, 'TEXT', 'Read the claim twice', 10, 'Then say it in your own words.', NULL, NULL, NULL, NULL, ''),
    ('proofs', 1, 2, 'TEXT', 'Try to break it', 20, 'With 0, with 1, with something *ugly*.', NULL, NULL, NULL, NULL, ''),
    ('proofs', 2, 1, 'TEXT', 'Where is each assumption used?', 25, E'Underline it.\n\n```text\nLet n be even. Then n = 2k.\n```', NULL, NULL, NULL, NULL, ''),
    ('proofs', 2, 2, 'LINK', 'A hundred proofs', 30, NULL, 'https://en.wikipedia.org/wiki/Mathematical_proof', NULL, NULL, NULL, 'extra'),
    ('vienna', 1, 7, 'QUIZ', 'What do you remember?', 10, 'Take your time, and as many attempts as you like.', NULL, NULL, NULL, NULL, 'extra'),
    ('proofs', 1, 3, 'VIDEO', 'A claim falls apart', 8, 'Stop it where you would have believed it.', 'https://films.example/bravo/claim.mp4', 480, NULL, NULL, ''),
    ('proofs', 1, 4, 'FILE', 'What to read beside it', 5, 'Two weeks of it are enough.', NULL, NULL, 'reading', NULL, ''),
    ('proofs', 2, 3, 'AUDIO', 'Euclid, read aloud', 6, 'Listen for the word *therefore*.', 'https://films.example/bravo/euclid.mp3', 360, NULL, NULL, ''),
    ('proofs', 2, 4, 'EMBED', 'The root of two, on a napkin', 7, NULL, 'https://player.vimeo.com/video/202', 420, NULL, NULL, ''),
    ('proofs', 2, 5, 'QUIZ', 'Proved, or only believed?', 10, 'Three questions, as often as you like.', NULL, NULL, NULL, NULL, ''),
    ('proofs', 2, 6, 'ASSIGNMENT', 'A proof of your own', 45, 'Show that the sum of two odd numbers is even, for somebody who does not believe you.', NULL, NULL, NULL, NULL, ''),
    ('proofs', 2, 7, 'LIVE', 'At the blackboard', 60, 'Bring one that you did not understand.', NULL, NULL, NULL, 5, 'extra'),
    ('german', 1, 1, 'TEXT', 'Grüß Gott, Servus, Hallo', 10, E'Whom do you greet how?\n\n| Whom | What you say |\n| --- | --- |\n| In a shop | Grüß Gott |\n| A friend | Servus |\n| On the phone | Your name |', NULL, NULL, NULL, NULL, 'preview'),
    ('german', 1, 2, 'FILE', 'What we read, week by week', 5, 'The book waits in the library.', NULL, NULL, 'reading', NULL, ''),
    ('german', 2, 1, 'AUDIO', 'Trains and platforms', 5, 'Write down when, and from where.', 'https://films.example/bravo/trains.mp3', 290, NULL, NULL, ''),
    ('german', 2, 2, 'QUIZ', 'Der, die, das, and a number', 10, 'As often as you like.', NULL, NULL, NULL, NULL, ''),
    ('german', 3, 1, 'VIDEO', 'A morning at the Naschmarkt', 11, 'Ten things are bought. Which?', 'https://films.example/bravo/naschmarkt.mp4', 660, NULL, NULL, ''),
    ('german', 4, 1, 'EMBED', 'Whose aunt is that?', 6, NULL, 'https://www.youtube-nocookie.com/embed/tante', 360, NULL, NULL, ''),
    ('german', 5, 1, 'LINK', 'The weather of tomorrow', 10, 'Read it, and tell it in the past tense.', 'https://www.geosphere.at/de', NULL, NULL, NULL, ''),
    ('german', 6, 1, 'ASSIGNMENT', 'Ein Brief', 40, 'Invite a friend to Vienna, in eight sentences: when, where to, and what you will eat.', NULL, NULL, NULL, NULL, ''),
    ('german', 6, 2, 'LIVE', 'An hour without English', 60, 'In the café round the corner.', NULL, NULL, NULL, 8, 'extra'),
    ('spanish', 1, 1, 'TEXT', 'How to keep somebody talking', 10, '¿Y tú? ¿De verdad? ¿Y luego? *Three questions are enough for an evening.*', NULL, NULL, NULL, NULL, 'preview'),
    ('spanish', 1, 2, 'FILE', 'Ask: nobody knows everything', 5, 'The rule of the house, from the handbook. Say it in Spanish.', NULL, NULL, 'handbook', NULL, ''),
    ('spanish', 2, 1, 'VIDEO', 'A short film without words', 9, 'Tell it to somebody who has not seen it.', 'https://films.example/bravo/corto.mp4', 540, NULL, NULL, ''),
    ('spanish', 2, 2, 'EMBED', 'The director explains', 12, NULL, 'https://player.vimeo.com/video/311', 720, NULL, NULL, ''),
    ('spanish', 3, 1, 'AUDIO', 'Two people and one bill', 4, 'Who pays in the end?', 'https://films.example/bravo/cuenta.mp3', 250, NULL, NULL, ''),
    ('spanish', 3, 2, 'QUIZ', 'Voy, fui, iré', 10, 'Three questions, as often as you like.', NULL, NULL, NULL, NULL, ''),
    ('spanish', 4, 1, 'LINK', 'The front page of today', 15, 'Choose one piece, and bring it along.', 'https://elpais.com/', NULL, NULL, NULL, ''),
    ('spanish', 4, 2, 'ASSIGNMENT', 'The news in five sentences', 30, 'Retell the piece that you chose, without looking at it again.', NULL, NULL, NULL, NULL, ''),
    ('spanish', 5, 1, 'LIVE', 'Should the centre be free of cars?', 60, 'Half of you are for it, the other half against it. We draw lots.', 'https://meet.example/bravo-debate', NULL, NULL, 10, 'extra'),
    ('calculus', 1, 1, 'TEXT', 'What a function is, and what it is not', 20, 'To each *x* **one** value. A circle is not the graph of a function; half of it is.', NULL, NULL, NULL, NULL, 'preview'),
    ('calculus', 1, 2, 'FILE', 'The quiz of week 1', 10, 'Five results. How much does a sixth of 10 move their mean?', NULL, NULL, 'scores', NULL, ''),
    ('calculus', 2, 1, 'VIDEO', 'Closer and closer', 13, NULL, 'https://films.example/bravo/limits.mp4', 780, NULL, NULL, ''),
    ('calculus', 3, 1, 'EMBED', 'The tangent, drawn slowly', 9, NULL, 'https://www.youtube-nocookie.com/embed/tangent', 540, NULL, NULL, ''),
    ('calculus', 4, 1, 'ASSIGNMENT', 'The cheapest tin', 50, 'A tin holds one litre. Which radius takes the least metal? With the whole way to the answer.', NULL, NULL, NULL, NULL, ''),
    ('calculus', 5, 1, 'AUDIO', 'Leibniz and Newton quarrel', 15, 'Who said it first, and who wrote it better?', 'https://films.example/bravo/quarrel.mp3', 900, NULL, NULL, ''),
    ('calculus', 5, 2, 'LINK', 'A table of integrals', 10, 'For looking up, when you have tried.', 'https://dlmf.nist.gov/4', NULL, NULL, NULL, ''),
    ('calculus', 6, 1, 'QUIZ', 'Up and back again', 10, 'Three numbers; a sheet of paper helps.', NULL, NULL, NULL, NULL, ''),
    ('calculus', 6, 2, 'LIVE', 'Questions before the examination', 90, 'Send them the day before, if you can.', 'https://meet.example/bravo-calculus', NULL, NULL, 9, 'extra'),
    ('theory', 1, 1, 'TEXT', 'Five lines and what stands between them', 15, 'Every good boy does fine: **E G B D F**. Between them stands a *face*.', NULL, NULL, NULL, NULL, 'preview'),
    ('theory', 1, 2, 'FILE', 'Where the scores stand', 5, 'Second floor, at the window.', NULL, NULL, 'library', NULL, ''),
    ('theory', 2, 1, 'VIDEO', 'Why there are black keys', 10, NULL, 'https://films.example/bravo/keys.mp4', 600, NULL, NULL, ''),
    ('theory', 3, 1, 'AUDIO', 'A note to start from', 2, 'Sing the fifth above it, then the third.', NULL, 2, 'tone', NULL, ''),
    ('theory', 3, 2, 'QUIZ', 'How far is it?', 10, 'As often as you like.', NULL, NULL, NULL, NULL, ''),
    ('theory', 4, 1, 'EMBED', 'Major, minor, and the two others', 8, NULL, 'https://www.youtube-nocookie.com/embed/triads', 480, NULL, NULL, ''),
    ('theory', 5, 1, 'LINK', 'Chorales to look at', 20, 'Mark every cadence in one of them.', 'https://imslp.org/', NULL, NULL, NULL, ''),
    ('theory', 5, 2, 'ASSIGNMENT', 'Home in four chords', 40, 'Write two cadences in G major, one of them a deceptive one. A photograph of the sheet will do.', NULL, NULL, NULL, NULL, ''),
    ('theory', 5, 3, 'LIVE', 'We listen together', 45, 'In the small hall; the piano is tuned.', NULL, NULL, NULL, 7, 'extra');
INSERT INTO seed_question (course, position, is_of_pool, kind, prompt, options, right_one, explanation) VALUES
    ('vienna', 1, false, 'SINGLE', 'What sort of tenant was Beethoven?', '{"A quiet one","A difficult one"}', 2, 'Ask his landlords.'),
    ('vienna', 2, false, 'SINGLE', 'Which hall is golden?', '{Konzerthaus,Musikverein,"Staatsoper"}', 2, NULL),
    ('vienna', 3, false, 'NUMERIC', 'In which year did he write the Heiligenstadt Testament?', '{}', 1802, NULL),
    ('vienna', 4, true, 'SINGLE', 'What do you say when you enter a shop?', '{"Grüß Gott","Servas, Oida"}', 1, NULL),
    ('vienna', 5, true, 'SINGLE', 'What is a Verlängerter?', '{"A coffee with more water","A longer evening"}', 1, NULL),
    ('vienna', 6, true, 'NUMERIC', 'How many keys has a modern piano?', '{}', 88, NULL),
    ('proofs', 1, false, 'SINGLE', 'How do you show that a claim is false?', '{"By one counterexample","By many examples"}', 1, 'One is enough.'),
    ('proofs', 2, false, 'SINGLE', 'If n² is even, what is n?', '{Odd,Even,Either}', 2, NULL),
    ('proofs', 3, false, 'NUMERIC', 'Which prime number is even?', '{}', 2, NULL),
    ('german', 1, false, 'SINGLE', 'Which article has “Brot”?', '{der,die,das}', 3, NULL),
    ('german', 2, false, 'SINGLE', 'Es ist halb acht. What time is it?', '{7:30,8:30}', 1, 'Half of the eighth hour is over.'),
    ('german', 3, false, 'NUMERIC', 'Siebenundzwanzig, in figures?', '{}', 27, NULL),
    ('spanish', 1, false, 'SINGLE', 'Ayer … al cine. Which word is missing?', '{voy,fui,iré}', 2, NULL),
    ('spanish', 2, false, 'SINGLE', 'Who has lunch at two?', '{Nobody,Everybody}', 2, NULL),
    ('spanish', 3, false, 'NUMERIC', 'How many letters has the Spanish alphabet?', '{}', 27, 'The ñ is one of its own.'),
    ('calculus', 1, false, 'NUMERIC', 'What is the slope of x² at x = 3?', '{}', 6, NULL),
    ('calculus', 2, false, 'SINGLE', 'Which of these has no limit at 0?', '{sin(x)/x,1/x,x²}', 2, 'It leaves in both directions.'),
    ('calculus', 3, false, 'NUMERIC', 'What is the integral of 2x from 0 to 3?', '{}', 9, NULL),
    ('theory', 1, false, 'NUMERIC', 'How many semitones has a perfect fifth?', '{}', 7, NULL),
    ('theory', 2, false, 'SINGLE', 'Which key has one sharp?', '{"C major","G major","F major"}', 2, NULL),
    ('theory', 3, false, 'SINGLE', 'Which chord wants to go home?', '{Dominant,Subdominant}', 1, NULL);

INSERT INTO seed_wanted (course, requires) VALUES ('piano', 'theory');
INSERT INTO seed_way_through (key, title, description, courses) VALUES
    ('languages', 'Three languages in a year', 'One after the other, each with what the one before it has taught.', '{german,spanish,vienna}');
INSERT INTO seed_certificate (course, title, text, signatory, valid_months) VALUES
    ('german', 'Deutsch als Fremdsprache (A1)', 'Hören, Lesen, Schreiben und Sprechen auf der Stufe A1.', 'Sofia Marchetti', 24),
    ('theory', 'Music Theory', 'Scales, intervals and chords, heard and written.', 'Eszter Kovacs', 24),
    ('calculus', 'Calculus I', NULL, 'Tobias Lang', 60);

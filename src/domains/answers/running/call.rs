//! One call of a model, read to its end.

use std::time::Duration;

use lectern_kernel::outbound::Flowing;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Run, end::Took};
use crate::domains::answers::{
    asking::{self, Failure},
    endpoint::Endpoint,
    figures::{self, Purpose},
    filter::Filter,
    phrases::{Passed, Phrases},
    wire::{Call, Chat, Finish, Lines, Piece, gather},
};

/// Characters of an answer at most.
const LONGEST: usize = 100_000;
/// How long a provider that has said why it stopped may take to say what that took.
const AFTERWORD: Duration = Duration::from_secs(2);

/// The text of an answer over all calls: looked at, filtered, given on.
pub(super) struct Text {
    phrases: Phrases,
    filter: Filter,
    /// Characters of what models have written.
    raw: usize,
    /// There is no room for more.
    is_full: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As it should.
    Well(Finish),
    /// Something stood in it that is not to be written.
    Blocked,
    /// It was cut, because it was too long.
    Cut,
    Failed(Failure),
    /// The answer is over.
    Stopped,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) ended: Ended,
    pub(super) calls: Vec<Call>,
    /// What was said in it, as the model wrote it.
    pub(super) text: String,
    /// As the provider says.
    pub(super) usage: Option<(i64, i64)>,
    /// Whether anything was answered.
    pub(super) has_begun: bool,
}

impl Spoken {
    /// Counts it, for operators.
    pub(super) fn count(&self, took: Took) {
        match self.ended {
            Ended::Stopped => figures::stopped(Purpose::Answer),
            Ended::Failed(failure) => figures::called(Purpose::Answer, &Err::<(), _>(failure)),
            Ended::Well(_) | Ended::Blocked | Ended::Cut => figures::called(Purpose::Answer, &Ok(())),
        }
        figures::used(Purpose::Answer, took.prompt, took.completion);
    }
}

impl Text {
    pub(super) fn new(phrases: &[String], image_hosts: &[String]) -> Self {
        Text { phrases: Phrases::new(phrases), filter: Filter::new(image_hosts), raw: 0, is_full: false }
    }

    /// Takes what a model has written. True where that is not to be written.
    fn take(&mut self, run: &Run, text: &str) -> bool {
        self.raw += text.chars().count();
        let (text, is_blocked) = match self.phrases.push(text) {
            Passed::On(text) => (text, false),
            Passed::Blocked(text) => (text, true),
        };
        let filtered = self.filter.push(&text);
        self.give(run, &filtered);
        run.ring();
        is_blocked
    }

    /// Gives on what was held back. True where it holds what is not to be written.
    pub(super) fn finish(&mut self, run: &Run) -> bool {
        let (text, is_blocked) = match self.phrases.finish() {
            Passed::On(text) => (text, false),
            Passed::Blocked(text) => (text, true),
        };
        let mut filtered = self.filter.push(&text);
        filtered.push_str(&self.filter.finish());
        self.give(run, &filtered);
        is_blocked
    }

    /// As much as there is room for: what was escaped is longer than it was.
    fn give(&mut self, run: &Run, filtered: &str) {
        let room = LONGEST - run.length().min(LONGEST);
        let end = filtered.char_indices().nth(room).map_or(filtered.len(), |(at, _)| at);
        self.is_full |= end < filtered.len();
        run.more(&filtered[..end], &self.filter.prose());
    }
}

/// Asks, and reads what comes. No transaction is open meanwhile.
pub(super) async fn speak(
    endpoint: &Endpoint,
    chat: &Chat<'_>,
    run: &Run,
    text: &mut Text,
    silence: Duration,
    ends: Instant,
    stop: &CancellationToken,
) -> Spoken {
    let mut spoken = Spoken { ended: Ended::Stopped, calls: Vec::new(), text: String::new(), usage: None, has_begun: false };
    let body = chat.body();
    let left = ends.saturating_duration_since(Instant::now());
    let opened = tokio::select! {
        () = stop.cancelled() => return spoken,
        opened = timeout(left, asking::open(endpoint, "/chat/completions", "text/event-stream, application/json", &body, silence)) => opened,
    };
    match opened {
        Err(_elapsed) => spoken.ended = Ended::Failed(Failure::Timeout),
        Ok(Err(failure)) => spoken.ended = Ended::Failed(failure),
        Ok(Ok(answer)) => {
            spoken.has_begun = true;
            spoken.ended = read(answer, run, text, silence, ends, stop, &mut spoken).await;
        }
    }
    spoken
}

async fn read(
    mut answer: Flowing,
    run: &Run,
    text: &mut Text,
    silence: Duration,
    ends: Instant,
    stop: &CancellationToken,
    spoken: &mut Spoken,
) -> Ended {
    let (mut lines, mut finish): (Lines, Option<Finish>) = (Lines::default(), None);
    // From one piece to the next; what says nothing does not count.
    let mut heard = Instant::now();
    loop {
        let patience = if finish.is_some() { AFTERWORD.min(silence) } else { silence };
        let until = (heard + patience).min(ends);
        let part = tokio::select! {
            () = stop.cancelled() => return Ended::Stopped,
            part = timeout(until.saturating_duration_since(Instant::now()), answer.next()) => part,
        };
        let (pieces, is_last) = match part {
            Err(_) | Ok(Err(_)) if finish.is_some() => break,
            Err(_elapsed) => return Ended::Failed(Failure::Timeout),
            Ok(Err(error)) => return Ended::Failed(Failure::of_reading(error)),
            Ok(Ok(Some(bytes))) => (lines.push(&bytes), false),
            Ok(Ok(None)) => (lines.finish(), true),
        };
        if !pieces.is_empty() {
            heard = Instant::now();
        }
        for piece in pieces {
            let Piece { text: words, calls, finish: why, usage, is_error } = piece;
            if is_error {
                return Ended::Failed(Failure::Error);
            }
            spoken.usage = usage.or(spoken.usage);
            gather(&mut spoken.calls, calls);
            finish = why.or(finish);
            let room = LONGEST.saturating_sub(run.length().max(text.raw));
            let is_too_long = words.chars().count() > room;
            let words: String = if is_too_long { words.chars().take(room).collect() } else { words };
            spoken.text.push_str(&words);
            if text.take(run, &words) {
                return Ended::Blocked;
            }
            if is_too_long || text.is_full {
                return Ended::Cut;
            }
        }
        if lines.is_wrong {
            return Ended::Failed(Failure::Invalid);
        }
        if is_last || lines.is_done {
            break;
        }
    }
    match finish {
        Some(finish) => Ended::Well(finish),
        None if lines.is_done => Ended::Well(Finish::Stop),
        None => Ended::Failed(Failure::CutOff),
    }
}

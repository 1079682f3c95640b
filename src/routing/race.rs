//! Asking one after another until one has answered: when the next is asked, and who wins. Knows the time, and nothing else.

use std::{collections::VecDeque, pin::pin, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use crate::deadline::{Deadline, Share};

/// How being asked ended.
#[derive(Debug)]
pub(super) enum Word<T, E> {
    /// With this, and so ends the race.
    Ends(T),
    /// With a failure; the next is asked.
    MovesOn(E),
    /// With a failure that nobody else would mend.
    NobodyElse(E),
}

/// When the next one is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Until when all of it lasts.
    pub(super) deadline: Deadline,
    /// After which time without a word from the first the next is asked as well, once.
    pub(super) hedge_after: Option<Duration>,
}

/// What `ask` made of the first of `waiting` that ends the race, or every failure. The next one is asked when all that were
/// asked have failed, or once while the first is late; who is still asked then is left to itself.
pub(super) async fn first_of<C, A, T, E>(
    waiting: impl IntoIterator<Item = C>,
    pace: Pace,
    mut ask: impl FnMut(C, Share) -> A,
) -> Result<T, Vec<E>>
where
    A: Future<Output = Word<T, E>>,
{
    let Pace { deadline, mut hedge_after } = pace;
    let mut waiting: VecDeque<C> = waiting.into_iter().collect();
    let mut failures = Vec::new();
    let mut hedge_at = None;
    // In this task, so that between a deadline and its word nothing has to be woken.
    let mut asked = pin!(FuturesUnordered::new());
    loop {
        let now = Instant::now();
        let is_hedge = hedge_at.is_some_and(|at| at <= now);
        if asked.is_empty() || is_hedge {
            let is_too_late = !failures.is_empty() && deadline.is_past(now);
            let share = deadline.share(now, waiting.len());
            match waiting.pop_front().filter(|_| !is_too_late) {
                Some(next) => asked.push(ask(next, share)),
                None if asked.is_empty() => return Err(failures),
                None => {}
            }
            hedge_at = if is_hedge { None } else { hedge_after.map(|after| now + after) };
            hedge_after = hedge_after.filter(|_| !is_hedge);
        }
        let hedge = hedge_at.filter(|_| !waiting.is_empty());
        let word = tokio::select! {
            biased;
            word = asked.next() => word,
            () = sleep_until(hedge.unwrap_or(now)), if hedge.is_some() => continue,
        };
        match word {
            Some(Word::Ends(with)) => return Ok(with),
            Some(Word::MovesOn(failure)) => failures.push(failure),
            Some(Word::NobodyElse(failure)) => {
                waiting.clear();
                failures.push(failure);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;

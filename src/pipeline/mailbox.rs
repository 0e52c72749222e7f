//! The mailbox between camera and encoder: room for one frame, a new one replaces an old one.
//!
//! Owns the exchange of buffers between two threads, the word that one is wanted, and the count of what was never looked at. Nothing
//! queues stale sight: what comes before it is wanted is not kept for later.

use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// One slot. `put` and `take` swap buffers, so that neither side allocates.
#[derive(Debug, Default)]
pub struct Mailbox<T> {
    slot: Mutex<Slot<T>>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slot<T> {
    value: T,
    full: bool,
    /// Somebody has asked for a value and has not got one.
    wanted: bool,
    closed: bool,
    dropped: u64,
}

/// What a look into the mailbox gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The value was swapped in.
    Value,
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

impl<T> Mailbox<T> {
    /// Puts `value` in; what lay there unread comes back in its place and counts as dropped, and so does `value` where none is wanted.
    pub fn put(&self, value: &mut T) {
        let mut slot = self.lock();
        if !slot.wanted {
            slot.dropped += 1;
            return;
        }
        mem::swap(&mut slot.value, value);
        if mem::replace(&mut slot.full, true) {
            slot.dropped += 1;
        }
        self.changed.notify_all();
    }

    /// Waits at most `patience` until a value is wanted that doesn't lie there yet.
    pub fn await_want(&self, patience: Duration) {
        let idle = |slot: &mut Slot<T>| (!slot.wanted || slot.full) && !slot.closed;
        drop(self.changed.wait_timeout_while(self.lock(), patience, idle));
    }

    /// Asks for a value, waits at most `patience` for it and swaps it for `value`. What was asked for in vain comes later.
    pub fn take(&self, value: &mut T, patience: Duration) -> Taken {
        let mut slot = self.lock();
        slot.wanted = true;
        self.changed.notify_all();
        let waiting = |slot: &mut Slot<T>| !slot.full && !slot.closed;
        let waited = self.changed.wait_timeout_while(slot, patience, waiting);
        let (mut slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if mem::take(&mut slot.full) {
            slot.wanted = false;
            mem::swap(&mut slot.value, value);
            Taken::Value
        } else if slot.closed {
            Taken::Closed
        } else {
            Taken::Nothing
        }
    }

    /// Nothing will be put any more. What lies there can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// How many values were never taken.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// A thread that panicked while holding the lock left whole values behind: every change is one swap.
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn a_new_value_replaces_an_unread_one_which_counts_as_dropped() {
        let mailbox = Mailbox::default();
        let mut value = 0;
        assert_eq!(mailbox.take(&mut value, Duration::ZERO), Taken::Nothing);
        for i in 1..=3 {
            mailbox.put(&mut { i });
        }
        assert_eq!((mailbox.take(&mut value, Duration::ZERO), value, mailbox.dropped()), (Taken::Value, 3, 2));
    }

    #[test]
    fn what_comes_before_it_is_wanted_is_not_kept_for_later() {
        let mailbox = Mailbox::default();
        let mut value = 0;
        mailbox.put(&mut 1);
        assert_eq!((mailbox.take(&mut value, Duration::ZERO), value, mailbox.dropped()), (Taken::Nothing, 0, 1));
        mailbox.put(&mut 2);
        assert_eq!((mailbox.take(&mut value, Duration::ZERO), value), (Taken::Value, 2));
        mailbox.put(&mut 3);
        assert_eq!((mailbox.take(&mut value, Duration::ZERO), mailbox.dropped()), (Taken::Nothing, 2));
    }

    #[test]
    fn who_puts_is_woken_where_a_value_is_wanted() {
        let mailbox = Arc::new(Mailbox::default());
        let putter = Arc::clone(&mailbox);
        let thread = thread::spawn(move || {
            putter.await_want(Duration::from_secs(60));
            putter.put(&mut 5);
        });
        let mut value = 0;
        assert_eq!((mailbox.take(&mut value, Duration::from_secs(60)), value), (Taken::Value, 5));
        assert!(thread.join().is_ok());
    }

    #[test]
    fn a_closed_mailbox_gives_what_it_has_and_then_ends() {
        let mailbox = Mailbox::default();
        let mut value = 0;
        assert_eq!(mailbox.take(&mut value, Duration::ZERO), Taken::Nothing);
        mailbox.put(&mut 7);
        mailbox.close();
        assert_eq!((mailbox.take(&mut value, Duration::ZERO), value), (Taken::Value, 7));
        assert_eq!(mailbox.take(&mut value, Duration::from_secs(60)), Taken::Closed);
    }

    #[test]
    fn a_taker_that_waits_is_woken() {
        let mailbox = Arc::new(Mailbox::default());
        let putter = Arc::clone(&mailbox);
        let mut value = 0;
        assert_eq!(mailbox.take(&mut value, Duration::ZERO), Taken::Nothing);
        let thread = thread::spawn(move || putter.put(&mut 5));
        assert_eq!((mailbox.take(&mut value, Duration::from_secs(60)), value), (Taken::Value, 5));
        assert!(thread.join().is_ok());
    }
}

//! Short sounds beside a voice that has none of its own: played on the sound device, while a speech server has its own way to it.
//!
//! Owns the device for as long as it lives, on a thread of its own, since opening one may hang; opens it again after a loss. Leaves the
//! moment of a sound to the voice. Where the device takes one program at a time, the server finds it taken, reports nothing of what it was
//! given, and the direct voice takes over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    UtteranceId, VoiceEvent, Volume,
    direct::{Chunk, Output, Player, Turns},
    lead::Lead,
};

/// Between two tries to open the device.
const RETRY: Duration = Duration::from_secs(2);
/// Between two looks at what the device reports.
const LOOK: Duration = Duration::from_millis(100);
/// By which a device must have played what it was given, beyond its length. Our inference, as for voices.
const PATIENCE: Duration = Duration::from_secs(4);
/// Samples a second, where the device leaves the choice.
const RATE: u32 = 48_000;

/// How the device fares; 0 while it is opened for the first time.
#[derive(Clone, Debug, Default)]
struct State(Arc<AtomicU8>);

impl State {
    const WORKS: u8 = 1;
    const LOST: u8 = 2;

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::Acquire) == state
    }

    /// Whether that is new.
    fn set(&self, state: u8) -> bool {
        self.0.swap(state, Ordering::AcqRel) != state
    }
}

/// Something to be heard at once.
struct Order {
    turn: u64,
    lead: Lead,
    volume: Volume,
}

/// The device's short sounds.
pub(super) struct Sounds {
    turns: Turns,
    orders: Sender<Order>,
    state: State,
}

impl Sounds {
    /// Begins to open the device; nothing waits for it.
    pub fn open() -> std::io::Result<Self> {
        let (turns, state) = (Turns::default(), State::default());
        let (orders, inbox) = mpsc::channel();
        let (for_turns, for_state) = (turns.clone(), state.clone());
        thread::Builder::new().name("sounds".to_owned()).spawn(move || play(&for_turns, &inbox, &for_state))?;
        Ok(Self { turns, orders, state })
    }

    /// Sounds `lead` now, in place of whatever sounds. How long words must wait for its end: not at all where it can't be heard.
    pub fn sound(&self, lead: Lead, volume: Volume) -> Duration {
        let turn = self.turns.begin();
        let heard = lead != Lead::default() && self.state.is(State::WORKS);
        if heard && self.orders.send(Order { turn, lead, volume }).is_ok() { lead.length() } else { Duration::ZERO }
    }

    /// Falls silent at once.
    pub fn stop(&self) {
        self.turns.begin();
    }

    /// Whether the device was lost, or could not be opened.
    pub fn are_lost(&self) -> bool {
        self.state.is(State::LOST)
    }
}

/// The device's name, once it has asked for samples; why it can't be heard, and the mend.
pub fn sound_device() -> Result<String, String> {
    let (output, turns) = (Output::find(RATE)?, Turns::default());
    let (_samples, chunks) = mpsc::channel();
    let (events, _device) = mpsc::channel();
    let name = output.name();
    output.play(Player::new(turns, chunks, events.clone()), events).map(|_| name)
}

/// The thread of the device, until nobody orders.
fn play(turns: &Turns, orders: &Receiver<Order>, state: &State) {
    loop {
        let problem = match serve(turns, orders, state) {
            Ok(()) => return,
            Err(problem) => problem,
        };
        if state.set(State::LOST) {
            tracing::warn!("short sounds can't be heard: {problem}");
        }
        // What was ordered meanwhile would come too late.
        let until = Instant::now() + RETRY;
        while let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            if let Err(RecvTimeoutError::Disconnected) = orders.recv_timeout(left) {
                return;
            }
        }
    }
}

/// Opens the device and plays what is ordered, until nobody orders or the device is lost.
fn serve(turns: &Turns, orders: &Receiver<Order>, state: &State) -> Result<(), String> {
    let output = Output::find(RATE)?;
    let rate = output.sample_rate();
    let (samples, chunks) = mpsc::channel();
    let (events, device) = mpsc::channel();
    let _stream = output.play(Player::new(turns.clone(), chunks, events.clone()), events)?;
    state.set(State::WORKS);
    // What was ordered last, until the device has played it.
    let mut owed: Option<(u64, Instant)> = None;
    loop {
        match orders.recv_timeout(LOOK) {
            Ok(Order { turn, lead, volume }) => {
                owed = Some((turn, Instant::now() + lead.length() + PATIENCE));
                let (id, side, samples_of) = (UtteranceId(turn), lead.side, lead.samples(rate, volume));
                let _ = samples.send(Chunk { turn, id, side, samples: samples_of, last: true });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        for event in device.try_iter() {
            match event {
                VoiceEvent::Finished(UtteranceId(turn)) => drop(owed.take_if(|(owed, _)| *owed == turn)),
                VoiceEvent::Lost(problem) => return Err(problem),
                VoiceEvent::Began(_) | VoiceEvent::Stopped(_) => {}
            }
        }
        owed.take_if(|(turn, _)| !turns.runs(*turn));
        if owed.is_some_and(|(_, until)| until < Instant::now()) {
            return Err("the sound device no longer plays".to_owned());
        }
    }
}

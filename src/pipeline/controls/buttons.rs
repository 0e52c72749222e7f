//! A headset's buttons, as the kernel tells of them: media keys of whatever device has any, but of keyboards with letters.
//!
//! Owns which devices are listened to, those that come later too, and the kernel's form of an event. Takes a device for itself while the
//! walk lasts, so that a press doesn't move the desktop's volume as well. Leaves gestures to `gestures`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read},
    os::{
        fd::{AsFd, AsRawFd},
        unix::fs::OpenOptionsExt,
    },
    path::PathBuf,
    sync::mpsc::Sender,
    thread,
    time::{Duration, Instant},
};

use super::{
    Request,
    gestures::{Button, Gestures},
    wait,
};
use crate::control::{Asked, By};

/// How often new devices are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// The kernel's numbers of keys, from `linux/input-event-codes.h`, as headsets use them: a wired one's only button is `KEY_MEDIA` or
/// `KEY_PLAYPAUSE`; a Bluetooth one sends play and pause by turns, whichever the player is not doing.
const BUTTONS: &[(u16, Button)] = &[
    (164, Button::Play),
    (226, Button::Play),
    (207, Button::Play),
    (119, Button::Play),
    (200, Button::Play),
    (201, Button::Play),
    (163, Button::Next),
    (165, Button::Previous),
    (115, Button::VolumeUp),
    (114, Button::VolumeDown),
    (166, Button::Stop),
    (128, Button::Stop),
];
/// `KEY_A`: what has letters is a keyboard, whose media keys are the desktop's.
const LETTER: u16 = 30;
/// `EV_KEY`.
const KEY: u16 = 1;
/// An event: two words of the machine for its time, then type, code and value.
const EVENT: usize = 2 * size_of::<libc::c_long>() + 8;
/// `EVIOCGRAB`.
const GRAB: libc::c_ulong = 0x4004_4590;

/// Where the kernel tells of devices.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Their files.
    pub devices: PathBuf,
    /// What they are.
    pub about: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self { devices: "/dev/input".into(), about: "/sys/class/input".into() }
    }
}

/// Listens on a thread of its own until nobody takes the requests.
pub fn listen(folders: Folders, requests: Sender<Request>) -> io::Result<()> {
    let mut headsets = Headsets { folders, open: BTreeMap::new(), refused: BTreeSet::new() };
    thread::Builder::new().name("buttons".to_owned()).spawn(move || headsets.serve(&requests)).map(drop)
}

struct Headsets {
    folders: Folders,
    /// By their names, as `event7`.
    open: BTreeMap<String, File>,
    /// Headsets that this user may not read: told once.
    refused: BTreeSet<String>,
}

impl Headsets {
    fn serve(&mut self, requests: &Sender<Request>) {
        let (started, mut gestures, mut controls) = (Instant::now(), Gestures::default(), Vec::new());
        let mut look = Instant::now();
        loop {
            if look <= Instant::now() {
                self.look();
                look = Instant::now() + LOOK;
            }
            let patience = look.saturating_duration_since(Instant::now());
            let due = gestures.due().map_or(patience, |due| due.saturating_sub(started.elapsed()));
            for (button, is_down) in self.read(patience.min(due)) {
                gestures.turn(button, is_down, started.elapsed(), &mut controls);
            }
            gestures.pass(started.elapsed(), &mut controls);
            for control in controls.drain(..) {
                let request = Request { asked: Asked::new(control, By::Buttons), reply: None };
                if requests.send(request).is_err() {
                    return;
                }
            }
        }
    }

    /// Opens what came since.
    fn look(&mut self) {
        let Ok(entries) = fs::read_dir(&self.folders.devices) else { return };
        for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
            if !name.starts_with("event") || self.open.contains_key(&name) || !self.is_headset(&name) {
                continue;
            }
            let path = self.folders.devices.join(&name);
            match File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path) {
                Ok(file) => {
                    // SAFETY: the number names the call, which takes a plain number. A file that is no device refuses it.
                    unsafe { libc::ioctl(file.as_raw_fd(), GRAB as _, 1) };
                    tracing::info!("{}: its buttons are listened to", path.display());
                    self.refused.remove(&name);
                    self.open.insert(name, file);
                }
                Err(error) => {
                    if self.refused.insert(name) {
                        tracing::warn!("{}: {error}; its buttons need this user in the group `input`", path.display());
                    }
                }
            }
        }
    }

    /// Whether it has any of the buttons and no letters, by the kernel's list of its keys: words of the machine, the highest first.
    fn is_headset(&self, name: &str) -> bool {
        let Ok(keys) = fs::read_to_string(self.folders.about.join(name).join("device/capabilities/key")) else { return false };
        let words: Vec<_> = keys.split_whitespace().rev().map(|word| u64::from_str_radix(word, 16).unwrap_or(0)).collect();
        let bits = libc::c_long::BITS as usize;
        let has = |key: u16| words.get(usize::from(key) / bits).is_some_and(|word| word >> (usize::from(key) % bits) & 1 == 1);
        !has(LETTER) && BUTTONS.iter().any(|(key, _)| has(*key))
    }

    /// What was pressed or let go, waiting `patience` for it at most. A device that is gone is forgotten.
    fn read(&mut self, patience: Duration) -> Vec<(Button, bool)> {
        let mut turns = Vec::new();
        let files: Vec<_> = self.open.values().map(AsFd::as_fd).collect();
        let mut ready = wait::readable(&files, patience).into_iter();
        self.open.retain(|name, file| {
            if !ready.next().unwrap_or(false) {
                return true;
            }
            let mut bytes = [0; EVENT * 32];
            match file.read(&mut bytes) {
                Ok(count) if count > 0 => {
                    turns.extend(bytes[..count].chunks_exact(EVENT).filter_map(turn));
                    true
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                _ => {
                    tracing::info!("{name}: is gone");
                    false
                }
            }
        });
        turns
    }
}

/// A button that goes down or up; what the kernel repeats of a held one is neither.
fn turn(event: &[u8]) -> Option<(Button, bool)> {
    let [.., t0, t1, c0, c1, v0, v1, v2, v3] = *event else { return None };
    let (kind, code) = (u16::from_ne_bytes([t0, t1]), u16::from_ne_bytes([c0, c1]));
    let (_, button) = BUTTONS.iter().find(|(key, _)| kind == KEY && *key == code)?;
    match i32::from_ne_bytes([v0, v1, v2, v3]) {
        0 => Some((*button, false)),
        1 => Some((*button, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::CString,
        io::Write,
        path::Path,
        sync::mpsc::{self, Receiver},
    };

    use super::*;
    use crate::control::Control;

    fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
        let mut event = vec![0; EVENT - 8];
        event.extend(kind.to_ne_bytes().into_iter().chain(code.to_ne_bytes()).chain(value.to_ne_bytes()));
        event
    }

    /// A device of the kernel's, played by a pipe: `name` with `keys`, as the kernel lists them.
    fn plug(folders: &Folders, name: &str, keys: &str) -> File {
        let about = folders.about.join(name).join("device/capabilities");
        fs::create_dir_all(&about).unwrap();
        fs::write(about.join("key"), keys).unwrap();
        let path = folders.devices.join(name);
        let c_path = CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: `c_path` ends in a zero and lives through the call.
        assert_eq!(unsafe { libc::mkfifo(c_path.as_ptr(), 0o600) }, 0);
        // For reading too, so that it opens before anyone listens.
        File::options().read(true).write(true).open(path).unwrap()
    }

    fn press(device: &mut File, code: u16) {
        for value in [1, 2, 0] {
            device.write_all(&event(KEY, code, value)).unwrap();
            device.write_all(&event(0, 0, 0)).unwrap();
        }
    }

    #[track_caller]
    fn hears(asked: &Receiver<Request>, want: Control) {
        let request = asked.recv_timeout(Duration::from_secs(20)).expect("a request");
        assert_eq!((request.asked.control, request.asked.by), (want, By::Buttons));
    }

    fn folders(dir: &Path) -> Folders {
        let folders = Folders { devices: dir.join("dev"), about: dir.join("sys") };
        fs::create_dir_all(&folders.devices).unwrap();
        folders
    }

    /// Keys 163 to 166 in the third word, 114 and 115 in the second.
    const HEADSET: &str = "7800000000 c000000000000 0";

    #[test]
    fn buttons_are_heard_of_a_headset_that_comes_goes_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let folders = folders(dir.path());
        let (requests, asked) = mpsc::channel();
        let keys = |keys: &[u16]| {
            let mut words = [0_u64; 4];
            keys.iter().for_each(|key| words[usize::from(*key) / 64] |= 1 << (key % 64));
            words.iter().rev().map(|word| format!("{word:x}")).collect::<Vec<_>>().join(" ")
        };
        let mut keyboard = plug(&folders, "event0", &keys(&[LETTER, 164]));
        listen(folders.clone(), requests).unwrap();
        for _ in 0..2 {
            let mut headset = plug(&folders, "event3", &keys(&[164, 163, 114, 115]));
            press(&mut headset, 115);
            hears(&asked, Control::Louder);
            press(&mut keyboard, 164);
            press(&mut headset, 114);
            hears(&asked, Control::Quieter);
            press(&mut headset, 164);
            hears(&asked, Control::Repeat);
            // Unplugged: nothing more is to be read from it.
            fs::remove_file(folders.devices.join("event3")).unwrap();
            drop(headset);
            thread::sleep(Duration::from_millis(300));
        }
        assert!(asked.try_recv().is_err(), "a keyboard's media keys are the desktop's");
    }

    #[test]
    fn a_headset_is_what_has_media_keys_and_no_letters() {
        let dir = tempfile::tempdir().unwrap();
        let headsets = Headsets { folders: folders(dir.path()), open: BTreeMap::new(), refused: BTreeSet::new() };
        for (name, keys, want) in [
            ("event1", HEADSET, true),
            ("event2", "1000000000 0 4000000000000000 fffffffffffffffe", false), // a keyboard: it has letters
            ("event3", "10000000000000 0", false),                               // a power button
            ("event4", "0", false),
            ("event5", "nonsense", false),
        ] {
            let about = headsets.folders.about.join(name).join("device/capabilities");
            fs::create_dir_all(&about).unwrap();
            fs::write(about.join("key"), keys).unwrap();
            assert_eq!(headsets.is_headset(name), want, "{name}");
        }
        assert!(!headsets.is_headset("event9"));
    }

    #[test]
    fn an_event_is_a_press_or_a_release_of_a_known_button() {
        for (kind, code, value, want) in [
            (KEY, 164, 1, Some((Button::Play, true))),
            (KEY, 164, 0, Some((Button::Play, false))),
            (KEY, 164, 2, None),
            (KEY, 30, 1, None),
            (0, 164, 1, None),
        ] {
            assert_eq!(turn(&event(kind, code, value)), want, "{kind} {code} {value}");
        }
        assert_eq!(turn(&[1, 2, 3]), None);
    }
}

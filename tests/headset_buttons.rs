//! A headset that the kernel makes up (uinput): its buttons are heard, also after it was unplugged and came back.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs::File,
    io::Write,
    os::fd::AsRawFd,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use streetscape::{
    control::{By, Control},
    pipeline::controls::{
        Request,
        buttons::{Folders, listen},
    },
};

/// From `linux/uinput.h`.
const SET_EVENT: u32 = 0x4004_5564;
const SET_KEY: u32 = 0x4004_5565;
const CREATE: u32 = 0x5501;
const DESTROY: u32 = 0x5502;
/// `EV_KEY`, and the keys of a headset.
const KEY: u16 = 1;
const PLAY: u16 = 164;
const NEXT: u16 = 163;
const VOLUME_UP: u16 = 115;

struct Headset(File);

impl Headset {
    /// `None` where the kernel makes no devices up for this user.
    fn plug() -> Option<Self> {
        let mut file = File::options().write(true).open("/dev/uinput").ok()?;
        call(&file, SET_EVENT, KEY);
        for key in [PLAY, NEXT, VOLUME_UP] {
            call(&file, SET_KEY, key);
        }
        // `struct uinput_user_dev`: a name of 80 bytes, bus and numbers, and no axes.
        let mut about = vec![0; 80 + 8 + 4 + 4 * 64 * 4];
        about[..7].copy_from_slice(b"headset");
        about[80] = 5;
        file.write_all(&about).unwrap();
        call(&file, CREATE, 0);
        Some(Self(file))
    }

    /// Down and up.
    fn press(&mut self, key: u16) {
        for value in [1_i32, 0] {
            for (kind, code, value) in [(KEY, key, value), (0, 0, 0)] {
                let mut event = vec![0; 2 * size_of::<libc::c_long>()];
                event.extend(kind.to_ne_bytes().into_iter().chain(code.to_ne_bytes()).chain(value.to_ne_bytes()));
                self.0.write_all(&event).unwrap();
            }
            thread::sleep(Duration::from_millis(40));
        }
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        call(&self.0, DESTROY, 0);
    }
}

#[track_caller]
fn call(file: &File, what: u32, argument: u16) {
    // SAFETY: each of these calls takes a plain number.
    let done = unsafe { libc::ioctl(file.as_raw_fd(), what as _, libc::c_ulong::from(argument)) };
    assert_eq!(done, 0, "{what:x}: {}", std::io::Error::last_os_error());
}

#[track_caller]
fn hears(asked: &Receiver<Request>, want: Control) {
    let request = asked.recv_timeout(Duration::from_secs(20)).expect("a request");
    assert_eq!((request.asked.control, request.asked.by), (want, By::Buttons));
}

#[test]
fn a_headsets_buttons_are_heard_until_it_goes_and_when_it_comes_back() {
    let Some(mut headset) = Headset::plug() else {
        eprintln!("skipped: this user may not write /dev/uinput, or it is not there");
        return;
    };
    let (requests, asked) = mpsc::channel();
    listen(Folders::default(), requests).unwrap();
    for _ in 0..2 {
        // Until it is listened to.
        thread::sleep(Duration::from_secs(3));
        headset.press(VOLUME_UP);
        hears(&asked, Control::Louder);
        headset.press(PLAY);
        headset.press(PLAY);
        hears(&asked, Control::Around);
        headset.press(NEXT);
        hears(&asked, Control::More);
        drop(headset);
        thread::sleep(Duration::from_secs(2));
        headset = Headset::plug().expect("as before");
    }
}

//! What can go wrong on a walk, as the walker has to hear it, and what the loop may do about it.
//!
//! Owns the names of faults. Leaves their words to `voices/`, their detection to the stages, the mending to `pipeline`.

/// What the loop does with an error of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Ask again: the next try may work.
    Retry,
    /// Open the device anew.
    Rebuild,
    /// Nothing the program does will mend it.
    Fatal,
}

/// A fault or its end, as an event that the narrator turns into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No picture has come for a while, or the device is gone.
    CameraLost,
    /// Pictures come again.
    CameraBack,
    /// The view is covered: hardly anything but one tone.
    CameraCovered,
    /// Too dark to see.
    TooDark,
    /// The encoder takes longer than the walk allows.
    EncoderLate,
    /// The encoder failed and is built anew.
    EncoderLost,
    /// The encoder answers again.
    EncoderBack,
    /// The voice was lost and another one speaks.
    VoiceLost,
    /// The recording could not go on.
    RecordingStopped,
    /// The session's log could not go on.
    LogStopped,
}

impl Fault {
    /// Every fault, for tests that visit each.
    pub const ALL: [Fault; 10] = [
        Fault::CameraLost,
        Fault::CameraBack,
        Fault::CameraCovered,
        Fault::TooDark,
        Fault::EncoderLate,
        Fault::EncoderLost,
        Fault::EncoderBack,
        Fault::VoiceLost,
        Fault::RecordingStopped,
        Fault::LogStopped,
    ];

    /// The name in logs and in `replay --json`.
    pub fn id(self) -> &'static str {
        match self {
            Fault::CameraLost => "camera_lost",
            Fault::CameraBack => "camera_back",
            Fault::CameraCovered => "camera_covered",
            Fault::TooDark => "too_dark",
            Fault::EncoderLate => "encoder_late",
            Fault::EncoderLost => "encoder_lost",
            Fault::EncoderBack => "encoder_back",
            Fault::VoiceLost => "voice_lost",
            Fault::RecordingStopped => "recording_stopped",
            Fault::LogStopped => "log_stopped",
        }
    }

    /// Its message in `voices/`.
    pub fn message(self) -> String {
        format!("fault-{}", self.id().replace('_', "-"))
    }

    /// The fault of that name.
    pub fn find(id: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.id() == id)
    }
}

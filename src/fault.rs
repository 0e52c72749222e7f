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
    /// The same picture comes again and again.
    CameraFrozen,
    /// Everything is blurred: the lens is smeared.
    CameraBlurred,
    /// The camera lies on its side.
    CameraOnSide,
    /// It points at the sky.
    CameraAtSky,
    /// It points at the ground, so that nothing ahead is seen.
    CameraAtGround,
    /// The picture is good again, after any of these.
    SightBack,
    /// The encoder takes longer than the walk allows.
    EncoderLate,
    /// The encoder failed and is built anew.
    EncoderLost,
    /// The encoder answers again.
    EncoderBack,
    /// The voice was lost and another one speaks.
    VoiceLost,
    /// The model's files are damaged, so that the encoder can't be built anew.
    ModelDamaged,
    /// The voice was lost for a while and speaks again.
    VoiceBack,
    /// The voice's short sounds can't be heard, so that silence isn't told from the program's end.
    SoundsLost,
    /// They can be heard again.
    SoundsBack,
    /// The battery will not last long.
    BatteryLow,
    /// It is charged again.
    BatteryBack,
    /// The processor is slowed down by heat; frames are looked at less often.
    ProcessorHot,
    /// It has cooled down.
    ProcessorCool,
    /// The wall clock was set.
    ClockJumped,
    /// The machine slept, and nothing was seen meanwhile.
    Woke,
    /// The recording could not go on.
    RecordingStopped,
    /// The session's log could not go on.
    LogStopped,
}

impl Fault {
    /// Every fault, for tests that visit each.
    pub const ALL: [Fault; 26] = [
        Fault::CameraLost,
        Fault::CameraBack,
        Fault::CameraCovered,
        Fault::TooDark,
        Fault::CameraFrozen,
        Fault::CameraBlurred,
        Fault::CameraOnSide,
        Fault::CameraAtSky,
        Fault::CameraAtGround,
        Fault::SightBack,
        Fault::EncoderLate,
        Fault::EncoderLost,
        Fault::EncoderBack,
        Fault::VoiceLost,
        Fault::ModelDamaged,
        Fault::VoiceBack,
        Fault::SoundsLost,
        Fault::SoundsBack,
        Fault::BatteryLow,
        Fault::BatteryBack,
        Fault::ProcessorHot,
        Fault::ProcessorCool,
        Fault::ClockJumped,
        Fault::Woke,
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
            Fault::CameraFrozen => "camera_frozen",
            Fault::CameraBlurred => "camera_blurred",
            Fault::CameraOnSide => "camera_on_side",
            Fault::CameraAtSky => "camera_at_sky",
            Fault::CameraAtGround => "camera_at_ground",
            Fault::SightBack => "sight_back",
            Fault::EncoderLate => "encoder_late",
            Fault::EncoderLost => "encoder_lost",
            Fault::EncoderBack => "encoder_back",
            Fault::VoiceLost => "voice_lost",
            Fault::ModelDamaged => "model_damaged",
            Fault::VoiceBack => "voice_back",
            Fault::SoundsLost => "sounds_lost",
            Fault::SoundsBack => "sounds_back",
            Fault::BatteryLow => "battery_low",
            Fault::BatteryBack => "battery_back",
            Fault::ProcessorHot => "processor_hot",
            Fault::ProcessorCool => "processor_cool",
            Fault::ClockJumped => "clock_jumped",
            Fault::Woke => "woke",
            Fault::RecordingStopped => "recording_stopped",
            Fault::LogStopped => "log_stopped",
        }
    }

    /// Its message in `voices/`.
    pub fn message(self) -> String {
        format!("fault-{}", self.id().replace('_', "-"))
    }

    /// Whether nothing that is seen meanwhile may be told: it is not there, not now, or not what probabilities were fitted on.
    pub fn blinds(self) -> bool {
        use Fault::{CameraAtSky, CameraCovered, CameraFrozen, CameraOnSide, TooDark};
        matches!(self, CameraCovered | TooDark | CameraFrozen | CameraOnSide | CameraAtSky)
    }

    /// Whether it is over once it is told.
    pub fn is_over(self) -> bool {
        use Fault::*;
        matches!(
            self,
            CameraBack | SightBack | EncoderBack | BatteryBack | ProcessorCool | VoiceBack | SoundsBack | ClockJumped | Woke
        )
    }

    /// The faults that this one's news ends: after them, and after it, the others are news again.
    pub fn ends(self) -> &'static [Fault] {
        use Fault::*;
        match self {
            CameraBack => &[CameraLost],
            CameraLost => &[CameraBack],
            EncoderBack => &[EncoderLost, ModelDamaged],
            EncoderLost | ModelDamaged => &[EncoderBack],
            SoundsBack => &[SoundsLost],
            SoundsLost => &[SoundsBack],
            BatteryBack => &[BatteryLow],
            BatteryLow => &[BatteryBack],
            ProcessorCool => &[ProcessorHot],
            ProcessorHot => &[ProcessorCool],
            SightBack => &[CameraCovered, TooDark, CameraFrozen, CameraBlurred, CameraOnSide, CameraAtSky, CameraAtGround],
            CameraCovered | TooDark | CameraFrozen | CameraBlurred | CameraOnSide | CameraAtSky | CameraAtGround => {
                &[SightBack]
            }
            EncoderLate | VoiceLost | VoiceBack | ClockJumped | Woke | RecordingStopped | LogStopped => &[],
        }
    }

    /// The fault of that name.
    pub fn find(id: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.id() == id)
    }
}

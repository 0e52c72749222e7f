# What is answered to a walker who asks, and what the program says of itself at its first start.
#
# $said is a whole sentence that was said before. Never "safe", "clear" or "go", and never the state of a signal.

## Repeat, more, around

answer-nothing-said = I have not spoken yet.
answer-seconds-ago = { $count } seconds ago: { $said }
answer-minutes-ago =
    { $count ->
        [one] A minute ago: { $said }
       *[other] { $count } minutes ago: { $said }
    }
answer-all-told = That is all I can tell.
answer-cannot-see = I cannot see now.

## Status

status-hours =
    { $hours ->
        [one] 1 hour
       *[other] { $hours } hours
    }
status-minutes =
    { $minutes ->
        [one] 1 minute
       *[other] { $minutes } minutes
    }
status-walking =
    { $hours ->
        [0] Walking for { status-minutes }.
       *[other] Walking for { status-hours }, { status-minutes }.
    }
status-begun = The walk has just begun.
status-well = Camera and voice work.
status-battery = Battery { $percent } percent.

## Toggles: each tells its state

answer-paused = Paused. I give no warnings.
answer-still-paused = Still paused. I give no warnings.
answer-resumed = I am watching again.
answer-volume = Volume { $percent } percent.
answer-volume-most = Full volume.
answer-volume-least = Lowest volume.
answer-rate = { $words } words a minute.
answer-rate-most = Highest speed.
answer-rate-least = Lowest speed.
answer-talk-quiet = I tell only what is in the way.
answer-talk-normal = I tell places and the ground too.
answer-talk-chatty = I tell all that I recognise.
answer-marked = Marked as wrong: { $said }
answer-unmarked = No log is kept. I cannot mark it.

## Help

help-keys-speech = Space: be quiet. Enter: repeat.
help-keys-street = A: what is around. M: more. S: status.
help-keys-sound = Up and down: volume. Right and left: speed.
help-keys-talk = Plus and minus: say more or less.
help-keys-rest = P: pause or resume. W: that was wrong. I: introduction. H: help.
help-buttons-play = Play repeats. Twice: what is around. Three times: help. Held: pause or resume.
help-buttons-next = Next tells more. Twice: status. Held: say more.
help-buttons-previous = Back is for: be quiet. Twice: that was wrong. Held: say less.
help-buttons-volume = The volume keys, when held, change the speed.
help-commands = The commands are repeat, more, around, status, help, pause, resume, stop, louder, quieter, chattier, less, faster, slower, wrong and introduce.

## The first start

introduction-what = Hello, this is Streetscape. I look through your camera, and tell you where you are and what stands in the way.
introduction-limits = I know streets, steps, obstacles and the ground. I overlook things, and at times I am wrong.
introduction-crossing = About crossing I never decide: that is up to you. Keep your cane or your dog, and your ears.
introduction-silence = Even when I am silent, something may be there.
introduction-help = For help, press H, or play three times on your headset. Space makes me quiet.
introduction-aim = Wear the camera upright on your chest, level, uncovered. I will tell you when it is well aimed.
aim-good = The camera is well aimed.
aim-poor = I cannot make out the street yet. Turn the camera to the front, upright.

## Settings

settings-broken = My settings were damaged. I use the usual ones.
settings-unsaved = I cannot keep my settings.

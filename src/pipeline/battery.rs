//! How full the battery is, as the kernel tells.

use std::{fs, path::Path};

/// Where it tells of it.
pub const SUPPLIES: &str = "/sys/class/power_supply";

/// Percent of the fullest battery in `supplies`; `None` where there is none.
pub fn percent(supplies: &Path) -> Option<u8> {
    charge(supplies).map(|(percent, _)| percent)
}

/// The same, and whether it is being drained. A mouse's battery is not the device's.
pub fn charge(supplies: &Path) -> Option<(u8, bool)> {
    let batteries = fs::read_dir(supplies).ok()?.filter_map(|entry| {
        let supply = entry.ok()?.path();
        let read = |name: &str| fs::read_to_string(supply.join(name)).ok();
        let of_a_part = read("scope").is_some_and(|scope| scope.trim() == "Device");
        let is_battery = read("type")?.trim() == "Battery" && !of_a_part;
        let drained = read("status").is_some_and(|status| !matches!(status.trim(), "Charging" | "Full"));
        let percent: u8 = is_battery.then(|| read("capacity")?.trim().parse().ok()).flatten()?;
        Some((percent.min(100), drained))
    });
    batteries.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(supplies: &[&[(&str, &str)]], want: Option<u8>) {
        let dir = tempfile::tempdir().unwrap();
        for (n, files) in supplies.iter().enumerate() {
            let supply = dir.path().join(format!("supply{n}"));
            fs::create_dir(&supply).unwrap();
            files.iter().for_each(|(name, text)| fs::write(supply.join(name), text).unwrap());
        }
        assert_eq!(percent(dir.path()), want, "{supplies:?}");
    }

    #[test]
    fn the_devices_own_battery_is_told_and_no_other() {
        let own: &[_] = &[("type", "Battery\n"), ("capacity", "52\n"), ("scope", "System\n")];
        let mains: &[_] = &[("type", "Mains\n"), ("online", "1\n")];
        check(&[mains, own], Some(52));
        check(&[own, &[("type", "Battery\n"), ("capacity", "80\n")]], Some(80));
        check(&[&[("type", "Battery\n"), ("capacity", "90\n"), ("scope", "Device\n")]], None);
        check(&[mains, &[("type", "Battery\n")], &[("type", "Battery\n"), ("capacity", "?\n")]], None);
        check(&[], None);
        assert_eq!(percent(Path::new("/nowhere")), None);
    }
}

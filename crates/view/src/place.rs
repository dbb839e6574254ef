//! Where the window goes.

/// A rectangle on the desktop, in logical pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// How much of the top of a window must be on a screen, so that it can be taken and moved.
const GRIP: f64 = 96.0;
/// The least window.
const LEAST: (f64, f64) = (640.0, 480.0);

/// Where a window goes that was at `wanted`: there, if it can be reached on one of the screens; else in the middle
/// of the first one. It is never larger than its screen. Nothing without a screen, or when nothing sensible was kept.
pub fn window_place(wanted: Area, screens: &[Area]) -> Option<Area> {
    let numbers = [wanted.x, wanted.y, wanted.width, wanted.height];
    if !numbers.iter().all(|it| it.is_finite()) || wanted.width < 1.0 || wanted.height < 1.0 {
        return None;
    }
    let first = screens.first()?;
    let home = screens.iter().find(|screen| can_be_taken(wanted, screen));
    let screen = home.unwrap_or(first);
    let width = wanted.width.max(LEAST.0).min(screen.width);
    let height = wanted.height.max(LEAST.1).min(screen.height);
    if home.is_some() {
        return Some(Area { width, height, ..wanted });
    }
    let x = screen.x + ((screen.width - width) / 2.0).round();
    let y = screen.y + ((screen.height - height) / 2.0).round();
    Some(Area { x, y, width, height })
}

fn can_be_taken(window: Area, screen: &Area) -> bool {
    let left = window.x.max(screen.x);
    let right = (window.x + window.width).min(screen.x + screen.width);
    let is_top_there = window.y >= screen.y && window.y + GRIP / 2.0 <= screen.y + screen.height;
    right - left >= GRIP && is_top_there
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Area = Area { x: 0.0, y: 0.0, width: 1280.0, height: 800.0 };
    const RIGHT: Area = Area { x: 1280.0, y: 0.0, width: 1920.0, height: 1080.0 };

    fn check(x: f64, y: f64, width: f64, height: f64, screens: &[Area]) -> Option<(f64, f64, f64, f64)> {
        window_place(Area { x, y, width, height }, screens).map(|it| (it.x, it.y, it.width, it.height))
    }

    #[test]
    fn a_window_that_can_be_reached_stays() {
        assert_eq!(check(1400.0, 50.0, 900.0, 600.0, &[SCREEN, RIGHT]), Some((1400.0, 50.0, 900.0, 600.0)));
        assert_eq!(check(-700.0, 0.0, 900.0, 600.0, &[SCREEN]), Some((-700.0, 0.0, 900.0, 600.0)));
    }

    #[test]
    fn a_window_of_a_screen_that_is_gone_comes_to_the_middle() {
        assert_eq!(check(1400.0, 50.0, 900.0, 600.0, &[SCREEN]), Some((190.0, 100.0, 900.0, 600.0)));
        assert_eq!(check(0.0, -500.0, 900.0, 600.0, &[SCREEN]), Some((190.0, 100.0, 900.0, 600.0)));
        assert_eq!(check(5e9, 5e9, 9e9, 1.0, &[SCREEN]), Some((0.0, 160.0, 1280.0, 480.0)));
    }

    #[test]
    fn nonsense_is_forgotten() {
        assert_eq!(check(f64::NAN, 0.0, 900.0, 600.0, &[SCREEN]), None);
        assert_eq!(check(0.0, 0.0, 0.0, 600.0, &[SCREEN]), None);
        assert_eq!(check(0.0, 0.0, 900.0, 600.0, &[]), None);
    }
}

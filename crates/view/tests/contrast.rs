//! The colours of the window, read from its theme: every text can be read on every surface of every theme.

use std::collections::BTreeMap;

const THEME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../qml/theme/Theme.qml");
const THEMES: [&str; 3] = ["light", "dark", "high contrast"];

/// What is written on surfaces.
const INKS: [&str; 9] = ["text", "text2", "text3", "accent", "ok", "busy", "warn", "fail", "idle"];
/// What it is written on.
const SURFACES: [&str; 11] = [
    "base", "chrome", "raised", "sunken", "hover", "press", "select", "okTint", "busyTint", "warnTint",
    "failTint",
];
/// The least contrast of text (WCAG 2.1, 1.4.3).
const TEXT_MIN: f64 = 4.5;
/// The least contrast of what is no text and has a meaning (WCAG 2.1, 1.4.11).
const SHAPE_MIN: f64 = 3.0;

/// Red, green and blue of a role in each theme.
type Colours = BTreeMap<String, [[u8; 3]; 3]>;

fn colours() -> Colours {
    let theme = std::fs::read_to_string(THEME).expect("the theme is part of the project");
    let role = |line: &str| {
        let line = line.trim().strip_prefix("readonly property color ")?;
        let (name, value) = line.split_once(": pick(")?;
        let hexes: Vec<_> = value.split('"').filter(|part| part.starts_with('#')).map(rgb).collect();
        Some((name.to_owned(), hexes.try_into().expect("a colour for each theme")))
    };
    theme.lines().filter_map(role).collect()
}

fn rgb(hex: &str) -> [u8; 3] {
    let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    [part(1), part(3), part(5)]
}

/// Relative luminance of sRGB (WCAG 2.1).
fn luminance(colour: [u8; 3]) -> f64 {
    let linear = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The pairs that are too close, in words.
fn too_close(colours: &Colours, ink: &str, surface: &str, least: f64) -> Vec<String> {
    let (inks, surfaces) = (colours[ink], colours[surface]);
    let pairs = THEMES.iter().zip(inks.iter().zip(&surfaces));
    pairs
        .map(|(theme, (ink, surface))| (theme, contrast(*ink, *surface)))
        .filter(|(_, contrast)| *contrast < least)
        .map(|(theme, contrast)| format!("{ink} on {surface} in {theme}: {contrast:.2} of {least}"))
        .collect()
}

#[test]
fn contrast_is_that_of_the_standard() {
    assert!((contrast([255; 3], [0; 3]) - 21.0).abs() < 0.01);
    assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.01);
}

#[test]
fn every_text_can_be_read_on_every_surface() {
    let colours = colours();
    let mut wrong = too_close(&colours, "accentInk", "accentFill", TEXT_MIN);
    for ink in INKS {
        for surface in SURFACES {
            wrong.extend(too_close(&colours, ink, surface, TEXT_MIN));
        }
    }
    for code in colours.keys().filter(|name| name.starts_with("code")) {
        for surface in ["base", "failTint", "warnTint"] {
            wrong.extend(too_close(&colours, code, surface, TEXT_MIN));
        }
    }
    for surface in ["base", "chrome", "raised", "sunken"] {
        wrong.extend(too_close(&colours, "border", surface, SHAPE_MIN));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

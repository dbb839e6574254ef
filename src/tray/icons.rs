//! The pictures of the tray, drawn from the glyphs.

use ostler_api::Word;
use ostler_view::Mood;
#[cfg(any(target_os = "linux", test))]
use resvg::tiny_skia::PremultipliedColorU8;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// The sizes that panels ask for, in pixels.
const SIZES: [u32; 6] = [16, 22, 24, 32, 48, 64];

/// The size of a picture in the menu, in pixels.
const MENU_SIZE: u32 = 16;

/// The size of a picture in a notification, in pixels.
#[cfg(any(target_os = "linux", test))]
const NOTE_SIZE: u32 = 48;

/// How wide the rim is, in the units of a glyph.
const HALO: f32 = 2.4;

/// Colours on dark and on light.
struct Colours {
    /// Around everything, so that the icon is seen on a panel that is not as the colours of the windows.
    halo: &'static str,
    shoe: &'static str,
    ok: &'static str,
    busy: &'static str,
    warn: &'static str,
    fail: &'static str,
    idle: &'static str,
}

const ON_LIGHT: Colours = Colours {
    halo: "#FFFFFF",
    shoe: "#1A1B1E",
    ok: "#1B7740",
    busy: "#2B52C7",
    warn: "#8A5600",
    fail: "#BD2230",
    idle: "#64676E",
};

const ON_DARK: Colours = Colours {
    halo: "#000000",
    shoe: "#E8E9EB",
    ok: "#62C98D",
    busy: "#8CADFF",
    warn: "#E5B04C",
    fail: "#FF8078",
    idle: "#969AA1",
};

/// Which colours the icon has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IconStyle {
    /// For a dark panel.
    pub(crate) is_dark: bool,
    /// In one colour.
    pub(crate) is_mono: bool,
}

/// All pictures for one background.
pub(super) struct Icons {
    moods: Vec<(Mood, Vec<Pixmap>)>,
    words: Vec<(Word, Vec<u8>)>,
}

impl Icons {
    /// Draws them.
    pub(super) fn new(style: IconStyle) -> Self {
        let colours = if style.is_dark { ON_DARK } else { ON_LIGHT };
        let moods = MOODS.map(|(mood, glyph, mark)| {
            let mark = if style.is_mono { colours.shoe } else { mark(&colours) };
            let svg = haloed(&tinted(glyph, colours.shoe, mark), colours.halo);
            (mood, SIZES.iter().filter_map(|size| draw(&svg, *size)).collect())
        });
        let words = WORDS.map(|(word, glyph, colour)| {
            let svg = tinted(glyph, colour(&colours), colour(&colours));
            (word, draw(&svg, MENU_SIZE).and_then(|it| it.encode_png().ok()).unwrap_or_default())
        });
        Self { moods: moods.into(), words: words.into() }
    }

    /// The icon of a mood in all sizes.
    pub(super) fn mood(&self, mood: Mood) -> &[Pixmap] {
        self.moods.iter().find(|(it, _)| *it == mood).map_or(&[], |(_, pictures)| pictures)
    }

    /// The picture of a state in the menu, PNG.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "the lines of Qt's menu have no pictures")
    )]
    pub(super) fn word(&self, word: Word) -> Vec<u8> {
        self.words.iter().find(|(it, _)| *it == word).map(|(_, png)| png.clone()).unwrap_or_default()
    }
}

type Pick = fn(&Colours) -> &'static str;

macro_rules! glyph {
    ($name:literal) => {
        include_str!(concat!("../../resources/glyphs/", $name, ".svg"))
    };
}

const MOODS: [(Mood, &str, Pick); 6] = [
    (Mood::Ok, glyph!("tray-ok"), |it| it.ok),
    (Mood::Busy, glyph!("tray-busy"), |it| it.busy),
    (Mood::Degraded, glyph!("tray-degraded"), |it| it.warn),
    (Mood::Failed, glyph!("tray-failed"), |it| it.fail),
    (Mood::Stopped, glyph!("tray-stopped"), |it| it.idle),
    (Mood::NoEngine, glyph!("tray-no-engine"), |it| it.idle),
];

const WORDS: [(Word, &str, Pick); 10] = [
    (Word::Failed, glyph!("state-failed"), |it| it.fail),
    (Word::Backoff, glyph!("state-backoff"), |it| it.warn),
    (Word::Degraded, glyph!("state-degraded"), |it| it.warn),
    (Word::Stopping, glyph!("state-stopping"), |it| it.busy),
    (Word::Starting, glyph!("state-starting"), |it| it.busy),
    (Word::Running, glyph!("state-running"), |it| it.ok),
    (Word::Completed, glyph!("state-completed"), |it| it.ok),
    (Word::Stopped, glyph!("state-stopped"), |it| it.idle),
    (Word::Disabled, glyph!("state-disabled"), |it| it.idle),
    (Word::Unknown, glyph!("state-unknown"), |it| it.idle),
];

/// Colours a glyph: its mark one way, the rest another.
fn tinted(svg: &str, shoe: &str, mark: &str) -> String {
    let line = |line: &str| {
        let colour = if line.contains("id=\"mark\"") { mark } else { shoe };
        line.replace("currentColor", colour)
    };
    svg.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A picture with a bright or dark rim.
fn haloed(svg: &str, halo: &str) -> String {
    let Some((start, end)) = svg.find('>').zip(svg.rfind("</svg>")) else { return svg.to_owned() };
    let (head, shapes) = (&svg[..=start], &svg[start + 1..end]);
    let rim = shapes.replace("fill=\"none\"", "").replace("fill=\"#", "data-fill=\"#");
    let rim = rim.replace("stroke=\"#", "data-stroke=\"#").replace("stroke-width", "data-width");
    let style = format!("fill=\"none\" stroke=\"{halo}\" stroke-width=\"{HALO}\" stroke-linejoin=\"round\"");
    format!("{head}<g opacity=\"0.85\" {style}>{rim}</g>{shapes}</svg>")
}

fn draw(svg: &str, size: u32) -> Option<Pixmap> {
    let tree = Tree::from_str(svg, &Options::default())
        .inspect_err(|error| tracing::error!(%error, "a glyph cannot be drawn"))
        .ok()?;
    let mut pixmap = Pixmap::new(size, size)?;
    let scale = size as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    Some(pixmap)
}

/// The icon of a mood as notifications want it: RGBA, not premultiplied; its side in pixels, and the bytes.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn picture(mood: Mood) -> Option<(i32, Vec<u8>)> {
    let (_, glyph, mark) = MOODS.iter().find(|(it, ..)| *it == mood)?;
    let svg = haloed(&tinted(glyph, ON_LIGHT.shoe, mark(&ON_LIGHT)), ON_LIGHT.halo);
    let pixmap = draw(&svg, NOTE_SIZE)?;
    let rgba = |pixel: &PremultipliedColorU8| {
        let colour = pixel.demultiply();
        [colour.red(), colour.green(), colour.blue(), colour.alpha()]
    };
    Some((NOTE_SIZE as i32, pixmap.pixels().iter().flat_map(rgba).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mood_has_a_picture_of_its_own_in_every_size_and_style() {
        for style in [(false, false), (false, true), (true, false), (true, true)] {
            let icons = Icons::new(IconStyle { is_dark: style.0, is_mono: style.1 });
            let drawn = MOODS.map(|(mood, ..)| icons.mood(mood));
            let alpha = |picture: &Pixmap| picture.pixels().iter().map(|it| it.alpha()).collect::<Vec<_>>();
            for (index, pictures) in drawn.iter().enumerate() {
                assert_eq!(pictures.len(), SIZES.len());
                assert!(pictures.iter().all(|it| alpha(it).iter().any(|alpha| *alpha > 200)), "not empty");
                for others in &drawn[index + 1..] {
                    assert_ne!(alpha(&pictures[0]), alpha(&others[0]), "told apart by shape alone");
                }
            }
        }
    }

    #[test]
    fn the_mono_style_has_one_colour_and_its_rim() {
        let icons = Icons::new(IconStyle { is_dark: false, is_mono: true });
        for (mood, ..) in MOODS {
            let solid = icons.mood(mood)[5].pixels().iter().filter(|it| it.alpha() == 255);
            let is_grey = |it: &PremultipliedColorU8| it.red().abs_diff(it.blue()) < 8;
            assert!(solid.clone().count() > 0 && solid.clone().all(is_grey), "{mood:?}");
        }
    }

    /// After a change of the glyph: `OSTLER_DRAW=1 cargo test -p ostler-tray the_programs_have_the_glyph`.
    #[test]
    fn the_programs_have_the_glyph_as_their_icon() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/resources/windows/ostler.ico");
        let drawn = [16, 20, 24, 32, 40, 48, 64, 256].map(|size| draw(glyph!("app"), size).unwrap());
        if std::env::var_os("OSTLER_DRAW").is_some() {
            std::fs::write(path, ico(&drawn)).unwrap();
        }
        assert!(pictures(&std::fs::read(path).unwrap()) == drawn, "the icon is another than the glyph");
    }

    /// An icon file with a PNG of each.
    fn ico(pictures: &[Pixmap]) -> Vec<u8> {
        let pngs: Vec<Vec<u8>> = pictures.iter().map(|it| it.encode_png().unwrap()).collect();
        let mut file = vec![0, 0, 1, 0, pictures.len() as u8, 0];
        let mut start = file.len() + 16 * pictures.len();
        for (picture, png) in pictures.iter().zip(&pngs) {
            // A side of 256 is written as 0; one plane, 32 bits for each pixel.
            file.extend([picture.width() as u8, picture.height() as u8, 0, 0, 1, 0, 32, 0]);
            file.extend((png.len() as u32).to_le_bytes());
            file.extend((start as u32).to_le_bytes());
            start += png.len();
        }
        file.extend(pngs.concat());
        file
    }

    /// What such a file shows.
    fn pictures(file: &[u8]) -> Vec<Pixmap> {
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
        let entries = file[6..].chunks(16).take(usize::from(file[4]));
        let png = |entry: &[u8]| &file[number(&entry[12..16])..][..number(&entry[8..12])];
        entries.map(|entry| Pixmap::decode_png(png(entry)).unwrap()).collect()
    }

    #[test]
    fn a_notification_has_a_picture() {
        let (side, bytes) = picture(Mood::Failed).unwrap();
        assert_eq!(bytes.len(), (side * side * 4) as usize);
    }

    #[test]
    fn every_state_has_a_picture_in_the_menu() {
        let icons = Icons::new(IconStyle { is_dark: true, is_mono: false });
        for (word, ..) in WORDS {
            assert!(icons.word(word).starts_with(b"\x89PNG"), "{word:?}");
        }
    }
}

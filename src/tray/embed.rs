//! Qt's icon: on the X Window System where nobody shows StatusNotifier items, and on other systems.

use std::sync::{LazyLock, Mutex, PoisonError};

use cxx_qt::CxxQtThread;
use cxx_qt_lib::{QByteArray, QString};
use ostler_view::{MenuAct, MenuLine, Mood, TrayView, tray_menu};
use tokio::sync::watch;

use super::IconStyle;
use super::icons::Icons;
use crate::bridge::desktop::ffi::Desktop;
use crate::bridge::shell::ffi as shell;
use crate::desk::{Ask, Desk};
use crate::desktop::ask_of;

/// Whether a tray shows it. Qt's callbacks have no other way here.
static REACHABLE: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// How often what is told at the icon was clicked.
static CLICKS: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::Sender::new(0));

/// What the lines of its menu do, by their number.
static ACTS: Mutex<Vec<MenuAct>> = Mutex::new(Vec::new());

/// Qt's icon.
#[derive(Default)]
pub(super) struct Embed {
    is_open: bool,
    shown: Option<Shown>,
}

/// What it shows.
#[derive(PartialEq)]
struct Shown {
    mood: Mood,
    style: IconStyle,
    tooltip: Vec<String>,
    menu: Vec<MenuLine>,
}

/// Whether a tray shows it, and changes of that.
pub(crate) fn reachable() -> watch::Receiver<bool> {
    REACHABLE.subscribe()
}

/// How often what is told at the icon was clicked, and changes of that.
pub(crate) fn clicks() -> watch::Receiver<u64> {
    CLICKS.subscribe()
}

/// Tells something at the icon, instead of what is told there; with empty texts nothing is told any more.
pub(crate) fn tell(qt: &CxxQtThread<Desktop>, title: String, text: String, is_trouble: bool) {
    post(qt, move || shell::embed_tell(&QString::from(&title), &QString::from(&text), is_trouble));
}

impl Embed {
    /// Shows it, or takes it away.
    pub(super) fn show(
        &mut self,
        is_wanted: bool,
        qt: Option<&CxxQtThread<Desktop>>,
        view: &TrayView,
        icons: &Icons,
        style: IconStyle,
    ) {
        let Some(qt) = qt else { return };
        if is_wanted != self.is_open {
            self.is_open = is_wanted;
            self.shown = None;
            post(qt, move || match is_wanted {
                true => shell::embed_open(chosen, reached),
                false => {
                    shell::embed_close();
                    REACHABLE.send_replace(false);
                }
            });
        }
        if !self.is_open {
            return;
        }
        let next = Shown { mood: view.mood, style, tooltip: view.tooltip.clone(), menu: tray_menu(view) };
        let old = self.shown.as_ref();
        if old.is_none_or(|old| (old.mood, old.style) != (next.mood, next.style)) {
            let pictures: Vec<_> =
                icons.mood(next.mood).iter().filter_map(|it| it.encode_png().ok()).collect();
            post(qt, move || {
                pictures.iter().for_each(|png| shell::embed_icon_add(&QByteArray::from(png.as_slice())));
                shell::embed_icon_end();
            });
        }
        if old.is_none_or(|old| old.tooltip != next.tooltip) {
            let text = next.tooltip.join("\n");
            post(qt, move || shell::embed_tooltip(&QString::from(&text)));
        }
        if old.is_none_or(|old| old.menu != next.menu) {
            let menu = next.menu.clone();
            post(qt, move || {
                let mut acts = Vec::new();
                add(&menu, 0, &mut acts);
                *ACTS.lock().unwrap_or_else(PoisonError::into_inner) = acts;
                shell::embed_menu_end();
            });
        }
        self.shown = Some(next);
    }
}

/// Hands lines to Qt, and numbers what they do.
fn add(lines: &[MenuLine], depth: i32, acts: &mut Vec<MenuAct>) {
    let put = |kind: i32, act: Option<&MenuAct>, label: &str, is_on: bool, acts: &mut Vec<MenuAct>| {
        let id = act.map_or(i32::MIN, |_| i32::try_from(acts.len()).unwrap_or(i32::MIN));
        acts.extend(act.cloned());
        shell::embed_menu_add(depth, kind, id, &QString::from(label), is_on);
    };
    for line in lines {
        match line {
            MenuLine::Text(label) => put(0, None, label, false, acts),
            MenuLine::Separator => put(1, None, "", false, acts),
            MenuLine::Action { label, act, is_enabled } => put(2, Some(act), label, *is_enabled, acts),
            MenuLine::Choice { label, act, is_chosen } => put(3, Some(act), label, *is_chosen, acts),
            MenuLine::Submenu { label, lines, .. } => {
                put(4, None, label, true, acts);
                add(lines, depth + 1, acts);
            }
        }
    }
}

/// A tray is there, or not.
fn reached(is_there: bool) {
    REACHABLE.send_replace(is_there);
}

/// A line was chosen, or the icon was clicked.
fn chosen(id: i32) {
    let act = || {
        let acts = ACTS.lock().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(id).ok().and_then(|id| acts.get(id).cloned())
    };
    match id {
        -1 => Desk::ask(Ask::Toggle),
        -2 => Desk::ask(Ask::Show),
        -3 => CLICKS.send_modify(|count| *count += 1),
        _ => {
            if let Some(act) = act() {
                Desk::ask(ask_of(act));
            }
        }
    }
}

fn post(qt: &CxxQtThread<Desktop>, change: impl FnOnce() + Send + 'static) {
    crate::stage::post(qt, &std::sync::Arc::new(()), move |_| change());
}

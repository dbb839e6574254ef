//! The item: icon, tooltip and menu as the bus asks for them.

use ksni::menu::{RadioGroup, RadioItem, StandardItem, SubMenu};
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, Tray};
use ostler_view::{MenuAct, MenuLine, Mood, TrayView, tray_menu};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};
use tokio::sync::{mpsc, watch};

use super::icons::Icons;
use crate::desk::Ask;
use crate::desktop::{Place, Wish, ask_of};

/// The item.
pub(super) struct Item {
    /// What it shows.
    pub(super) view: TrayView,
    /// Its pictures.
    pub(super) icons: Icons,
    /// Whether somebody shows it.
    pub(super) is_there: watch::Sender<bool>,
    /// Clicks.
    pub(super) asks: mpsc::Sender<Ask>,
}

impl Item {
    fn ask(&self, ask: Ask) {
        if let Err(error) = self.asks.try_send(ask) {
            tracing::warn!(%error, "a click in the tray was not taken");
        }
    }
}

impl Tray for Item {
    // A click asks for the window; the menu comes with the other button.
    const MENU_ON_ACTIVATE: bool = false;

    fn id(&self) -> String {
        "dev.ostler.tray".to_owned()
    }

    fn title(&self) -> String {
        "Ostler".to_owned()
    }

    fn category(&self) -> Category {
        Category::SystemServices
    }

    fn status(&self) -> Status {
        match self.view.mood {
            Mood::Failed => Status::NeedsAttention,
            Mood::Ok | Mood::Busy | Mood::Degraded | Mood::Stopped | Mood::NoEngine => Status::Active,
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        self.icons.mood(self.view.mood).iter().map(icon).collect()
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        self.icons.mood(self.view.mood).iter().map(icon).collect()
    }

    fn tool_tip(&self) -> ToolTip {
        let mut lines = self.view.tooltip.iter();
        ToolTip {
            title: lines.next().cloned().unwrap_or_else(|| "Ostler".to_owned()),
            description: lines.map(|line| escaped(line)).collect::<Vec<_>>().join("\n"),
            ..ToolTip::default()
        }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.lines(&tray_menu(&self.view))
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.pass_token();
        self.ask(Ask::Toggle);
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
        self.pass_token();
        self.ask(Ask::Show);
    }

    fn watcher_online(&self) {
        self.is_there.send_replace(true);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "nobody shows the tray icon; waiting");
        self.is_there.send_replace(false);
        true
    }
}

impl Item {
    fn lines(&self, lines: &[MenuLine]) -> Vec<MenuItem<Self>> {
        // Items that exclude each other are one item here.
        let has_choices = lines.iter().any(|line| matches!(line, MenuLine::Choice { .. }));
        if has_choices { vec![choices(lines)] } else { lines.iter().map(|line| self.line(line)).collect() }
    }

    fn line(&self, line: &MenuLine) -> MenuItem<Self> {
        match line {
            MenuLine::Separator => MenuItem::Separator,
            MenuLine::Text(words) | MenuLine::Choice { label: words, .. } => {
                StandardItem { label: label(words), enabled: false, ..StandardItem::default() }.into()
            }
            MenuLine::Action { label: words, act, is_enabled } => {
                let act = act.clone();
                StandardItem {
                    label: label(words),
                    enabled: *is_enabled,
                    activate: Box::new(move |item: &mut Self| item.act(act.clone())),
                    ..StandardItem::default()
                }
                .into()
            }
            MenuLine::Submenu { label: words, word, lines } => SubMenu {
                label: label(words),
                icon_data: word.map(|word| self.icons.word(word)).unwrap_or_default(),
                submenu: self.lines(lines),
                ..SubMenu::default()
            }
            .into(),
        }
    }

    fn act(&self, act: MenuAct) {
        self.pass_token();
        self.ask(ask_of(act));
    }

    /// What the host gave along so that the window may come to the front.
    fn pass_token(&self) {
        if let Some(token) = ksni::current_xdg_activation_token() {
            self.ask(Ask::Desktop(Wish::Go(Place::Token(token))));
        }
    }
}

fn choices(lines: &[MenuLine]) -> MenuItem<Item> {
    let mut acts = Vec::new();
    let mut group = RadioGroup { selected: 0, select: Box::new(|_: &mut Item, _| {}), options: Vec::new() };
    for line in lines {
        if let MenuLine::Choice { label: words, act, is_chosen } = line {
            if *is_chosen {
                group.selected = acts.len();
            }
            acts.push(act.clone());
            group.options.push(RadioItem { label: label(words), ..RadioItem::default() });
        }
    }
    group.select = Box::new(move |item: &mut Item, index| {
        if let Some(act) = acts.get(index) {
            item.act(act.clone());
        }
    });
    group.into()
}

/// A text whose underscores are not taken for marks of access keys.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

/// As StatusNotifierItem wants it: ARGB, not premultiplied, network byte order.
fn icon(picture: &Pixmap) -> Icon {
    let argb = |pixel: &PremultipliedColorU8| {
        let colour = pixel.demultiply();
        [colour.alpha(), colour.red(), colour.green(), colour.blue()]
    };
    let data = picture.pixels().iter().flat_map(argb).collect();
    Icon { width: picture.width() as i32, height: picture.height() as i32, data }
}

/// A text that is not taken for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_neither_markup_nor_access_keys() {
        assert_eq!(label("my_api"), "my__api");
        assert_eq!(escaped("<b>&"), "&lt;b&gt;&amp;");
    }
}

//! The item: icon, tooltip and menu as the bus asks for them.

use ksni::menu::{RadioGroup, RadioItem, StandardItem, SubMenu};
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, Tray};
use ostler_view::{Mood, TrayService, TrayView};
use tokio::sync::{mpsc, watch};

use super::icons::Icons;
use crate::desk::{Ask, Verb};

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
        self.icons.mood(self.view.mood)
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        self.icons.mood(self.view.mood)
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
        let mut menu = vec![text(&self.view.headline), MenuItem::Separator];
        menu.extend(self.view.services.iter().map(|service| self.service(service)));
        if self.view.more > 0 {
            menu.push(action(&format!("{} more in the window…", self.view.more), true, || Ask::Show));
        }
        if !self.view.services.is_empty() {
            menu.push(MenuItem::Separator);
        }
        if !self.view.modes.is_empty() {
            menu.push(self.modes());
        }
        menu.push(action("Open Ostler", true, || Ask::Show));
        menu.push(MenuItem::Separator);
        menu.push(action("Quit", true, || Ask::Quit));
        menu
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.ask(Ask::Toggle);
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
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
    fn service(&self, service: &TrayService) -> MenuItem<Self> {
        let act = |label: &str, verb: Verb, is_enabled: bool| {
            let name = service.name.clone();
            action(label, is_enabled, move || Ask::Act(verb, name.clone()))
        };
        let mut submenu = Vec::new();
        if !service.why.is_empty() {
            submenu.extend([text(&service.why), MenuItem::Separator]);
        }
        submenu.push(act("Start", Verb::Start, service.can_start));
        submenu.push(act("Stop", Verb::Stop, service.can_stop));
        submenu.push(act("Restart", Verb::Restart, service.can_restart));
        SubMenu {
            label: label(&service.label),
            icon_data: self.icons.word(service.word),
            submenu,
            ..SubMenu::default()
        }
        .into()
    }

    fn modes(&self) -> MenuItem<Self> {
        let option = |mode: &String| RadioItem { label: label(mode), ..RadioItem::default() };
        let group = RadioGroup {
            selected: self.view.modes.iter().position(|mode| *mode == self.view.mode).unwrap_or_default(),
            select: Box::new(|item: &mut Self, index| {
                if let Some(mode) = item.view.modes.get(index) {
                    item.ask(Ask::ChangeMode(mode.clone()));
                }
            }),
            options: self.view.modes.iter().map(option).collect(),
        };
        SubMenu {
            label: label(&format!("Mode: {}", self.view.mode)),
            submenu: vec![group.into()],
            ..SubMenu::default()
        }
        .into()
    }
}

fn text(line: &str) -> MenuItem<Item> {
    StandardItem { label: label(line), enabled: false, ..StandardItem::default() }.into()
}

fn action(line: &str, is_enabled: bool, ask: impl Fn() -> Ask + Send + 'static) -> MenuItem<Item> {
    StandardItem {
        label: label(line),
        enabled: is_enabled,
        activate: Box::new(move |item: &mut Item| item.ask(ask())),
        ..StandardItem::default()
    }
    .into()
}

/// A text whose underscores are not taken for marks of access keys.
fn label(text: &str) -> String {
    text.replace('_', "__")
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

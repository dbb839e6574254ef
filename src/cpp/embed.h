// Qt's tray icon: on Windows and macOS, and where there is no StatusNotifier host but a tray of the X Window System.
#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <cstdint>

#include "rust/cxx.h"

namespace ostler {

// Looks for a tray from now on. `chosen` is told which line of the menu was chosen (-1: the icon was clicked, -2: with
// the middle button, -3: what `embed_tell` shows), `reachable` whether there is a tray, at once and with each change.
void embed_open(rust::Fn<void(std::int32_t)> chosen, rust::Fn<void(bool)> reachable);

// Takes the icon away and stops looking.
void embed_close();

// The next picture of the icon, PNG; those of one mood follow each other, `embed_icon_end` shows them.
void embed_icon_add(const QByteArray &png);
void embed_icon_end();

void embed_tooltip(const QString &text);

// The next line of the menu. Kinds: 0 text, 1 separator, 2 action, 3 choice, 4 submenu; a submenu holds the deeper lines
// that follow it. `embed_menu_end` shows them.
void embed_menu_add(std::int32_t depth, std::int32_t kind, std::int32_t id, const QString &label, bool isOn);
void embed_menu_end();

// Shows something at the icon, instead of what is shown there; nothing at all where both texts are empty.
void embed_tell(const QString &title, const QString &text, bool isTrouble);

} // namespace ostler
